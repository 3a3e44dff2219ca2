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
export class Aborted extends Error {
  override readonly name = "AbortError";
  readonly [Symbol.toStringTag] = "AbortError";
}

/** How a {@link Stuck} goes on. */
export interface StuckAnswers {
  /** What the `next()` in flight rejects with when the signal aborts. Default: it does not. */
  readonly abort?: (signal: AbortSignal) => unknown;
  /** What `return` gives. Default: a promise that waits behind the `next()` in flight, as a generator's. */
  readonly returns?: ((signal: AbortSignal | undefined) => unknown) | null;
}

/** Gives one list, and then gets stuck. */
export class Stuck implements AsyncIterable<number[]> {
  nexts = 0;
  returned = 0;
  signal: AbortSignal | undefined;
  readonly #answers: StuckAnswers;
  #inFlight: Promise<unknown> = Promise.resolve();
  #reject: ((error: unknown) => void) | undefined;
  #resolve: ((result: IteratorResult<number[]>) => void) | undefined;

  constructor(answers: StuckAnswers = {}) {
    this.#answers = answers;
  }

  [Symbol.asyncIterator](signal?: AbortSignal): AsyncIterator<number[]> {
    this.signal = signal;
    const { returns = () => this.#inFlight } = this.#answers;
    return {
      next: () => this.#next(signal),
      ...(returns !== null && {
        return: () => {
          this.returned += 1;
          return returns(signal) as Promise<IteratorResult<number[]>>;
        },
      }),
    };
  }

  /** The `next()` in flight brings this. */
  bring(list: unknown): void {
    this.#resolve?.({ value: list as number[], done: false });
  }

  /** The `next()` in flight brings this very result. */
  answer(result: unknown): void {
    this.#resolve?.(result as IteratorResult<number[]>);
  }

  /** The `next()` in flight fails. */
  fail(error: unknown): void {
    this.#reject?.(error);
  }

  #next(signal: AbortSignal | undefined): Promise<IteratorResult<number[]>> {
    this.nexts += 1;
    if (this.nexts === 1) return Promise.resolve({ value: [0], done: false });
    const { abort } = this.#answers;
    const result = new Promise<IteratorResult<number[]>>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (abort !== undefined) signal?.addEventListener("abort", () => reject(abort(signal)), { once: true });
    });
    const left = (): unknown => ({ value: undefined, done: true });
    this.#inFlight = result.then(left, left);
    return result;
  }
}
