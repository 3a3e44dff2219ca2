/**
 * A stage as an async iterable: what the three ways to read it have in common.
 *
 * Hand-written iterators, never async generators: a generator's `return()` waits behind a stuck `next()`, ours settles it.
 */
import { heed } from "./abort.ts";
import { CLOSE_WITHIN_MS, within } from "./deadline.ts";
import { errorOf } from "./errors.ts";
import { shutdown } from "./exit-reason.ts";
import { isEvents, type DispatchOptions, type Downward, type ExitReason, type Outlet, type Port, type Subscriber, type Upward, type Wire } from "./protocol.ts";
import { Queue } from "./queue.ts";
import { post } from "./scheduler.ts";
import type { EventReader, ReadOptions } from "./stages.ts";

const READY: Promise<void> = Promise.resolve();
/**
 * After so many events a reader looks at the clock: 256 of them cost a loop with an empty body about 15 µs. At the start of
 * each slice after 1, 2, 4, …: the body may be slow.
 */
export const CLOCK_EVENTS = 256;
const NO_OPTIONS: DispatchOptions = Object.freeze({});

/** A `next()` in flight. */
interface Request<Result> {
  readonly resolve: (result: IteratorResult<Result, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** What all three ways to read have in common: a wire, the lists that came over it, the requests that wait, and the end. */
export abstract class Reader<Out, Result> implements Subscriber<Out>, EventReader<Result> {
  readonly receivesErrors: boolean = true;
  readonly options: DispatchOptions = NO_OPTIONS;
  protected readonly lists: Queue<readonly Out[]> = new Queue();
  protected readonly requests: Queue<Request<Result>> = new Queue();
  protected up: Wire<Out> | undefined;

  readonly #outlet: Outlet<Out>;
  readonly #signal: AbortSignal | undefined;
  /** Heeds the signal no more. */
  #unheed: (() => void) | undefined;
  readonly #closeWithinMs: number;
  /** How the wire ended: what came before it is read first. */
  #end: ExitReason | undefined;
  /** Nothing more is given out but `done`. */
  #isDone = false;
  /** An abort, or a failure to connect: thrown by the next `next()`, once. */
  #failure: { readonly error: unknown } | undefined;
  #released: Promise<void> | undefined;

  constructor(outlet: Outlet<Out>, options: ReadOptions) {
    this.#outlet = outlet;
    this.#signal = options.signal;
    this.#closeWithinMs = options.closeWithinMs ?? CLOSE_WITHIN_MS;
  }

  get consumer(): string {
    return `a reader of ${this.#outlet.name}`;
  }

  get identity(): object {
    return this;
  }

  abstract next(): Promise<IteratorResult<Result, undefined>>;

  /** The next result from what is at hand. */
  protected abstract take(): Result | undefined;

  /** Whether something is at hand. */
  protected abstract get hasRest(): boolean;

  /** Whether {@link take} may be called now. */
  protected get hasResult(): boolean {
    return this.hasRest;
  }

  /** A list has come. */
  protected keep(list: readonly Out[]): void {
    this.lists.push(list);
  }

  /** Forgets what is at hand. */
  protected clear(): void {
    this.lists.clear();
  }

  /** What was given out before a further request is handled. */
  protected count(): void {
    // Exact readers hold no demand back.
  }

  /** A request that waited has been resolved. */
  protected answered(): void {
    // Of concern where an answer has further to go than one that is at hand.
  }

  /** The wire is open: ask. */
  protected abstract opened(up: Port<Upward>): void;

  [Symbol.asyncIterator](): this {
    return this;
  }

  return(): Promise<IteratorReturnResult<undefined>>;
  return<Value>(value: Value): Promise<IteratorReturnResult<Awaited<Value>>>;
  return(value?: unknown): Promise<IteratorReturnResult<unknown>> {
    return this.#leave(shutdown(value))
      .then(() => value)
      .then((settled) => ({ value: settled, done: true }));
  }

  throw(error?: unknown): Promise<IteratorResult<Result, undefined>> {
    const fail = (): never => {
      throw error;
    };
    return this.#leave({ type: "error", error }).then(fail, fail);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  receive(message: Downward<Out>): void {
    // After an abort what was on its way is given out no more.
    if (this.#isDone || this.#failure !== undefined) return;
    if (isEvents(message)) this.keep(message);
    else this.#end ??= message.reason;
    this.serve();
  }

  /** Gives the waiting requests what has come. */
  protected serve(): void {
    while (this.requests.length > 0 && this.hasResult) {
      this.requests.shift().resolve({ value: this.take() as Result, done: false });
      this.answered();
      if (this.requests.length > 0) this.count();
    }
    if (this.requests.length > 0 && this.isOver) this.#finish();
  }

  /** No further result will come. */
  protected get isOver(): boolean {
    return this.#isDone || this.#failure !== undefined || (this.#end !== undefined && !this.hasRest);
  }

  /** A request that waits for its turn. */
  protected wait(): Promise<IteratorResult<Result, undefined>> {
    const promise = new Promise<IteratorResult<Result, undefined>>((resolve, reject) => {
      this.requests.push({ resolve, reject });
    });
    if (this.isOver) this.#finish();
    return promise;
  }

  /** Opens the wire at the first `next()`. */
  protected open(): void {
    if (this.up !== undefined || this.#isDone || this.#failure !== undefined) return;
    if (this.#signal?.aborted === true) {
      this.#failure = { error: this.#signal.reason };
      return;
    }
    if (this.#signal !== undefined) this.#unheed = heed(this.#signal, this.#onAbort);
    this.up = this.#outlet.connect(this);
    this.opened(this.up);
  }

  readonly #onAbort = (): void => {
    if (this.#isDone || this.#failure !== undefined) return;
    const reason: unknown = this.#signal?.reason;
    this.#failure = { error: reason };
    this.#cancel({ type: "shutdown", reason });
    this.clear();
    if (this.requests.length > 0) this.#finish();
  };

  /** The end for those who wait: the first of them gets the error, if there is one. */
  #finish(): void {
    const failure = this.#failure ?? (this.#end && errorOf(this.#end, this.#outlet.name));
    if (!this.#isDone) {
      this.#isDone = true;
      this.#unheed?.();
      if (failure !== undefined) this.requests.shift().reject(failure.error);
    }
    while (this.requests.length > 0) this.requests.shift().resolve(done());
  }

  /** Ends the reading from this side: settles what is in flight, and waits for what the departure releases. */
  #leave(reason: ExitReason): Promise<void> {
    if (!this.#isDone) {
      this.#isDone = true;
      this.#unheed?.();
      this.clear();
      while (this.requests.length > 0) this.requests.shift().resolve(done());
      // To leave before the first `next()` is to come and go.
      if (this.up === undefined && this.#failure === undefined) this.up = this.#outlet.connect(this);
      // An abort has cancelled already.
      if (this.#end === undefined && this.#failure === undefined) this.#cancel(reason);
    }
    return (this.#released ?? READY).then(undefined, (error: unknown) => {
      this.#released = undefined;
      throw error;
    });
  }

  #cancel(reason: ExitReason): void {
    if (this.up === undefined) return;
    post(this.up, { type: "cancel", kind: "cancel", reason });
    this.#released = within(this.#outlet.released(), this.#closeWithinMs);
    // Who does not call `return` after an abort does not hear of a failed clean-up: the stage reports it.
    this.#released.catch(() => undefined);
  }
}

function done(): IteratorReturnResult<undefined> {
  return { value: undefined, done: true };
}
