import { heed, inNextTurn } from "../../core/index.ts";

/** A `next()` in flight. */
export interface Request<Item> {
  readonly reader: FeedReader<Item>;
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** What it reads from. */
export interface Feed<Item> {
  next(reader: FeedReader<Item>): Promise<IteratorResult<Item, undefined>>;
  /** Settles what a reader waits for: the first with the failure, if there is one. */
  leave(reader: FeedReader<Item>, failure: { readonly error: unknown } | undefined): void;
}

/** One pass over what comes in. To leave it is to leave nothing but this pass: the stage ends with its operators. */
export class FeedReader<Item> implements AsyncIterableIterator<Item, undefined> {
  readonly #feed: Feed<Item>;
  readonly #signal: AbortSignal | undefined;
  #unheed: (() => void) | undefined;
  #isDone = false;

  constructor(feed: Feed<Item>, signal: AbortSignal | undefined) {
    this.#feed = feed;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#isDone) return Promise.resolve({ value: undefined, done: true });
    const signal = this.#signal;
    if (signal?.aborted === true) {
      this.end(undefined);
      // In a turn of its own: `retry` begins again for ever.
      return new Promise((_, reject) => inNextTurn(() => reject(signal.reason)));
    }
    if (signal !== undefined) this.#unheed ??= heed(signal, () => this.end({ error: signal.reason }));
    return this.#feed.next(this);
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.end(undefined);
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(error?: unknown): Promise<IteratorResult<Item, undefined>> {
    this.end(undefined);
    return Promise.reject(error);
  }

  /** Nothing more comes by this pass. */
  end(failure: { readonly error: unknown } | undefined): void {
    this.#isDone = true;
    this.#unheed?.();
    this.#feed.leave(this, failure);
  }
}
