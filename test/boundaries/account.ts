/** Produced - consumed of one run: what J6 measures. */
export class Account {
  produced = 0;
  consumed = 0;
  /** Thrown away by an overflow policy, which has said so. */
  discarded = 0;
  /** The greatest that it ever was. */
  greatest = 0;

  produce(): void {
    this.produced += 1;
    const ahead = this.produced - this.consumed - this.discarded;
    if (ahead > this.greatest) this.greatest = ahead;
  }
}
