/** A long-lived signal that knows who listens to it. */
export class CountedSignal {
  readonly #controller = new AbortController();
  readonly #listeners = new Set<unknown>();

  constructor() {
    const { signal } = this.#controller;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    // It must be a real one: native sides look.
    Object.defineProperties(signal, {
      addEventListener: {
        value: (...given: Parameters<typeof add>) => {
          if (given[0] === "abort") this.#listeners.add(given[1]);
          add(...given);
        },
      },
      removeEventListener: {
        value: (...given: Parameters<typeof remove>) => {
          this.#listeners.delete(given[1]);
          remove(...given);
        },
      },
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How many listen now. */
  get count(): number {
    return this.#listeners.size;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
    this.#listeners.clear();
  }
}
