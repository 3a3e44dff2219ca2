/** A sync or async iterable as a producer: it is asked for one event for each that is demanded, never for more. */
import { CLOSE_WITHIN_MS, within } from "./deadline.ts";
import { SluiceError, show } from "./errors.ts";
import { causeOf } from "./exit-reason.ts";
import { checkOption, checkOptions, integer, isBoolean, milliseconds, type Check } from "./options.ts";
import { producer, type ProducerOptions } from "./producer.ts";
import type { ExitReason } from "./protocol.ts";
import { tell } from "./report.ts";
import { CHECKS_OF } from "./start.ts";
import { inNextTurn, readTime, spend } from "./scheduler.ts";
import { isThenable } from "./stage.ts";
import type { Producer, Self } from "./stages.ts";

/** Options of {@link fromIterable}, beside those of a producer. */
export interface FromIterableOptions<Out> extends Omit<ProducerOptions<Out>, "handleDemand" | "handleStop"> {
  /** Awaits the promises in a sync iterable, in order. Default false: a promise is an event like any other. */
  readonly await?: boolean | undefined;
  /** How many `next()` of an async iterable may be in flight; they settle in order. Default 1. */
  readonly concurrency?: number | undefined;
  /** How long the end waits for `return()`, in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/** What can be iterated, or a function that makes it at the first demand; its signal aborts when the stage stops. */
export type IterableSource<Event> =
  | Iterable<Event>
  | AsyncIterable<Event>
  | ((signal: AbortSignal) => Iterable<Event> | AsyncIterable<Event>);

/**
 * A producer of the events of an iterable.
 *
 * Demand: one `next()` for each demanded event. Overflow: none, nothing is read ahead. Errors: what came before an error is
 * delivered first. Cancel: `return(reason)` is called once, with the error or the reason of the stop, and awaited, but not
 * behind a `next()` that is in flight: then it is told and not waited for.
 *
 * @throws BadOptionError when the source is not iterable, or an option is wrong
 */
export function fromIterable<Event>(
  source: IterableSource<Event>,
  options: FromIterableOptions<Event> & { readonly await: true },
): Producer<Awaited<Event>>;
export function fromIterable<Event>(source: IterableSource<Event>, options?: FromIterableOptions<Event>): Producer<Event>;
export function fromIterable<Event>(source: IterableSource<Event>, options: FromIterableOptions<Event> = {}): Producer<Event> {
  checkOption("the source of fromIterable", source, (value) =>
    isIterable(value) || typeof value === "function" ? undefined : "an iterable, an async iterable, or a function that returns one",
  );
  checkOptions("fromIterable", options, CHECKS);
  const { await: awaits = false, concurrency = 1, closeWithinMs = CLOSE_WITHIN_MS, ...rest } = options;
  const stage: Producer<Event> = producer<Event>({
    ...rest,
    handleDemand: (demand, self) => reading.demand(demand, self),
    handleStop: (reason) => reading.stop(reason),
  });
  const late = (error: unknown): boolean => tell(rest.handleReport, { kind: "late-failure", stage: stage.name, error });
  const reading = new Reading<Event>(source, { awaits, concurrency, closeWithinMs, late });
  return stage;
}

const CHECKS: Readonly<Record<string, Check>> = {
  ...without(CHECKS_OF.producer, "handleDemand", "handleStop"),
  await: isBoolean,
  concurrency: integer(1),
  closeWithinMs: milliseconds,
};

/**
 * The most events that are taken from a sync iterable between two looks at the clock (after 1, 2, 4, … of them: it may be
 * slow), and for how long that may go on, in ms.
 */
const CHUNK = 1024;
const LONGEST_MS = 5;

type AnyIterator<Event> = Iterator<Event, unknown> | AsyncIterator<Event, unknown>;

interface Settings {
  readonly awaits: boolean;
  readonly concurrency: number;
  readonly closeWithinMs: number;
  /** A `next()` in flight has failed behind the end of the iterator. */
  readonly late: (error: unknown) => void;
}

/** One pass over the iterable; asked - delivered is its only account. */
class Reading<Event> {
  readonly #source: IterableSource<Event>;
  readonly #awaits: boolean;
  readonly #concurrency: number;
  readonly #closeWithinMs: number;
  readonly #late: Settings["late"];
  #iterator: AnyIterator<Event> | undefined;
  #isAsync = false;
  #self: Self<Event> | undefined;
  /** Demanded, and not asked of the iterator yet. */
  #wanted = 0;
  #inFlight = 0;
  /** With several in flight: settles when the results before have been taken. */
  #last: Promise<unknown> = Promise.resolve();
  #isWaiting = false;
  /** The iterator has ended or failed by itself: `return` must not be called. */
  #isOver = false;
  #isStopped = false;

  constructor(source: IterableSource<Event>, { awaits, concurrency, closeWithinMs, late }: Settings) {
    this.#source = source;
    this.#awaits = awaits;
    this.#concurrency = concurrency;
    this.#closeWithinMs = closeWithinMs;
    this.#late = late;
  }

  demand(demand: number, self: Self<Event>): void {
    this.#self = self;
    this.#wanted += demand;
    this.#iterator ??= this.#open(typeof this.#source === "function" ? this.#source(self.signal) : this.#source);
    this.#read();
  }

  /** Releases the iterator; settles when it has answered, or when it cannot. */
  async stop(reason: ExitReason): Promise<void> {
    this.#isStopped = true;
    if (this.#isOver) return;
    const iterator = this.#iterator ?? this.#untouched;
    this.#isOver = true;
    const method: unknown = iterator?.return;
    if (iterator === undefined || method === undefined || method === null) return;
    if (typeof method !== "function") throw new TypeError(`expected return of the iterator to be a function, got: ${show(method)}`);
    const result: unknown = iterator.return?.(causeOf(reason));
    if (!isThenable(result)) checkReturned(result);
    // Its `return` waits behind the `next` in flight: a generator's never settles when that is stuck.
    else if (this.#inFlight > 0) result.then(checkReturned).then(undefined, (error: unknown) => this.#self?.fail(error));
    else await within(result.then(checkReturned), this.#closeWithinMs, () => new SluiceError("SLUICE_TIMEOUT", `return() of the iterator did not settle within ${this.#closeWithinMs} ms`));
  }

  /** A source that was never asked for an event, and is an iterator itself: a cursor holds something already. */
  get #untouched(): AnyIterator<Event> | undefined {
    const source = this.#source;
    const isIterator = typeof source === "object" && "next" in source && typeof source.next === "function";
    return isIterator ? this.#open(source) : undefined;
  }

  #open(iterable: Iterable<Event> | AsyncIterable<Event>): AnyIterator<Event> {
    if (!isIterable(iterable)) {
      this.#isOver = true;
      throw new TypeError(`expected an iterable or an async iterable, got: ${show(iterable)}`);
    }
    const makeAsync: unknown = (iterable as Partial<AsyncIterable<Event>>)[Symbol.asyncIterator];
    this.#isAsync = makeAsync !== undefined && makeAsync !== null;
    const iterator: unknown = this.#isAsync
      ? (iterable as AsyncIterable<Event>)[Symbol.asyncIterator]()
      : (iterable as Iterable<Event>)[Symbol.iterator]();
    if (typeof iterator !== "object" || iterator === null || typeof (iterator as AnyIterator<Event>).next !== "function") {
      this.#isOver = true;
      throw new TypeError(`expected an iterator with a next function, got: ${show(iterator)}`);
    }
    return iterator as AnyIterator<Event>;
  }

  #read(): void {
    if (this.#isAsync) this.#readAsync();
    else this.#readSync();
  }

  #readSync(): void {
    const self = this.#self as Self<Event>;
    const iterator = this.#iterator as Iterator<Event, unknown>;
    while (this.#wanted > 0 && this.#inFlight === 0 && !this.#isWaiting && !this.#isOver && !this.#isStopped && !self.signal.aborted) {
      const events: Event[] = [];
      let failure: { readonly error: unknown } | undefined;
      try {
        this.#take(iterator, events);
      } catch (error) {
        this.#isOver = true;
        failure = { error };
      }
      this.#wanted -= events.length;
      if (events.length > 0) this.#emit(events);
      if (failure !== undefined) self.fail(failure.error);
      else if (this.#isOver) self.complete();
    }
  }

  /** Takes what is wanted out of a sync iterator, until it ends, gives a promise to wait for, or takes too long. */
  #take(iterator: Iterator<Event, unknown>, events: Event[]): void {
    const from = readTime();
    let check = 1;
    while (events.length < this.#wanted) {
      const result = checked(iterator.next());
      if (result.done === true) {
        this.#isOver = true;
        return;
      }
      if (this.#awaits && isThenable(result.value)) {
        this.#await(result.value);
        return;
      }
      events.push(result.value);
      if (events.length === check && check < this.#wanted) {
        check += Math.min(check, CHUNK);
        if (readTime() - from > LONGEST_MS) {
          this.#later();
          return;
        }
      }
    }
  }

  /** The promise of one event of a sync iterable. */
  #await(promise: PromiseLike<unknown>): void {
    this.#inFlight = 1;
    Promise.resolve(promise).then(
      (value) => {
        this.#inFlight = 0;
        this.#wanted -= 1;
        this.#emit([value as Event]);
        this.#goOn();
      },
      (error: unknown) => {
        this.#inFlight = 0;
        // The iterator has not ended by itself: the end of the stage releases it.
        this.#isStopped = true;
        this.#self?.fail(error);
      },
    );
  }

  #readAsync(): void {
    const iterator = this.#iterator as AsyncIterator<Event, unknown>;
    while (this.#wanted > 0 && this.#inFlight < this.#concurrency && !this.#isOver && !this.#isStopped) {
      this.#wanted -= 1;
      this.#inFlight += 1;
      try {
        this.#follow(Promise.resolve(iterator.next()));
      } catch (error) {
        this.#follow(Promise.reject(error));
      }
    }
  }

  /** Takes the results in the order of the calls. */
  #follow(result: Promise<IteratorResult<Event, unknown>>): void {
    if (this.#concurrency === 1) {
      result.then(this.#onResult, this.#onError);
      return;
    }
    // One that fails before its turn is no unhandled rejection.
    result.catch(() => undefined);
    this.#last = this.#last.then(() => result).then(this.#onResult, this.#onError);
  }

  readonly #onResult = (result: IteratorResult<Event, unknown>): void => {
    this.#inFlight -= 1;
    if (this.#isOver || this.#isStopped) return;
    try {
      if (checked(result).done !== true) this.#emit([result.value as Event]);
      else {
        this.#isOver = true;
        this.#self?.complete();
      }
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#goOn();
  };

  readonly #onError = (error: unknown): void => {
    this.#inFlight -= 1;
    // The stage may have to deliver what came before the end.
    if (this.#isOver && !this.#isStopped) this.#late(error);
    else this.#fail(error);
  };

  #emit(events: readonly Event[]): void {
    if (this.#isStopped) return;
    try {
      this.#self?.emit(events);
    } catch (error) {
      // The stage ends for another reason, and delivers what it has.
      if (!(error instanceof SluiceError && error.code === "SLUICE_ENDED")) throw error;
      this.#isStopped = true;
    }
  }

  /** Reported only, when the stage has ended already. */
  #fail(error: unknown): void {
    this.#isOver = true;
    this.#self?.fail(error);
  }

  #goOn(): void {
    if (this.#wanted === 0 || this.#isStopped) return;
    if (spend(1)) this.#later();
    else this.#read();
  }

  #later(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    inNextTurn(() => {
      this.#isWaiting = false;
      this.#read();
    });
  }
}

function isIterable(value: unknown): value is Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof value === "string") return true;
  if (typeof value !== "object" || value === null) return false;
  const { [Symbol.asyncIterator]: makeAsync, [Symbol.iterator]: make } = value as { readonly [Symbol.asyncIterator]?: unknown; readonly [Symbol.iterator]?: unknown };
  return typeof (makeAsync ?? make) === "function";
}

function without(checks: Readonly<Record<string, Check>>, ...names: readonly string[]): Readonly<Record<string, Check>> {
  return Object.fromEntries(Object.entries(checks).filter(([name]) => !names.includes(name)));
}

/** As a `for await` that is left. */
function checkReturned(result: unknown): void {
  if ((typeof result !== "object" && typeof result !== "function") || result === null) throw new TypeError(`expected return() to give an object, got: ${show(result)}`);
}

function checked<Event>(result: IteratorResult<Event, unknown>): IteratorResult<Event, unknown> {
  if (typeof result !== "object" || result === null) throw new TypeError(`expected next() to give an object, got: ${show(result)}`);
  return result;
}
