import { heed, inNextTurn } from "../../core/index.ts";

/** A `next()` in flight. */
export class Request<Item> {
  readonly reader: FeedReader<Item>;
  readonly result: Promise<IteratorResult<Item, undefined>>;
  resolve!: (result: IteratorResult<Item, undefined>) => void;
  reject!: (error: unknown) => void;

  constructor(reader: FeedReader<Item>) {
    this.reader = reader;
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** Whoever waits for it may be told an error that he never looks at. */
  excuse(): void {
    this.result.catch(() => undefined);
  }
}

/** What it reads from. */
export interface Feed<Item> {
  /** Those who heed a signal of their own. */
  readonly heeding: Set<FeedReader<Item>>;
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
    if (signal !== undefined && this.#unheed === undefined) {
      this.#unheed = heed(signal, () => this.end({ error: signal.reason }));
      this.#feed.heeding.add(this);
    }
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
    this.ignoreSignal();
    this.#feed.leave(this, failure);
  }

  ignoreSignal(): void {
    this.#unheed?.();
    this.#feed.heeding.delete(this);
  }
}
