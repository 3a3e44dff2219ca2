/** The promises of callbacks that wait: a step settles them, in any order. */
export class Gates {
  readonly #waiting: Gate[] = [];

  get count(): number {
    return this.#waiting.length;
  }

  /** How many promises of an owner are open. */
  countOf(owner: object): number {
    return this.#waiting.filter((gate) => gate.owner === owner).length;
  }

  /** A promise of the value that `pass` makes, or of what it throws, when it is let through; `fail` is told when it is refused. */
  wait<Value>(owner: object, pass: () => Value, fail: () => void): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        owner,
        pass() {
          try {
            resolve(pass());
          } catch (error) {
            reject(error);
          }
        },
        refuse(error) {
          fail();
          reject(error);
        },
      });
    });
  }

  /** Lets one of the waiting through. */
  release(which: number): void {
    this.#take(which)?.pass();
  }

  /** Refuses one of the waiting, with an error that its owner makes. */
  refuse(which: number, errorOf: (owner: object) => Error): void {
    const gate = this.#take(which);
    gate?.refuse(errorOf(gate.owner));
  }

  #take(which: number): Gate | undefined {
    return this.#waiting.splice(which % Math.max(1, this.#waiting.length), 1)[0];
  }
}

interface Gate {
  readonly owner: object;
  readonly pass: () => void;
  readonly refuse: (error: Error) => void;
}
