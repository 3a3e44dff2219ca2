/** Makes what is written into a Writable, or the writable half of a Duplex, the events of a producer. */
import { Holders, SluiceError, demandDispatcher, inNextTurn, post, producer, throwUncaught, type ExitReason, type Port, type ProducerOptions, type PushProducer, type Self } from "../../core/index.ts";
import { prematureClose } from "./custody.ts";

/** Of a write, or of the end: an error is told to who wrote. */
type Callback = (error?: Error | null) => void;

/** A chunk as Node hands it over. */
export interface Written {
  readonly chunk: unknown;
  readonly encoding: BufferEncoding;
}

export interface InflowSettings<In> {
  readonly producer: Omit<ProducerOptions<In>, "handleDemand">;
  /** A write is called back when its events have been handled. */
  readonly isProcessed: boolean;
  /** What is made of a chunk as Node hands it over. */
  readonly take: (chunk: unknown, encoding: BufferEncoding) => In;
}

const NOTHING: readonly never[] = [];

/**
 * The account is one number: demanded, and not taken yet. What is written is taken as far as it is demanded; a write is called
 * back when all of it was, and Node holds back what comes behind it. So nothing waits in the stage but what consumers demanded
 * and left behind.
 */
export class Inflow<In> {
  readonly producer: PushProducer<In>;
  readonly #take: InflowSettings<In>["take"];
  /** Those who have what was written: if a write waits for them. */
  readonly #holders: Holders | undefined;
  #self: Self<In> | undefined;
  #credit = 0;
  /** Taken in this turn: the next list. */
  #list: In[] = [];
  #isPosted = false;
  /** The write in progress: what it has, how much of that was taken, and its callback. */
  #held: readonly Written[] = NOTHING;
  #next = 0;
  #callback: Callback | undefined;
  /** It is the stream that calls. */
  #isInWrite = false;
  /** A write was called back in its call, in this tick. */
  #isTicking = false;
  /** How the stage has ended. */
  #end: ExitReason | undefined;
  #finished: Callback | undefined;
  /** What is written goes nowhere, and that is as it should be. */
  #isDropping = false;

  /** `handleEnd`: the stage has ended, not by `final`. */
  constructor(settings: InflowSettings<In>, handleEnd: (reason: ExitReason) => void) {
    this.#take = settings.take;
    const { dispatcher = demandDispatcher(), ...rest } = settings.producer;
    this.#holders = settings.isProcessed ? new Holders(() => this.producer.name, () => this.#goOn()) : undefined;
    this.producer = producer<In>({
      bufferSize: Infinity,
      ...rest,
      dispatcher: this.#holders?.over(dispatcher) ?? dispatcher,
      handleDemand: (demand, self) => {
        this.#self = self;
        this.#credit += demand;
        this.#feed();
        this.#goOn();
        // What came of it, too.
        return this.#taken();
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
    if (this.#credit === 0 || this.#isDropping) this.writev([{ chunk, encoding }], callback);
    else {
      this.#credit -= 1;
      this.#list.push(this.#take(chunk, encoding));
      this.#written(callback);
    }
  }

  writev(entries: readonly Written[], callback: Callback): void {
    this.#held = entries;
    this.#feed();
    this.#written(callback);
  }

  #written(callback: Callback): void {
    this.#callback = callback;
    this.#isInWrite = true;
    this.#goOn();
    this.#isInWrite = false;
    if (this.#list.length > 0 && !this.#isPosted) {
      this.#isPosted = true;
      post(this.#turn, undefined);
    }
  }

  /** No more will be written, and all was taken. Called back when it has been delivered, and the stage has ended. */
  final(callback: Callback): void {
    this.#finished = callback;
    if (this.#isDropping) this.#finish();
    else this.producer.complete();
  }

  /** What is written from now on, and what waits, is dropped: nobody would see what becomes of it. */
  drop(): void {
    this.#isDropping = true;
    this.#list = [];
    void this.producer.stop();
    this.#goOn();
    this.#finish();
  }

  /** The stream has been destroyed: with an error, or before its end. What was not taken is lost with it. */
  destroyed(error: Error | null): void {
    // Behind what was taken in this turn, which is on its way.
    if (this.#end === undefined && !this.#isDropping) this.producer.fail(error ?? prematureClose("be ended"));
    // Node tells those of the writes that it holds, not that of the one in progress.
    this.#callBack(error ?? prematureClose("be ended"));
  }

  /** Takes what is demanded of the write in progress. */
  #feed(): void {
    if (this.#isDropping) return;
    const end = Math.min(this.#held.length, this.#next + this.#credit);
    this.#credit -= end - this.#next;
    for (; this.#next < end; this.#next += 1) {
      const { chunk, encoding } = this.#held[this.#next] as Written;
      this.#list.push(this.#take(chunk, encoding));
    }
  }

  /** The write in progress is done, if it may be. */
  #goOn(): void {
    if (this.#isDropping || (this.#next >= this.#held.length && this.#isHandled())) this.#callBack();
  }

  /** If that matters: all that was taken was given to somebody, and nobody has any of it any more. */
  #isHandled(): boolean {
    return this.#holders === undefined || (this.#list.length === 0 && this.producer.bufferedCount === 0 && this.#holders.isEmpty);
  }

  /** Node writes on in this call. */
  #callBack(error?: Error): void {
    const callback = this.#callback;
    if (callback === undefined) return;
    this.#callback = undefined;
    this.#held = NOTHING;
    this.#next = 0;
    if (this.#isDropping) {
      // A source that never waits would write on for ever, and nobody would hear that the output has ended.
      inNextTurn(() => call(callback, error));
    } else if (this.#isInWrite) {
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

  /** Hands over what was taken in one turn. */
  readonly #turn: Port<undefined> = {
    receive: () => {
      this.#isPosted = false;
      const list = this.#taken();
      if (list === undefined) return;
      try {
        this.#self?.emit(list);
      } catch (error) {
        // The stage ends; whoever writes will hear of it.
        if (!(error instanceof SluiceError && error.code === "SLUICE_ENDED")) throw error;
      }
    },
  };

  #taken(): readonly In[] | undefined {
    if (this.#list.length === 0) return undefined;
    const list = this.#list;
    this.#list = [];
    return list;
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
