/** A ReadableStream's underlying source that is fed by a producer: what all kinds of chunks have in common. */
import { OUTLET, errorOf, inNextTurn, post, spend, within, type DispatchOptions, type Downward, type ExitReason, type Outlet, type Subscribable, type Subscriber } from "../../core/index.ts";
import { HeldLists } from "./held-lists.ts";

/** The part of a stream's controller that all kinds share. */
export interface ControllerLike {
  readonly desiredSize: number | null;
  close(): void;
  error(error: unknown): void;
}

export interface FeedingOptions {
  readonly highWaterMark: number;
  /** Reads ahead by a window. Without one what the stream wants is asked for, and no more. */
  readonly window: { readonly max: number; readonly min: number } | undefined;
  /** Tells an error before what was accepted has been read. */
  readonly isImmediate: boolean;
  readonly closeWithinMs: number;
  readonly dispatch: DispatchOptions;
}

/** To look at the clock costs `spend` so much; it is looked at after 1, 2, 4, … events, at most after so many. */
const CLOCK_UNITS = 16;
const CLOCK_EVENTS = 256;

/**
 * One account: asked for and not come, come and held, taken by the stream.
 *
 * The stream calls `pull` when it wants something, and not again before something was enqueued; so a `pull` that finds
 * nothing at hand is remembered, and answered when something comes.
 */
export abstract class Feeding<Out, Held, Controller extends ControllerLike> implements Subscriber<Out> {
  readonly receivesErrors = true;
  readonly options: DispatchOptions;
  protected readonly held: HeldLists<Held> = new HeldLists();
  protected controller!: Controller;
  readonly #outlet: Outlet<Out>;
  readonly #settings: FeedingOptions;
  #up!: ReturnType<Outlet<Out>["connect"]>;
  /** The stream has closed, failed or been cancelled. */
  #isOver = false;
  /** Asked for, and not come. */
  #outstanding = 0;
  /** The stream has pulled, and got nothing since. */
  #isPulled = false;
  #isFeeding = false;
  /** A turn of the event loop is awaited. */
  #isPausing = false;
  #untilClock = 1;
  #clockEvents = 1;
  #end: ExitReason | undefined;

  constructor(producer: Subscribable<Out>, options: FeedingOptions) {
    this.#outlet = producer[OUTLET];
    this.#settings = options;
    this.options = options.dispatch;
  }

  get consumer(): string {
    return `a ReadableStream of ${this.#outlet.name}`;
  }

  get identity(): object {
    return this;
  }

  // ---- what the stream calls

  start(controller: Controller): void {
    this.controller = controller;
    this.#up = this.#outlet.connect(this);
  }

  pull(): void {
    this.#isPulled = true;
    if (!this.#isFeeding) this.#goOn();
  }

  /** Leaves the producer, and waits for what that stops. */
  cancel(reason?: unknown): Promise<void> | undefined {
    this.#forget();
    return this.#end === undefined ? this.#leave({ type: "shutdown", ...(reason !== undefined && { reason }) }) : undefined;
  }

  // ---- what the producer says

  receive(message: Downward<Out>): void {
    if (this.#isOver) return;
    if ("type" in message) this.#end ??= message.reason;
    else {
      this.#outstanding = Math.max(0, this.#outstanding - message.length);
      this.accept(message);
    }
    this.#goOn();
  }

  // ---- what differs by the kind of chunks

  /** Holds events that have come. */
  protected abstract accept(events: readonly Out[]): void;

  /** Gives the stream a chunk of what is held; returns how many events that was. */
  protected abstract give(): number;

  /** Events that have come, and are not, or not wholly, with the stream. */
  protected get waiting(): number {
    return this.held.size;
  }

  /** How many events would fill a stream that wants so much: at least one if it has pulled. */
  protected wanted(isPulled: boolean, desiredSize: number): number {
    return isPulled ? Math.max(1, desiredSize) : desiredSize;
  }

  protected close(): void {
    this.controller.close();
  }

  /** Takes no more of the producer; what came before is read first. */
  protected refuse(error: unknown): void {
    this.#end = { type: "error", error };
    // The producer reports a clean-up that fails.
    this.#leave(this.#end).catch(() => undefined);
  }

  // ----

  #goOn(): void {
    try {
      this.#feed();
      if (this.#isOver) return;
      if (this.#end === undefined) this.#ask();
      else this.#settleEnd(this.#end);
    } catch (error) {
      this.#break(error);
    }
  }

  #feed(): void {
    this.#isFeeding = true;
    while (this.waiting > 0 && !this.#isPausing && !this.#isOver && (this.#isPulled || this.#desiredSize > 0)) {
      this.#isPulled = false;
      this.#count(this.give());
    }
    this.#isFeeding = false;
  }

  get #desiredSize(): number {
    return this.controller.desiredSize ?? 0;
  }

  /** Who takes what is at hand pulls and is served in microtasks: the event loop must turn meanwhile. */
  #count(events: number): void {
    this.#untilClock -= events;
    if (this.#untilClock > 0) return;
    const isOver = spend(CLOCK_UNITS);
    this.#clockEvents = isOver ? 1 : Math.min(CLOCK_EVENTS, this.#clockEvents * 2);
    this.#untilClock = this.#clockEvents;
    if (isOver) this.#pause();
  }

  #pause(): void {
    this.#isPausing = true;
    inNextTurn(() => {
      this.#isPausing = false;
      if (!this.#isOver) this.#goOn();
    });
  }

  #ask(): void {
    const { window } = this.#settings;
    const ahead = this.#outstanding + this.waiting;
    const more = window === undefined ? this.wanted(this.#isPulled, this.#desiredSize) - ahead : ahead <= window.min ? window.max - ahead : 0;
    if (more <= 0) return;
    this.#outstanding += more;
    post(this.#up, more);
  }

  /** What was accepted is read first: what is held, and for an error what the stream has queued, which it would throw away. */
  #settleEnd(end: ExitReason): void {
    const failure = errorOf(end, this.#outlet.name);
    const { isImmediate, highWaterMark } = this.#settings;
    if (this.waiting > 0 && !(failure !== undefined && isImmediate)) return;
    if (failure === undefined) {
      this.#isOver = true;
      this.close();
    } else if (isImmediate || this.controller.desiredSize === highWaterMark) {
      this.#forget();
      this.controller.error(failure.error);
    }
  }

  /** The stream does not take what it wanted. */
  #break(error: unknown): void {
    this.#isFeeding = false;
    if (this.#end === undefined) this.refuse(error);
    this.#forget();
    this.controller.error(error);
  }

  #leave(reason: ExitReason): Promise<void> {
    post(this.#up, { type: "cancel", kind: "cancel", reason });
    return within(this.#outlet.released(), this.#settings.closeWithinMs);
  }

  #forget(): void {
    this.#isOver = true;
    this.held.clear();
  }
}
