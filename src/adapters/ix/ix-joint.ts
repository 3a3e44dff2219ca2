/** Operators between the two halves of a stage: fed by one, and read by the other. */
import { SluiceError, causeOf, errorOf, inNextTurn, isThenable, show, spend, within, type ExitReason, type Joint, type PushProducer, type Self } from "../../core/index.ts";
import { isEcho, leave } from "./departure.ts";
import { emit } from "./emit.ts";
import { face } from "./face.ts";
import { Feeding } from "./feeding.ts";
import { asyncIteratorOf, type IxIterable, type SignalledIterable } from "./shapes.ts";

interface Settings {
  readonly operators: (source: IxIterable<unknown>) => unknown;
  readonly lists: boolean;
  readonly preventAbort: boolean;
  readonly closeWithinMs: number;
}

export class IxJoint<In, Out> implements Joint<In, Out> {
  readonly #settings: Settings;
  readonly #output: PushProducer<Out>;
  readonly #feeding: Feeding<In, unknown>;
  #chain: AsyncIterator<unknown, unknown> | undefined;
  #self: Self<Out> | undefined;
  #input: Self | undefined;
  /** Demanded, and not asked of the operators yet. Below 0: what of a list waits in the buffer. */
  #wanted = 0;
  /** A `next()` is in flight, or was the last. */
  #isReading = false;
  /** The operators have ended or failed by themselves: `return` must not be called. */
  #isOver = false;
  /** The stage takes no more of them. */
  #isStopped = false;
  /** Of the operators; it aborts when the stage has ended and they are stuck. */
  readonly #controller: AbortController | undefined;
  /** Settles when they have been left, if they had to be. */
  #returned: Promise<void> = Promise.resolve();
  /** What the operators were told at the end of the stage. */
  #told: { readonly error: unknown } | undefined;

  constructor(settings: Settings, output: PushProducer<Out>) {
    this.#settings = settings;
    this.#output = output;
    if (!settings.preventAbort) this.#controller = new AbortController();
    this.#feeding = new Feeding(settings.lists);
  }

  // ---- what comes in

  handleInput(self: Self): void {
    this.#input = self;
  }

  handleEvents(events: readonly In[]): Promise<void> | undefined {
    return this.#feeding.give(events);
  }

  handleComplete(): void {
    this.#feeding.finish();
  }

  handleInputError(error: unknown): void {
    this.#feeding.fail(error);
  }

  // ---- what goes out

  handleDemand(demand: number, self: Self<Out>): void {
    this.#self = self;
    this.#wanted = Math.max(0, this.#wanted) + demand;
    this.#chain ??= this.#open();
    this.#read();
  }

  #open(): AsyncIterator<unknown, unknown> {
    const signal = this.#controller?.signal;
    this.#feeding.ignore(signal);
    const result = this.#settings.operators(face((given) => this.#feeding.open(given)));
    if (typeof asyncIteratorOf(result) !== "function") {
      // A promise, of a function that is async or gathers all: it fails in its turn, and nobody looks at it.
      if (isThenable(result)) result.then(undefined, () => undefined);
      throw new TypeError(`expected the operators of ${this.#output.name} to give an async iterable, got: ${show(result)}`);
    }
    const chain: unknown = (result as SignalledIterable<unknown>)[Symbol.asyncIterator](signal);
    if (typeof chain !== "object" || chain === null || typeof (chain as AsyncIterator<unknown>).next !== "function") {
      throw new TypeError(`expected an iterator with a next function, got: ${show(chain)}`);
    }
    return chain as AsyncIterator<unknown, unknown>;
  }

  #read(): void {
    if (this.#isReading || this.#wanted <= 0 || this.#isStopped) return;
    this.#isReading = true;
    try {
      Promise.resolve((this.#chain as AsyncIterator<unknown, unknown>).next()).then(this.#onResult, this.#onError);
    } catch (error) {
      this.#onError(error);
    }
  }

  readonly #onResult = (result: IteratorResult<unknown, unknown>): void => {
    try {
      this.#take(result);
    } catch (error) {
      this.#onError(error);
    }
  };

  readonly #onError = (error: unknown): void => {
    this.#isOver = true;
    const isKnown = (this.#told !== undefined && error === this.#told.error) || isEcho(error, this.#controller?.signal);
    // After the end it is reported.
    if (!isKnown) this.#output.fail(error);
  };

  /** @throws what the result throws when it is looked at */
  #take(result: IteratorResult<unknown, unknown>): void {
    if (typeof result !== "object" || result === null) throw new TypeError(`expected next() to give an object, got: ${show(result)}`);
    if (result.done === true) {
      this.#complete();
      return;
    }
    this.#isReading = false;
    const { value } = result;
    if (!this.#settings.lists) this.#emit([value as Out]);
    else if (Array.isArray(value)) this.#emit(value as readonly Out[]);
    else {
      // They have not ended by themselves: the end of the stage releases them.
      this.#isStopped = true;
      this.#output.fail(new SluiceError("SLUICE_BAD_PARTNER", `expected the operators of ${this.#output.name} to give lists of events, got: ${show(value)}`));
    }
  }

  #complete(): void {
    this.#isOver = true;
    // What of the last list waits for demand does not hold the producers.
    this.#feeding.close(undefined);
    this.#self?.complete();
    this.#input?.stop();
  }

  #emit(list: readonly Out[]): void {
    this.#wanted -= list.length;
    if (!emit(this.#self as Self<Out>, list)) this.#isStopped = true;
    if (!spend(1 + (list.length >> 4))) this.#read();
    else inNextTurn(() => this.#read());
  }

  // ---- the end

  handleOutputEnd(reason: ExitReason): void {
    const { untold } = this.#feeding;
    this.#told = errorOf(reason, this.#output.name);
    this.#feeding.close(this.#told);
    // After the end it is reported, unless that is the end: the operators have not read as far as to this error.
    if (untold !== undefined) this.#output.fail(untold.error);
    if (this.#chain !== undefined && !this.#isOver) {
      this.#returned = this.#leave(this.#chain, causeOf(reason));
      // It is awaited when the producers are released.
      this.#returned.catch(() => undefined);
    }
  }

  /** Without the reason: IxJS hands it to nobody, and its generators break at one that is a promise. */
  async #leave(chain: AsyncIterator<unknown, unknown>, cause: unknown): Promise<void> {
    await leave(chain, this.#controller, cause);
  }

  async handleStop(): Promise<void> {
    const { closeWithinMs } = this.#settings;
    await within(this.#returned, closeWithinMs, () => new SluiceError("SLUICE_TIMEOUT", `return() of the operators did not settle within ${closeWithinMs} ms`));
  }
}
