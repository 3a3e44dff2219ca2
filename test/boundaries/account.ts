/** Produced - consumed of one run: what J6 measures. */
export class Account {
  produced = 0;
  consumed = 0;
  /** The greatest that it ever was. */
  greatest = 0;
  readonly #discarded: () => number;

  /** `discarded`: how many an overflow policy has thrown away, and said so. */
  constructor(discarded: () => number) {
    this.#discarded = discarded;
  }

  get discarded(): number {
    return this.#discarded();
  }

  produce(): void {
    this.produced += 1;
    const ahead = this.produced - this.consumed - this.#discarded();
    if (ahead > this.greatest) this.greatest = ahead;
  }
}
