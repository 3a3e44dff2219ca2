/** An info that waits in several queues. It is told when the last of them has come to it. */
export class Mark {
  readonly #tell: () => void;
  #left: number;

  constructor(queues: number, tell: () => void) {
    this.#left = queues;
    this.#tell = tell;
    if (queues === 0) tell();
  }

  reach(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#tell();
  }
}
