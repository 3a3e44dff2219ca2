/** Feeds a Readable, or the readable half of a Duplex, from a producer. */
import type { Readable } from "node:stream";
import {
  OUTLET,
  errorOf,
  heed,
  inNextTurn,
  post,
  tell,
  within,
  type DispatchOptions,
  type Downward,
  type ExitReason,
  type Outlet,
  type Port,
  type Subscribable,
  type Subscriber,
  type Upward,
} from "../../core/index.ts";
import type { Carry } from "./carrying.ts";
import { Rest } from "./rest.ts";
import { SliceClock } from "./slice-clock.ts";
import { told } from "./told.ts";

export interface SupplySettings {
  /** What the producer's dispatcher wants to know. */
  readonly dispatch: DispatchOptions;
  /** Events asked for and not pushed; `undefined`: those that the stream holds count, and it may hold what its high-water mark says. */
  readonly window: { readonly max: number; readonly min: number } | undefined;
  readonly isImmediate: boolean;
  readonly carry: Carry;
  readonly closeWithinMs: number;
  readonly signal: AbortSignal | undefined;
  /** A normal end has been told to the stream. */
  readonly handleEnd?: () => void;
}

/**
 * The consumer's end of a wire. The stream calls `wanted` from `_read`, `taken` after each `read`, and `leave` from
 * `_destroy`; it is subscribed from the start, and asks from the first `_read` on.
 *
 * Invariant: asked for and not pushed, and (without a window) held by the stream, are at most `max` events.
 */
export class Supply<Event> implements Subscriber<Event> {
  readonly consumer: string;
  readonly receivesErrors = true;
  readonly options: DispatchOptions;
  readonly #stream: Readable;
  readonly #outlet: Outlet<Event>;
  readonly #settings: SupplySettings;
  readonly #wire: Port<Upward>;
  /** Each chunk of a stream of bytes is looked at, and of a stream of objects the nullish ones. */
  readonly #isObjects: boolean;
  readonly #max: number;
  readonly #min: number;
  /** A reader that takes one after the other is not served before the stream holds as few as this. */
  readonly #low: number;
  /** A high-water mark of 0: nothing is pushed that was not read for. */
  readonly #isExact: boolean;
  /** Heeds the signal no more. */
  #unheed: (() => void) | undefined;
  readonly #clock = new SliceClock();
  /** What has come and was not pushed. */
  readonly #rest = new Rest<Event>();
  /** Asked for, and not pushed. */
  #outstanding = 0;
  #hasStarted = false;
  /** The stream takes more: it has called `_read`, and was not filled since. */
  #isHungry = false;
  #isFeeding = false;
  /** The last read came back empty-handed, and nothing was pushed since. */
  #hasMissed = false;
  /** A turn of the event loop is awaited. */
  #isPausing = false;
  /** How the events have ended. What came before is read first. */
  #end: ExitReason | undefined;
  /** Nothing is pushed any more. */
  #isOver = false;
  #abort: ExitReason | undefined;
  /** Why this side has ended the wire. */
  #left: ExitReason | undefined;
  /** Settles when what the departure stopped has been released. */
  #released: Promise<void> | undefined;

  /** `stream` is under construction, and not called. */
  constructor(stream: Readable, producer: Subscribable<Event>, settings: SupplySettings) {
    const { window } = settings;
    const highWaterMark = stream.readableHighWaterMark;
    this.#stream = stream;
    this.#outlet = producer[OUTLET];
    this.consumer = `a stream of ${this.#outlet.name}`;
    this.options = settings.dispatch;
    this.#settings = settings;
    this.#isObjects = stream.readableObjectMode;
    // Nobody knows how many chunks are missing to a number of bytes: one after the other.
    const most = this.#isObjects ? Math.max(1, highWaterMark) : 1;
    this.#max = window?.max ?? most;
    this.#min = window?.min ?? most >> 1;
    this.#low = this.#isObjects ? highWaterMark >> 1 : Infinity;
    this.#isExact = highWaterMark === 0;
    this.#wire = this.#outlet.connect(this);
  }

  /** The stream is made. */
  heed(): void {
    const { signal } = this.#settings;
    if (signal?.aborted === true) this.#onAbort();
    else if (signal !== undefined) this.#unheed = heed(signal, this.#onAbort);
  }

  get identity(): object {
    return this;
  }

  // ---- the stream

  /** `_read`: the stream takes more. */
  wanted(): void {
    this.#isHungry = true;
    this.#hasStarted = true;
    if (this.#stream.readableLength <= this.#low) this.#serve();
  }

  /** Somebody has read; `isEmptyHanded`: and got nothing. */
  taken(isEmptyHanded: boolean): void {
    if (isEmptyHanded) this.#hasMissed = true;
    if (this.#end !== undefined) this.#takenBeforeEnd(isEmptyHanded);
    else if (this.#isHungry && this.#stream.readableLength <= this.#low) this.#serve();
  }

  #takenBeforeEnd(isEmptyHanded: boolean): void {
    if (this.#isHungry && this.#stream.readableLength <= this.#low) this.#feed();
    if (this.#isOver || !this.#rest.isEmpty()) return;
    // The end makes Node emit 'readable' in the call; the reader has not got yet what it has just read.
    if (this.#end?.type === "normal") post(this.#ending, undefined);
    // Who wants more bytes than there are, and will be, would wait for ever.
    else this.#finish(isEmptyHanded);
  }

  /**
   * The stream has been destroyed. Calls `done` when what that has stopped has released its resources, with the error of
   * a clean-up that failed unless there is one already.
   */
  leave(error: Error | null, done: (error?: Error | null) => void): void {
    this.#unheed?.();
    this.#depart(this.#abort ?? (error === null ? { type: "shutdown" } : { type: "error", error }));
    this.#isOver = true;
    this.#rest.clear();
    // Who aborts does not wait: the stage reports what goes wrong.
    if (this.#released === undefined || this.#abort !== undefined) done(error);
    else
      this.#released.then(
        () => done(error),
        (failure: unknown) => done(error ?? told(failure, this.#outlet.name)),
      );
  }

  // ---- the wire

  receive(message: Downward<Event>): void {
    if (this.#isOver || this.#end !== undefined) {
      this.#receivedLate(message);
      return;
    }
    if ("type" in message) {
      this.#end = message.reason;
      if (message.reason.type !== "normal" && this.#settings.isImmediate) {
        this.#rest.clear();
        this.#finish(true);
      } else this.#finish();
      // Who waits for more bytes than there are must look again; Node says that of the end only.
      if (this.#hasMissed && !this.#isOver && this.#stream.readableLength > 0) this.#stream.emit("readable");
      return;
    }
    this.#rest.push(message);
    if (this.#isHungry) this.#serve();
  }

  /** The producer has failed as the stream was destroyed with another error: nobody else will tell it. */
  #receivedLate(message: Downward<Event>): void {
    if (!("type" in message) || message.reason.type !== "error" || this.#left?.type !== "error") return;
    const { error } = message.reason;
    if (error !== this.#left.error) tell(undefined, { kind: "late-failure", stage: this.consumer, error });
  }

  #serve(): void {
    this.#feed();
    if (this.#end === undefined) this.#ask();
    else this.#finish();
  }

  #ask(): void {
    // With a window of its own it reads ahead once it has begun, whether the stream takes more or not.
    if (this.#isOver || !(this.#settings.window === undefined ? this.#isHungry : this.#hasStarted)) return;
    const held = this.#settings.window === undefined && this.#isObjects ? this.#stream.readableLength : 0;
    const used = Math.max(0, this.#outstanding + held);
    if (used > this.#min) return;
    this.#outstanding += this.#max - used;
    post(this.#wire, this.#max - used);
  }

  /** Pushes what is at hand until the stream is full. */
  #feed(): void {
    if (this.#isFeeding || this.#isPausing) return;
    this.#isFeeding = true;
    const stream = this.#stream;
    try {
      while (this.#isHungry && !this.#rest.isEmpty()) {
        let event: unknown = this.#rest.take();
        this.#outstanding -= 1;
        if (!this.#isObjects || event === null || event === undefined) {
          event = this.#carried(event);
          if (event === undefined) continue;
        }
        this.#hasMissed = false;
        this.#isHungry = stream.push(event) && (!this.#isExact || stream.readableFlowing === true);
        if (this.#clock.isOver()) break;
      }
    } finally {
      this.#isFeeding = false;
      // The slice is over, or a listener has thrown.
      if (this.#isHungry && !this.#rest.isEmpty() && !this.#isPausing) {
        this.#isPausing = true;
        inNextTurn(this.#resume);
      }
    }
  }

  readonly #resume = (): void => {
    this.#isPausing = false;
    if (!this.#isOver) this.#serve();
  };

  /** What to push for an event that must be looked at; `undefined` if nothing. */
  #carried(event: unknown): unknown {
    try {
      return this.#settings.carry(event);
    } catch (error) {
      // What came before can still be read; the producer hears of it now.
      const reason: ExitReason = { type: "error", error };
      this.#depart(reason);
      this.#end = reason;
      this.#rest.clear();
      return undefined;
    }
  }

  // ---- the end

  readonly #ending: Port<undefined> = { receive: () => this.#finish() };

  /** Tells the stream of the end, when nothing is left before it. */
  #finish(isForced = false): void {
    if (this.#end === undefined || this.#isOver || !this.#rest.isEmpty()) return;
    const failure = errorOf(this.#end, this.#outlet.name);
    if (failure === undefined) {
      this.#isOver = true;
      this.#stream.push(null);
      this.#settings.handleEnd?.();
    } else if (isForced || this.#stream.readableLength === 0) {
      this.#isOver = true;
      this.#stream.destroy(told(failure.error, this.#outlet.name));
    }
  }

  /** Ends the wire from this side, unless it has ended. */
  #depart(reason: ExitReason): void {
    if (this.#end !== undefined) return;
    this.#left = reason;
    post(this.#wire, { type: "cancel", kind: "down", reason });
    this.#released = within(this.#outlet.released(), this.#settings.closeWithinMs);
    // Who is not there any more to hear of a failed clean-up: the stage reports it.
    this.#released.catch(() => undefined);
  }

  readonly #onAbort = (): void => {
    const reason: unknown = this.#settings.signal?.reason;
    this.#abort = { type: "shutdown", reason };
    this.#stream.destroy(told(reason, this.#outlet.name));
  };
}
