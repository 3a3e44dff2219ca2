/** Makes what is written into a Writable, or the writable half of a Duplex, the events of a producer. */
import { Holders, SluiceError, demandDispatcher, post, producer, throwUncaught, type ExitReason, type Port, type ProducerOptions, type PushProducer, type Self } from "../../core/index.ts";
import { prematureClose } from "./custody.ts";

/** Of a write, or of the end: an error is told to who wrote. */
type Callback = (error?: Error | null) => void;

export interface InflowSettings<In> {
  readonly producer: Omit<ProducerOptions<In>, "handleDemand">;
  /** A write is called back when its events have been handled. */
  readonly isProcessed: boolean;
  /** What is made of a chunk as Node hands it over. */
  readonly take: (chunk: unknown, encoding: BufferEncoding) => In;
}

/**
 * The account is one number: demanded, and not handed over yet. A write is called back while that is more than what was
 * written, so that the stage holds at most one list that nobody has demanded; and from `end` on, so that what Node still
 * holds makes one more.
 */
export class Inflow<In> {
  readonly producer: PushProducer<In>;
  /** Those who have what was written: if a write waits for them. */
  readonly #holders: Holders | undefined;
  readonly #take: InflowSettings<In>["take"];
  #self: Self<In> | undefined;
  #credit = 0;
  /** What was written in this turn, or before there was a consumer. */
  #list: In[] = [];
  #isPosted = false;
  /** Of the write in progress. */
  #callback: Callback | undefined;
  /** It is the stream that calls. */
  #isInWrite = false;
  /** A write was called back in its call, in this tick. */
  #isTicking = false;
  #isEnding = false;
  /** How the stage has ended. */
  #end: ExitReason | undefined;
  #finished: Callback | undefined;
  /** What is written goes nowhere, and that is as it should be. */
  #isDropping = false;

  /** `handleEnd`: the stage has ended, not by `final`. */
  constructor(settings: InflowSettings<In>, handleEnd: (reason: ExitReason) => void) {
    this.#take = settings.take;
    const { handleSubscribe, dispatcher = demandDispatcher(), ...rest } = settings.producer;
    this.#holders = settings.isProcessed ? new Holders(() => this.producer.name, () => this.#goOn()) : undefined;
    this.producer = producer<In>({
      bufferSize: Infinity,
      ...rest,
      dispatcher: this.#holders?.over(dispatcher) ?? dispatcher,
      handleSubscribe: (from, self) => {
        // What it emits is not overtaken by what `handleDemand` returns.
        this.#self = self;
        this.#flush();
        return handleSubscribe?.(from, self);
      },
      handleDemand: (demand) => {
        this.#credit += demand;
        this.#goOn();
        if (this.#holders === undefined) return this.#taken();
        // Who has got what must be known behind it.
        this.#flush();
        return undefined;
      },
    });
    // The writers hear of an error end.
    void this.producer.closed.then((reason) => {
      this.#end = reason;
      if (reason.type === "normal" && this.#finished !== undefined) this.#finish();
      else handleEnd(reason);
    });
  }

  write(chunk: unknown, encoding: BufferEncoding, callback: Callback): void {
    if (!this.#isDropping) this.#list.push(this.#take(chunk, encoding));
    this.#written(callback);
  }

  writev(entries: readonly { readonly chunk: unknown; readonly encoding: BufferEncoding }[], callback: Callback): void {
    if (!this.#isDropping) for (const { chunk, encoding } of entries) this.#list.push(this.#take(chunk, encoding));
    this.#written(callback);
  }

  /** `end` was called: no demand is waited for any more. */
  ending(): void {
    this.#isEnding = true;
    this.#goOn();
  }

  /** No more will be written. Called back when all has been delivered, and the stage has ended. */
  final(callback: Callback): void {
    this.#flush();
    this.#finished = callback;
    if (this.#end?.type === "normal" || this.#isDropping) this.#finish();
    else this.producer.complete();
  }

  /** What is written from now on, and what waits, is dropped: nobody would see what becomes of it. */
  drop(): void {
    this.#isDropping = true;
    this.#list = [];
    void this.producer.stop();
    this.#goOn();
    if (this.#finished !== undefined) this.#finish();
  }

  /** The stream has been destroyed: with an error, or before its end. */
  destroyed(error: Error | null): void {
    if (this.#end === undefined && !this.#isDropping) {
      this.#flush();
      this.producer.fail(error ?? prematureClose("be ended"));
    }
    // Node tells those of the writes that it holds, not that of the one in progress.
    this.#callBack(error ?? prematureClose("be ended"));
  }

  #written(callback: Callback): void {
    this.#callback = callback;
    if (!this.#isPosted && !this.#isDropping && this.#self !== undefined) {
      this.#isPosted = true;
      post(this.#turn, undefined);
    }
    this.#isInWrite = true;
    this.#goOn();
    this.#isInWrite = false;
  }

  /** The write in progress is done, if it may be. */
  #goOn(): void {
    if (this.#isDropping || (this.#holders === undefined ? this.#isEnding || this.#credit > this.#list.length : this.#isHandled(this.#holders))) this.#callBack();
  }

  /** All that was written has been given to somebody, and nobody has any of it any more. */
  #isHandled(holders: Holders): boolean {
    return this.#list.length === 0 && this.producer.bufferedCount === 0 && holders.isEmpty;
  }

  /** Node writes on in this call. */
  #callBack(error?: Error): void {
    const callback = this.#callback;
    if (callback === undefined) return;
    this.#callback = undefined;
    if (this.#isInWrite) {
      callback(error);
      // Node tells the writer in the next tick: a later write must not be told before.
      if (!this.#isTicking) {
        this.#isTicking = true;
        process.nextTick(this.#ticked);
      }
    } else if (this.#isTicking) process.nextTick(call, callback, error);
    else call(callback, error);
  }

  readonly #ticked = (): void => {
    this.#isTicking = false;
  };

  #finish(): void {
    const callback = this.#finished;
    this.#finished = undefined;
    callback?.();
  }

  /** Hands over what was written in one turn. */
  readonly #turn: Port<undefined> = {
    receive: () => {
      this.#isPosted = false;
      this.#flush();
    },
  };

  #taken(): readonly In[] | undefined {
    if (this.#list.length === 0) return undefined;
    const list = this.#list;
    this.#list = [];
    this.#credit = Math.max(0, this.#credit - list.length);
    return list;
  }

  #flush(): void {
    const list = this.#taken();
    if (list === undefined) return;
    try {
      (this.#self ?? this.producer).emit(list);
    } catch (error) {
      // The stage ends; whoever writes will hear of it.
      if (!(error instanceof SluiceError && error.code === "SLUICE_ENDED")) throw error;
    }
    // A dispatcher may have given it to nobody.
    if (this.#holders !== undefined) this.#goOn();
  }
}

function call(callback: Callback, error: Error | undefined): void {
  try {
    callback(error);
  } catch (thrown) {
    // A listener of the writer's: that is not the stage's error.
    throwUncaught(thrown);
  }
}
