/** Callbacks that wait: a step settles one of them. */
export class Gates {
  readonly #waiting: (() => void)[] = [];

  /** A promise of what `pass` returns or throws, when it is let through. */
  wait<Value>(pass: () => Value): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(pass());
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  release(which: number): void {
    this.#waiting.splice(which % Math.max(1, this.#waiting.length), 1)[0]?.();
  }

  releaseAll(): void {
    while (this.#waiting.length > 0) this.release(0);
  }
}
