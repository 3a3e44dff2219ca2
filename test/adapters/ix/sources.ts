/** Async iterables as IxJS makes them, that record what is done to them. */
import { AsyncIterableX } from "ix/asynciterable";

/** Numbers from 0. The one at `stuckAt` never comes, unless the signal aborts: then `next()` rejects as IxJS does. */
export class Numbers extends AsyncIterableX<number> {
  nexts = 0;
  opened = 0;
  readonly returns: unknown[] = [];
  signal: AbortSignal | undefined;
  readonly #count: number;
  readonly #stuckAt: number;

  constructor(count: number = Infinity, stuckAt: number = Infinity) {
    super();
    this.#count = count;
    this.#stuckAt = stuckAt;
  }

  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterator<number> {
    this.opened += 1;
    this.signal = signal;
    return {
      next: () => this.#next(signal),
      return: (reason?: unknown) => {
        this.returns.push(reason);
        return Promise.resolve({ value: undefined, done: true });
      },
    };
  }

  #next(signal: AbortSignal | undefined): Promise<IteratorResult<number>> {
    const value = this.nexts;
    this.nexts += 1;
    if (value >= this.#count) return Promise.resolve({ value: undefined, done: true });
    if (value < this.#stuckAt) return Promise.resolve({ value, done: false });
    return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(new Aborted()), { once: true }));
  }
}

/** As IxJS tells an abort. */
class Aborted extends Error {
  override readonly name = "AbortError";
  readonly [Symbol.toStringTag] = "AbortError";
}
