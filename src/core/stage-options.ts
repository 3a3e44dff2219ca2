/** The options that the starter functions share. */
import type { BufferKeep } from "./buffer.ts";
import type { WindowOptions } from "./demand-window.ts";
import type { DispatcherFactory } from "./dispatcher.ts";
import type { DemandMode } from "./outlet.ts";
import type { ExitReason } from "./protocol.ts";
import type { Reporter } from "./report.ts";
import type { Self } from "./stages.ts";
import type { CancelInfo, Consumption, Subscription } from "./subscription.ts";

/** Sync or async: a callback that returns no promise costs none. */
export type MaybePromise<Value> = Value | PromiseLike<Value>;

/** Events for the consumers, or nothing. */
export type Returned<Out> = MaybePromise<readonly Out[] | undefined | void>;

/** Options of every stage. `From` is what the stage can be linked to: producers, consumers, or both. */
export interface StageOptions<Emitted, From extends Subscription | Consumption> {
  /** A label for reports and errors. Default the role and a number. */
  readonly name?: string | undefined;
  /** Stops the stage with its reason. Default none. */
  readonly signal?: AbortSignal | undefined;
  /** How long a stop waits for a callback in progress, and then for `handleStop`, in ms. Default 5,000. */
  readonly stopWithinMs?: number | undefined;
  /** Measures where the time goes (`snapshot().timeMs`); costs a clock reading for each batch. Default false. */
  readonly timing?: boolean | undefined;
  /** A subscription has begun; `from.side` tells in which direction. */
  readonly handleSubscribe?: ((from: From, self: Self<Emitted>) => MaybePromise<unknown>) | undefined;
  /** A subscription has ended: by a cancel of the partner, or with it (`down`). */
  readonly handleCancel?: ((info: CancelInfo, from: From, self: Self<Emitted>) => MaybePromise<unknown>) | undefined;
  /** Gets the messages of `info`, when all events before them have been delivered. */
  readonly handleInfo?: ((message: unknown, self: Self<Emitted>) => MaybePromise<unknown>) | undefined;
  /**
   * Runs once, at the end: the place to release what the stage holds. A failure turns a normal end into that error, and is
   * reported otherwise.
   */
  readonly handleStop?: ((reason: ExitReason) => MaybePromise<unknown>) | undefined;
  /** Hears what is worth telling of this stage. Default the one of `setReporter`. */
  readonly handleReport?: Reporter | undefined;
}

/** Options of a stage that has consumers. */
export interface OutletOptions<Out, Emitted> {
  /** Who gets which event. Default `demandDispatcher()`. */
  readonly dispatcher?: DispatcherFactory<Out> | undefined;
  /**
   * The most events that wait for demand: an integer from 1, or `Infinity`. Default 10,000; for a producerConsumer
   * `Infinity`, as it takes nothing in while it has events buffered.
   */
  readonly bufferSize?: number | undefined;
  /**
   * Which events a full buffer keeps. Default neither: a list that a callback returned is kept whole and holds further
   * demand back, and an `emit` that does not fit ends the stage with `SLUICE_BUFFER_FULL`. With `latestBy(key)` a newer event
   * takes the place of the older of its key.
   */
  readonly bufferKeep?: BufferKeep<Out> | undefined;
  /** When {@link handleBufferLow} runs: an integer from 0. Default 0. */
  readonly bufferLow?: number | undefined;
  /**
   * More than `bufferLow` events waited (buffered, or emitted from outside and not taken in yet), and now no more than that:
   * time to go on for who drives the stage and stopped when `emit` said that little more fits.
   */
  readonly handleBufferLow?: ((self: Self<Emitted>) => MaybePromise<unknown>) | undefined;
  /**
   * Whether the stage stops when its last consumer has left, unless it has an owner. Default `stop`, but `wait` for a
   * producer without `handleDemand`: who drives it ends it.
   */
  readonly whenUnused?: "stop" | "wait" | undefined;
  /** `accumulate` holds demand until `setDemandMode("forward")`. Default `forward`. */
  readonly demand?: DemandMode | undefined;
  /** So many events were discarded because the buffer was full. */
  readonly handleDiscarded?: ((count: number, self: Self<Emitted>) => MaybePromise<unknown>) | undefined;
}

/** The window of the subscriptions of a stage that do not give their own. */
export interface InletOptions extends WindowOptions {}

/** How a stage that has producers handles events: in batches, or one by one. */
export type Handlers<In, Out, Emitted> = BatchHandler<In, Out, Emitted> | EventHandlers<In, Out, Emitted>;

/** Events in lists: the default, and the fast way. */
export interface BatchHandler<In, Out, Emitted> {
  /** Gets the events of one subscription, at most `maxDemand - minDemand` of them. Nobody may change the list. */
  readonly handleEvents: (events: readonly In[], from: Subscription, self: Self<Emitted>) => Returned<Out>;
  readonly handleEvent?: undefined;
  readonly concurrency?: undefined;
  readonly ordered?: undefined;
}

/** Events one by one, several calls at once if wanted. */
export interface EventHandlers<In, Out, Emitted> {
  /** Gets one event, and behind `self` the subscription by which it came. */
  readonly handleEvent: (event: In, self: Self<Emitted>, from: Subscription) => Returned<Out>;
  /** How many calls may run at once: an integer from 1. Default 1. */
  readonly concurrency?: number | undefined;
  /** Whether outputs keep the order of their events, behind the slowest. Default true. */
  readonly ordered?: boolean | undefined;
  readonly handleEvents?: undefined;
}

/** What a stage that has producers may say at their normal end. */
export interface CompleteOption<Out, Emitted> {
  /**
   * Runs once, when the stage is about to end normally and all its events are handled; what it returns is emitted (totals,
   * a last partial batch). Never runs for another end.
   */
  readonly handleComplete?: ((self: Self<Emitted>) => Returned<Out>) | undefined;
}
