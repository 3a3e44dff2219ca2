/** Lists that come in, for operators that read them by `next()`. */
import { inNextTurn } from "../../core/index.ts";
import { FeedReader, Request, type Feed } from "./feed-reader.ts";

const NOTHING: readonly never[] = [];

/**
 * What is read is at one place: all iterators go on where the others are (`retry` reads on behind the event that failed).
 *
 * A list is handled when it has been read to its end and one more event is wanted: so nothing is asked for before.
 */
export class Feeding<In, Item> implements Feed<Item> {
  readonly heeding: Set<FeedReader<Item>> = new Set();
  /** Whether an item is a list. */
  readonly #takesLists: boolean;
  /** The signal of the stage: its end is told by {@link close}. */
  #ownSignal: AbortSignal | undefined;
  #list: readonly In[] = NOTHING;
  #next = 0;
  /** The list at hand is handled: more than once does no harm. */
  #handled: (() => void) | undefined;
  /** In the order of the calls; those of a reader that leaves are taken out. */
  readonly #requests = new Set<Request<Item>>();
  #end: { readonly failure: { readonly error: unknown } | undefined } | undefined;
  #isClosed = false;
  /** A reader has been told the end. */
  #isTold = false;

  constructor(takesLists: boolean) {
    this.#takesLists = takesLists;
  }

  /** The failure that came in, and that nobody has got. */
  get untold(): { readonly error: unknown } | undefined {
    return this.#isTold ? undefined : this.#end?.failure;
  }

  /** Does not heed this one. */
  ignore(signal: AbortSignal | undefined): void {
    this.#ownSignal = signal;
  }

  open(signal?: AbortSignal): FeedReader<Item> {
    return new FeedReader(this, signal === this.#ownSignal ? undefined : signal);
  }

  // ---- what comes in

  /** Settles when the list is handled. */
  give(list: readonly In[]): Promise<void> | undefined {
    this.#list = list;
    this.#next = 0;
    for (const request of this.#requests) {
      if (!this.#hasItem) break;
      this.#requests.delete(request);
      request.resolve({ value: this.#take(), done: false });
    }
    if (this.#requests.size > 0) return undefined;
    return new Promise((resolve) => {
      this.#handled = resolve;
    });
  }

  /** No more will come. */
  finish(): void {
    this.#end ??= { failure: undefined };
    this.#settle();
  }

  fail(error: unknown): void {
    this.#end ??= { failure: { error } };
    this.#settle();
  }

  /** Nothing is given out any more; who waits is told the failure, if there is one. */
  close(failure: { readonly error: unknown } | undefined): void {
    this.#isClosed = true;
    this.#list = NOTHING;
    // Told also to those who read on behind the end, as `repeat` does: once, as `retry` does so behind a failure.
    this.#end = { failure };
    this.#isTold = false;
    // Operators that have read ahead, and are left now, never look at what they get. The end of the stage is known all the same.
    for (const request of this.#requests) request.excuse();
    this.#settle();
    // Some operators leave none of what they have read from.
    for (const reader of this.heeding) reader.ignoreSignal();
    this.#handled?.();
  }

  // ---- what is read

  next(reader: FeedReader<Item>): Promise<IteratorResult<Item, undefined>> {
    if (this.#hasItem) return Promise.resolve({ value: this.#take(), done: false });
    const request = new Request(reader);
    this.#requests.add(request);
    if (this.#end === undefined) this.#handled?.();
    // In a turn of its own: `repeat` and `retry` begin again for ever, and may be stopped only between two turns.
    else inNextTurn(() => this.#settle());
    return request.result;
  }

  /** Settles what a reader waits for: the first with the failure, if there is one. */
  leave(reader: FeedReader<Item>, failure?: { readonly error: unknown }): void {
    let rest = failure;
    for (const request of this.#requests) {
      if (request.reader !== reader) continue;
      this.#requests.delete(request);
      if (rest === undefined) request.resolve({ value: undefined, done: true });
      else request.reject(rest.error);
      rest = undefined;
    }
  }

  get #hasItem(): boolean {
    return this.#next < this.#list.length;
  }

  #take(): Item {
    const list = this.#list;
    const from = this.#next;
    this.#next = this.#takesLists ? list.length : from + 1;
    return (this.#takesLists ? list : list[from]) as Item;
  }

  /** The end, for those who wait. Once the stage has ended one of them is told why, and whoever begins again gets nothing. */
  #settle(): void {
    for (const { reader } of this.#requests) {
      const failure = this.#isClosed && this.#isTold ? undefined : this.#end?.failure;
      this.#isTold = true;
      reader.end(failure);
    }
  }
}
