/**
 * A stage as an async iterable: exact demand, read-ahead, or whole lists.
 *
 * Hand-written iterators, never async generators: a generator's `return()` waits behind a stuck `next()`, ours settles it.
 */
import { within } from "./deadline.ts";
import { DemandWindow } from "./demand-window.ts";
import { errorOf } from "./errors.ts";
import { checkOptions, anything, isSignal, milliseconds } from "./options.ts";
import { isEvents, type DispatchOptions, type Downward, type ExitReason, type Outlet, type Port, type Subscriber, type Upward, type Wire } from "./protocol.ts";
import { Queue } from "./queue.ts";
import { enqueue, inNextTurn, post, runNow, spend } from "./scheduler.ts";
import type { EventReader, ReadOptions } from "./stages.ts";

const DEFAULT_CLOSE_WITHIN_MS = 1000;
const READY: Promise<void> = Promise.resolve();
/** After so many events the slice is looked at: 256 of them cost a loop with an empty body about 15 µs. */
const CLOCK_EVENTS = 256;
const NO_OPTIONS: DispatchOptions = Object.freeze({});

/** A `next()` in flight. */
interface Request<Result> {
  readonly resolve: (result: IteratorResult<Result, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** What all three ways to read have in common: a wire, the lists that came over it, the requests that wait, and the end. */
abstract class Reader<Out, Result> implements Subscriber<Out>, EventReader<Result> {
  readonly receivesErrors: boolean = true;
  readonly options: DispatchOptions = NO_OPTIONS;
  protected readonly lists: Queue<readonly Out[]> = new Queue();
  protected readonly requests: Queue<Request<Result>> = new Queue();
  protected up: Wire<Out> | undefined;

  readonly #outlet: Outlet<Out>;
  readonly #signal: AbortSignal | undefined;
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
    this.#closeWithinMs = options.closeWithinMs ?? DEFAULT_CLOSE_WITHIN_MS;
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

  /** Forgets what is at hand. */
  protected clear(): void {
    this.lists.clear();
  }

  /** What was given out before a further request is handled. */
  protected count(): void {
    // Exact readers hold no demand back.
  }

  /** The wire is open: ask. */
  protected abstract opened(up: Port<Upward>): void;

  [Symbol.asyncIterator](): this {
    return this;
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    return this.#leave({ type: "shutdown" }).then(done);
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
    if (this.#isDone) return;
    if (isEvents(message)) this.lists.push(message);
    else this.#end ??= message.reason;
    this.serve();
  }

  /** Gives the waiting requests what has come. */
  protected serve(): void {
    while (this.requests.length > 0 && this.hasResult) {
      this.requests.shift().resolve({ value: this.take() as Result, done: false });
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
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
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
      this.#signal?.removeEventListener("abort", this.#onAbort);
      if (failure !== undefined) this.requests.shift().reject(failure.error);
    }
    while (this.requests.length > 0) this.requests.shift().resolve(done());
  }

  /** Ends the reading from this side: settles what is in flight, and waits for what the departure releases. */
  #leave(reason: ExitReason): Promise<void> {
    if (!this.#isDone) {
      this.#isDone = true;
      this.#signal?.removeEventListener("abort", this.#onAbort);
      this.clear();
      while (this.requests.length > 0) this.requests.shift().resolve(done());
      // To leave before the first `next()` is to come and go.
      if (this.up === undefined && this.#failure === undefined) this.up = this.#outlet.connect(this);
      if (this.#end === undefined) this.#cancel(reason);
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

/** One event for each `next()`, and never one more: several of one turn become one ask. */
export class Exact<Out> extends Reader<Out, Out> {
  #list: readonly Out[] = [];
  #index = 0;
  #unasked = 0;
  /** Calls of `next()` that have not been answered. */
  #inFlight = 0;
  /** How many events may be taken without a message before the slice is looked at. */
  #untilClock = CLOCK_EVENTS;

  constructor(outlet: Outlet<Out>) {
    super(outlet, {});
  }

  next(): Promise<IteratorResult<Out, undefined>> {
    if (this.up === undefined) this.open();
    if (this.#inFlight === 0 && this.#untilClock > 0) {
      const taken = this.up?.takeBuffered?.();
      if (taken !== undefined) {
        this.#untilClock -= 1;
        return Promise.resolve(taken);
      }
    }
    this.#inFlight += 1;
    this.#unasked += 1;
    return READY.then(this.#settle);
  }

  /**
   * One microtask both drives and answers: it asks for all requests of the turn, runs the stages, and mostly finds the
   * result there. Law 4 holds: nothing ran in the call of `next`.
   */
  readonly #settle = (): IteratorResult<Out, undefined> | Promise<IteratorResult<Out, undefined>> => {
    this.#inFlight -= 1;
    if (this.#untilClock === 0) {
      this.#untilClock = CLOCK_EVENTS;
      spend(CLOCK_EVENTS >> 4);
    }
    if (this.#unasked > 0 && this.up !== undefined && !this.isOver) {
      enqueue(this.up, this.#unasked);
      this.#unasked = 0;
      runNow();
    }
    if (this.requests.length === 0 && this.hasResult) return { value: this.take(), done: false };
    return this.wait();
  };

  protected opened(): void {
    // Asked for in `#settle`.
  }

  protected get hasRest(): boolean {
    return this.#index < this.#list.length || this.lists.length > 0;
  }

  protected take(): Out {
    if (this.#index >= this.#list.length) {
      this.#list = this.lists.shift();
      this.#index = 0;
    }
    const event = this.#list[this.#index] as Out;
    this.#index += 1;
    if (this.#index === this.#list.length) this.#list = [];
    return event;
  }

  protected override clear(): void {
    super.clear();
    this.#list = [];
  }
}

/** Reads ahead by a window, and lets the event loop turn when its slice is over. */
abstract class Windowed<Out, Result> extends Reader<Out, Result> {
  protected readonly window: DemandWindow;
  /** A turn of the event loop is awaited. */
  #isPausing = false;

  constructor(outlet: Outlet<Out>, options: ReadOptions) {
    checkOptions("a reader", options, { maxDemand: anything, minDemand: anything, signal: isSignal, closeWithinMs: milliseconds });
    super(outlet, options);
    this.window = new DemandWindow(options);
  }

  protected opened(up: Port<Upward>): void {
    post(up, this.window.open());
  }

  protected override get hasResult(): boolean {
    return !this.#isPausing && this.hasRest;
  }

  /** These events are handled: their room is free again. */
  protected handled(count: number): void {
    const more = this.window.handled(Math.min(count, this.window.outstanding));
    if (more > 0 && this.up !== undefined) post(this.up, more);
    if (!this.#isPausing && spend(1 + (count >> 4))) {
      this.#isPausing = true;
      inNextTurn(() => {
        this.#isPausing = false;
        this.serve();
      });
    }
  }
}

/** Event by event, with read-ahead. */
export class Events<Out> extends Windowed<Out, Out> {
  #list: readonly Out[] = [];
  #index = 0;
  /** Where `next()` must do more than give out the next event: the list ends, an ask is due, or the clock is. */
  #limit = 0;
  /** Up to where the events of the list count as handled, and how many of the lists before it do not yet. */
  #counted = 0;
  #uncounted = 0;

  next(): Promise<IteratorResult<Out, undefined>> {
    if (this.#index < this.#limit) {
      const value = this.#list[this.#index] as Out;
      this.#index += 1;
      return Promise.resolve({ value, done: false });
    }
    return this.#nextSlowly();
  }

  #nextSlowly(): Promise<IteratorResult<Out, undefined>> {
    if (this.up === undefined) this.open();
    this.count();
    if (this.requests.length === 0 && this.hasResult) return Promise.resolve({ value: this.take(), done: false });
    return this.wait();
  }

  protected get hasRest(): boolean {
    return this.#index < this.#list.length || this.lists.length > 0;
  }

  protected override count(): void {
    const count = this.#uncounted + this.#index - this.#counted;
    this.#uncounted = 0;
    this.#counted = this.#index;
    this.#limit = this.#index;
    if (count > 0) this.handled(count);
  }

  protected take(): Out {
    if (this.#index >= this.#list.length) {
      this.#uncounted += this.#index - this.#counted;
      this.#list = this.lists.shift();
      this.#index = 0;
      this.#counted = 0;
    }
    const value = this.#list[this.#index] as Out;
    this.#index += 1;
    const untilAsk = Math.max(1, this.window.outstanding - this.window.min - this.#uncounted);
    this.#limit = Math.min(this.#list.length, this.#counted + untilAsk, this.#counted + CLOCK_EVENTS);
    return value;
  }

  protected override clear(): void {
    super.clear();
    this.#list = [];
    this.#index = 0;
    this.#limit = 0;
    this.#counted = 0;
  }
}

/** List by list. The list before counts as handled at the next `next()`. */
export class Batches<Out> extends Windowed<Out, readonly Out[]> {
  #rest: readonly Out[] = [];
  #given = 0;

  next(): Promise<IteratorResult<readonly Out[], undefined>> {
    if (this.up === undefined) this.open();
    this.count();
    if (this.requests.length === 0 && this.hasResult) return Promise.resolve({ value: this.take(), done: false });
    return this.wait();
  }

  protected get hasRest(): boolean {
    return this.#rest.length > 0 || this.lists.length > 0;
  }

  protected override count(): void {
    const count = this.#given;
    this.#given = 0;
    if (count > 0) this.handled(count);
  }

  protected override clear(): void {
    super.clear();
    this.#rest = [];
  }

  protected take(): readonly Out[] {
    const list = this.#rest.length > 0 ? this.#rest : this.lists.shift();
    const size = this.window.batchSize;
    const batch = list.length <= size ? list : list.slice(0, size);
    this.#rest = list.length <= size ? [] : list.slice(size);
    this.#given += batch.length;
    return batch;
  }
}

function done(): IteratorReturnResult<undefined> {
  return { value: undefined, done: true };
}
