/** Operators between the two halves of a stage: fed by one, and read by the other. */
import { SluiceError, causeOf, errorOf, inNextTurn, show, spend, within, type ExitReason, type Joint, type PushProducer, type Self } from "../../core/index.ts";
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
  #isReading = false;
  /** The operators have ended or failed by themselves: `return` must not be called. */
  #isOver = false;
  #isStopped = false;
  /** Of the operators; it aborts when the stage has ended and they are stuck. */
  readonly #controller: AbortController | undefined;
  /** They have been left. */
  #returned: Promise<unknown> | undefined;
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
    if (typeof asyncIteratorOf(result) !== "function") throw new TypeError(`expected the operators of ${this.#output.name} to give an async iterable, got: ${show(result)}`);
    const chain: unknown = (result as SignalledIterable<unknown>)[Symbol.asyncIterator](signal);
    if (typeof chain !== "object" || chain === null || typeof (chain as AsyncIterator<unknown>).next !== "function") {
      throw new TypeError(`expected an iterator with a next function, got: ${show(chain)}`);
    }
    return chain as AsyncIterator<unknown, unknown>;
  }

  #read(): void {
    if (this.#isReading || this.#wanted <= 0 || this.#isOver || this.#isStopped) return;
    this.#isReading = true;
    try {
      Promise.resolve((this.#chain as AsyncIterator<unknown, unknown>).next()).then(this.#onResult, this.#onError);
    } catch (error) {
      this.#onError(error);
    }
  }

  readonly #onResult = (result: IteratorResult<unknown, unknown>): void => {
    this.#isReading = false;
    if (typeof result !== "object" || result === null) this.#onError(new TypeError(`expected next() to give an object, got: ${show(result)}`));
    else if (result.done === true) this.#complete();
    else if (this.#isStopped) return;
    else if (!this.#settings.lists) this.#emit([result.value as Out]);
    else if (Array.isArray(result.value)) this.#emit(result.value as readonly Out[]);
    else {
      // They have not ended by themselves: the end of the stage releases them.
      this.#isStopped = true;
      this.#output.fail(new SluiceError("SLUICE_BAD_PARTNER", `expected the operators of ${this.#output.name} to give lists of events, got: ${show(result.value)}`));
    }
  };

  readonly #onError = (error: unknown): void => {
    this.#isReading = false;
    this.#isOver = true;
    const isKnown = (this.#told !== undefined && error === this.#told.error) || isEcho(error, this.#controller?.signal);
    // After the end it is reported.
    if (!isKnown) this.#output.fail(error);
  };

  #complete(): void {
    this.#isOver = true;
    if (this.#isStopped) return;
    this.#isStopped = true;
    // What of the last list waits for demand does not hold the producers.
    this.#feeding.close(undefined);
    this.#self?.complete();
    this.#input?.stop();
  }

  #emit(list: readonly Out[]): void {
    this.#wanted -= list.length;
    if (list.length > 0 && !emit(this.#self as Self<Out>, list)) this.#isStopped = true;
    if (this.#wanted <= 0 || this.#isStopped) return;
    if (!spend(1 + (list.length >> 4))) this.#read();
    else inNextTurn(() => this.#read());
  }

  // ---- the end

  handleOutputEnd(reason: ExitReason): void {
    this.#isStopped = true;
    const { untold } = this.#feeding;
    this.#told = errorOf(reason, this.#output.name);
    this.#feeding.close(this.#told);
    // After the end it is reported: the operators have not read as far as to this error.
    if (untold !== undefined && untold.error !== this.#told?.error) this.#output.fail(untold.error);
    if (this.#chain !== undefined && !this.#isOver) {
      // Without the reason: IxJS hands it to nobody, and its generators break at one that is a promise.
      this.#returned = leave(this.#chain, this.#controller, causeOf(reason));
      // It is awaited when the producers are released.
      this.#returned.catch(() => undefined);
    }
  }

  async handleStop(): Promise<void> {
    if (this.#returned === undefined) return;
    const { closeWithinMs } = this.#settings;
    await within(this.#returned, closeWithinMs, () => new SluiceError("SLUICE_TIMEOUT", `return() of the operators did not settle within ${closeWithinMs} ms`));
  }
}
