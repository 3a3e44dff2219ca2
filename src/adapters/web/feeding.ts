/** The underlying source of a ReadableStream that is fed by a producer: what all kinds of chunks have in common. */
import { OUTLET, errorOf, inNextTurn, post, spend, within, type Cancel, type DispatchOptions, type Downward, type ExitReason, type Outlet, type Subscribable, type Subscriber } from "../../core/index.ts";
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
 * One account: asked for and not come; come and waiting; taken by the stream.
 *
 * The stream calls `pull` when it wants something, and not again before something was enqueued: so a `pull` that finds
 * nothing at hand is remembered, and answered when something comes. It returns no promise; that would be one for each event.
 */
export abstract class Feeding<Out, Held, Controller extends ControllerLike> implements Subscriber<Out> {
  readonly receivesErrors = true;
  readonly options: DispatchOptions;
  protected readonly held: HeldLists<Held> = new HeldLists();
  protected controller!: Controller;
  readonly #outlet: Outlet<Out>;
  readonly #settings: FeedingOptions;
  readonly #highWaterMark: number;
  readonly #window: FeedingOptions["window"];
  /** A chunk is an event, and the stream holds none. */
  readonly #isStepping: boolean;
  #up!: ReturnType<Outlet<Out>["connect"]>;
  /** Asked for, and not come. */
  #outstanding = 0;
  /** The stream has pulled, and got nothing since. */
  #isPulled = false;
  /** What is enqueued now may make it pull in that very call. */
  #isFeeding = false;
  /** A turn of the event loop is awaited. */
  #isPausing = false;
  #untilClock = 1;
  #clockEvents = 1;
  /** How the producer has ended, or what ended it for us. */
  #end: ExitReason | undefined;
  /** The stream has closed, failed or been cancelled. */
  #isOver = false;

  constructor(producer: Subscribable<Out>, settings: FeedingOptions) {
    this.#outlet = producer[OUTLET];
    this.#settings = settings;
    this.#highWaterMark = settings.highWaterMark;
    this.#window = settings.window;
    this.#isStepping = this.enqueue !== undefined && settings.highWaterMark === 0;
    this.options = settings.dispatch;
  }

  get consumer(): string {
    return `a ReadableStream of ${this.#outlet.name}`;
  }

  /** The name of the producer. */
  protected get producer(): string {
    return this.#outlet.name;
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
    if (this.#isFeeding) return;
    if (this.#isStepping && this.#end === undefined) this.#step();
    else this.#goOn();
  }

  /** Leaves the producer, and waits for what that stops. */
  cancel(reason?: unknown): Promise<void> | undefined {
    this.#forget();
    return this.#end === undefined ? this.#leave({ type: "shutdown", ...(reason !== undefined && { reason }) }) : undefined;
  }

  // ---- what the producer says

  receive(message: Downward<Out>): void {
    if (this.#isOver) return;
    if (!Array.isArray(message)) this.#end ??= (message as Cancel).reason;
    else {
      const events = message as readonly Out[];
      this.#outstanding = Math.max(0, this.#outstanding - events.length);
      if (events.length === 1 && this.#isStepping && this.#isPulled && this.held.size === 0) {
        this.#pass(events[0] as Out);
        return;
      }
      this.accept(events);
    }
    this.#goOn();
  }

  // ---- what differs by the kind of chunks

  /** Holds events that have come. */
  protected abstract accept(events: readonly Out[]): void;

  /** Gives the stream up to `most` chunks of what waits, at least one; returns how many events that was. */
  protected abstract give(most: number): number;

  /** Gives the stream an event as a chunk, where a chunk is an event. */
  protected enqueue?(event: Out | Held): void;

  /** Events that have come, and are not, or not wholly, with the stream. */
  protected get waiting(): number {
    return this.held.size;
  }

  /** How many more events to ask for, when the stream has so much room, and so many are on their way or wait. */
  protected missing(room: number, ahead: number): number {
    // Half of what the stream holds may be read before it is filled up: lists, not events.
    return room - ahead < this.#highWaterMark >> 1 ? 0 : room - ahead;
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

  // ---- one event for each pull

  /** Gives the stream an event that is at hand, and asks for what is missing. */
  #step(): void {
    if (this.held.size > 0) {
      if (!this.#isPausing) {
        this.#count(1);
        this.#pass(this.held.take());
      }
    } else if (this.#outstanding === 0 && this.#window === undefined && !this.#isPausing) {
      const taken = this.#up.takeBuffered?.();
      if (taken !== undefined) {
        this.#count(1);
        this.#pass(taken.value);
      }
    }
    this.#ask();
  }

  #pass(event: Out | Held): void {
    this.#isPulled = false;
    try {
      this.enqueue?.(event);
    } catch (error) {
      this.#break(error);
    }
  }

  // ---- all that fits

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
    while (this.waiting > 0 && !this.#isPausing && !this.#isOver) {
      const room = this.#room;
      if (room <= 0) break;
      this.#isPulled = false;
      this.#count(this.give(Math.min(room, CLOCK_EVENTS)));
    }
    this.#isFeeding = false;
  }

  /** In chunks, or bytes: how much the stream wants now. One that holds nothing does not say how many reads wait. */
  get #room(): number {
    return this.#highWaterMark === 0 ? Number(this.#isPulled) : (this.controller.desiredSize ?? 0);
  }

  #ask(): void {
    const ahead = this.#outstanding + this.waiting;
    const window = this.#window;
    const more = window === undefined ? this.missing(this.#room, ahead) : ahead <= window.min ? window.max - ahead : 0;
    if (more <= 0 || this.#isOver) return;
    this.#outstanding += more;
    post(this.#up, more);
  }

  /** Who takes what is at hand pulls and is served in microtasks: the event loop must turn meanwhile. */
  #count(events: number): void {
    this.#untilClock -= events;
    if (this.#untilClock > 0) return;
    this.#isPausing = spend(CLOCK_UNITS);
    this.#clockEvents = this.#isPausing ? 1 : Math.min(CLOCK_EVENTS, this.#clockEvents * 2);
    this.#untilClock = this.#clockEvents;
    if (this.#isPausing) {
      inNextTurn(() => {
        this.#isPausing = false;
        this.#goOn();
      });
    }
  }

  // ---- the end

  /** What was accepted is read first: what waits, and for an error what the stream holds, which it would throw away. */
  #settleEnd(end: ExitReason): void {
    const failure = errorOf(end, this.#outlet.name);
    const { isImmediate } = this.#settings;
    if (failure === undefined) {
      if (this.waiting > 0) return;
      this.#isOver = true;
      this.close();
    } else if (isImmediate || (this.waiting === 0 && this.controller.desiredSize === this.#highWaterMark)) {
      this.#forget();
      this.controller.error(failure.error);
    }
  }

  /** The stream does not take what it wanted. */
  #break(error: unknown): void {
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
