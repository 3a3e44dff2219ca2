/** Stages as their users see them. */
import type { WindowOptions } from "./demand-window.ts";
import type { CancelMode } from "./inlet-link.ts";
import type { Snapshot } from "./inspect.ts";
import type { DemandMode } from "./outlet.ts";
import type { ADOPT, ExitReason, Subscribable } from "./protocol.ts";
import type { Role } from "./stage.ts";
import type { Subscription } from "./subscription.ts";

/** What every stage has. */
export interface Stage extends AsyncDisposable {
  /** A label for reports and errors; never looked up. */
  readonly name: string;
  /** What it is. */
  readonly role: Role;
  /** Resolves once, with the way in which the stage ended; never rejects. Reading it counts as receiving an error end. */
  readonly closed: Promise<ExitReason>;
  /**
   * Stops the stage now: what is buffered or queued is lost (and counted), a callback in progress is waited for, then
   * `handleStop` runs. Resolves when the stage has ended, after at most twice `stopWithinMs`. Never rejects. A callback that
   * awaits the stop of its own stage waits for itself: `self.stop()` returns at once.
   */
  stop(reason?: unknown): Promise<void>;
  /** The stage at this moment: its counts, what it waits for, its neighbours. */
  snapshot(): Snapshot;
  /** Sends a message in-band: `handleInfo` gets it when all events before it have been delivered. */
  info(message: unknown): void;
  /** Resolves when all events received or emitted so far have been delivered; rejects when the stage ends before that, with its error or a `StoppedError`. */
  flushed(): Promise<void>;
  /**
   * Takes the stage into care, unless somebody has it already; returns whether `owner` is who has it now. Only the owner
   * ends it when nobody uses it, and hears its error.
   */
  [ADOPT](owner: object): boolean;
}

/**
 * A stage that produces events. It is an async iterable: `for await` asks for one event at each `next()`, and several
 * `next()` of one turn for as many at once.
 */
export interface Producer<out Out> extends Stage, Subscribable<Out>, AsyncIterable<Out> {
  /** How many events wait for demand. */
  readonly bufferedCount: number;
  /** Whether demand is passed on (`forward`) or held. */
  readonly demandMode: DemandMode;
  /**
   * `accumulate` holds demand and keeps events back; `forward` delivers, and passes the demands on one by one. A
   * producerConsumer only forwards.
   *
   * @throws BadOptionError
   */
  setDemandMode(mode: DemandMode): void;
  /** Its events one by one, with read-ahead: at most `maxDemand` are in flight. */
  events(options?: ReadOptions): EventReader<Out>;
  /** Its events in lists, as they come: the fast way. A list holds at most `maxDemand - minDemand` events. */
  batches(options?: ReadOptions): EventReader<readonly Out[]>;
  /** A loop that asks for one event at each `next()`, and for none before. */
  [Symbol.asyncIterator](): EventReader<Out>;
}

/** A producer that can be driven from outside. */
export interface PushProducer<in out Out> extends Producer<Out> {
  /**
   * Hands over a list of events, in its turn. Nobody may change the list afterwards. Returns how many more fit: free room
   * in the buffer and open demand. What does not fit is discarded by `bufferKeep`; without it the stage ends with
   * `SLUICE_BUFFER_FULL` when its buffer has been delivered.
   *
   * @throws SluiceError `SLUICE_ENDED` after `complete()` or the end
   */
  emit(events: readonly Out[]): number;
  /**
   * Counts events that came and were not emitted, as nobody could take them: what an overflow policy of one's own has cost.
   * They are reported and counted like those that a full buffer discards.
   */
  discard(count: number): void;
  /** No more will come: the stage ends normally when its buffer has been delivered. */
  complete(): void;
  /** Ends the stage with an error, when what it took before has been delivered. After the end it is reported only. */
  fail(error: unknown): void;
}

/** A stage that consumes events. */
export interface Consumer<in In> extends Stage {
  /** Subscribes to one more producer. @throws BadOptionError */
  subscribe(producer: Subscribable<In>, options?: SubscribeOptions): Subscription;
}

/** Both: it consumes, and produces what its callbacks return. */
export interface ProducerConsumer<in In, out Out> extends Producer<Out>, Consumer<In> {}

/** What a callback can do with its own stage. */
export interface Self<in Out = never> {
  /** Aborts when the stage stops, and when one of several concurrent calls fails. */
  readonly signal: AbortSignal;
  /** Emits events now, before those that the callback returns. Returns how many more fit. */
  emit(events: readonly Out[]): number;
  /** No more will come: see `PushProducer.complete`. A consumer leaves its producers and handles what is queued. */
  complete(): void;
  /** Ends the stage with an error, as if a callback had thrown it: for work that goes on beside the callbacks. */
  fail(error: unknown): void;
  /** Stops the stage now. */
  stop(reason?: unknown): void;
}

/** What a loop reads from; `await using` ends the reading as `return()` does. */
export interface EventReader<out Result> extends AsyncIterableIterator<Result, undefined>, AsyncDisposable {
  /** Leaves, with `value` as the reason: a stage that this stops is told of it. Resolves with the value. */
  return(): Promise<IteratorReturnResult<undefined>>;
  return<Value>(value: Value): Promise<IteratorReturnResult<Awaited<Value>>>;
  /** Leaves with the error as the reason, and rejects with it. */
  throw(error?: unknown): Promise<IteratorResult<Result, undefined>>;
  /** The reader itself. */
  [Symbol.asyncIterator](): EventReader<Result>;
}

/** How a loop reads ahead. */
export interface ReadOptions extends WindowOptions {
  /** Ends the loop: a pending and the next `next()` reject with its reason, the subscription is cancelled. Default none. */
  readonly signal?: AbortSignal | undefined;
  /** How long `break` waits for the resources that it released. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/** The options of one subscription. A custom dispatcher declares its own by augmenting this interface. */
export interface SubscribeOptions extends WindowOptions {
  /** What the consumer does when this producer goes. Default `last`. */
  readonly cancel?: CancelMode | undefined;
  /** Who asks: the stage as it handles events, or `subscription.ask`. Default `automatic`. */
  readonly mode?: "automatic" | "manual" | undefined;
  /** For a partition dispatcher: which partition. Default none; it is required there. */
  readonly partition?: number | string | undefined;
  /** For a broadcast dispatcher: which events. Default all. */
  readonly selector?: ((event: never) => boolean) | undefined;
  /**
   * What becomes of the events that this consumer has received and not handled when it fails or is stopped. `lose`: they are
   * counted, and reported. `redeliver`: they go back to the producer, which delivers them again, before all others, to the next
   * consumer that asks: the restarted one, or a sibling. So each is handled at least once, and the producer does not end before.
   * Only with a dispatcher that gives each event to one consumer, whichever that is. Default `lose`.
   */
  readonly onCrash?: "lose" | "redeliver" | undefined;
  /**
   * How often an event is delivered again after a call with it has failed or did not end; then it is lost, and reported as
   * `redelivery-failed`. Default 3.
   */
  readonly maxRedeliveries?: number | undefined;
  /**
   * An older subscription of this consumer, which ends as this one begins; nothing is lost between. The producer is told the
   * reason; default a shutdown.
   */
  readonly replaces?: { readonly subscription: Subscription; readonly reason?: ExitReason } | undefined;
}

/** Whom a stage subscribes to at its start: a producer, or one with options. */
export type Target<Event> = Subscribable<Event> | ({ readonly to: Subscribable<Event> } & SubscribeOptions);

/** Makes an option that nobody knows a type error: a list whose type is inferred is not checked for those. */
export type KnownTargets<Targets extends readonly unknown[]> = {
  readonly [Index in keyof Targets]: Targets[Index] extends { readonly to: unknown }
    ? Targets[Index] & { readonly [Name in Exclude<keyof Targets[Index], keyof SubscribeOptions | "to">]: never }
    : Targets[Index];
};

/** The events of a list of targets. */
export type EventOf<Targets extends readonly Target<unknown>[]> = Targets[number] extends infer Each
  ? Each extends { readonly to: Subscribable<infer Event> }
    ? Event
    : Each extends Subscribable<infer Event>
      ? Event
      : never
  : never;
