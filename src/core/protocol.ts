/**
 * The messages between stages. Read this file first: it is all that two stages say to each other.
 *
 * Demand goes up, events come down. A consumer opens a wire to a producer with {@link Outlet.connect}; each end of the
 * wire is a {@link Port}. An ask is a number, a list of events is an array, everything else is a control message.
 *
 * A message is posted, never delivered in the call: `post(port, message)` of `scheduler.ts`. Messages from one stage to
 * another arrive in the order in which they were posted.
 */

/** Why a stage stopped or a subscription ended. */
export type ExitReason =
  | { readonly type: "normal" }
  | { readonly type: "shutdown"; readonly reason?: unknown }
  | { readonly type: "error"; readonly error: unknown };

/** One end of a wire. The scheduler calls `receive` once for each message, in the order in which they were posted. */
export interface Port<in Message> {
  /** Takes one message. It does not throw, and is not called while another `receive` runs. */
  receive(message: Message): void;
}

/** What a consumer says to a producer: a number is an ask for so many more events. */
export type Upward = number | Subscribe | Cancel | Return;

/** What a producer says to a consumer: a list is events, never empty, which nobody may change. */
export type Downward<Event> = readonly Event[] | Cancel;

/** Whether a message is a list of events: the test that costs the least, for the message that comes most often. */
export function isEvents<Event>(message: Downward<Event>): message is readonly Event[] {
  return Array.isArray(message);
}

/** The first message on a wire; {@link Outlet.connect} posts it. */
export interface Subscribe {
  readonly type: "subscribe";
  /** The producer's end of an older wire of this consumer, which ends as this one begins. */
  readonly replaces?: { readonly port: Port<Upward>; readonly reason: ExitReason };
}

/**
 * The last message on a wire, in either direction.
 *
 * `cancel`: the subscription ends, its partner lives. A producer answers a consumer's cancel with a cancel of the same
 * reason; events that it sent before are still handled. `down`: the partner itself ends; nobody answers.
 */
export interface Cancel {
  readonly type: "cancel";
  /** Whether the partner lives on (`cancel`) or has ended itself (`down`). */
  readonly kind: "cancel" | "down";
  /** Why, as the one who says it sees it. */
  readonly reason: ExitReason;
  /** From a consumer that will give back what it has not handled: the producer confirms it, whatever its kind. */
  readonly returns?: true;
}

/**
 * Behind the confirmation of a {@link Cancel} that `returns`: the events that the consumer has not handled, in order. `times`
 * is how often those of a list have been tried: a call with them was begun.
 */
export interface Return {
  readonly type: "return";
  /** The lists, each with how often it has been tried. */
  readonly lists: readonly { readonly events: readonly unknown[]; readonly times: number }[];
}

/** The consumer's end of a wire, and what the producer may know of the consumer. */
export interface Subscriber<in Event> extends Port<Downward<Event>> {
  /** The name of the consumer, for reports. */
  readonly consumer: string;
  /** Who subscribes: two wires of one consumer have the same identity. */
  readonly identity: object;
  /** Whether an error end of the producer reaches somebody here, who ends with it or reports it. */
  readonly receivesErrors: boolean;
  /** The options of the subscription that are the dispatcher's: `partition`, `selector`, and what a custom one declares. */
  readonly options: DispatchOptions;
}

/** Options of a subscription for the producer's dispatcher. */
export interface DispatchOptions {
  /** For a partition dispatcher: which partition. */
  readonly partition?: unknown;
  /** For a broadcast dispatcher: which events. */
  readonly selector?: unknown;
  readonly [option: string]: unknown;
}

/** The side of a stage that consumers connect to. */
export interface Outlet<out Event> {
  /** The name of the producer, for reports. */
  readonly name: string;
  /** The names of the options that a subscription may give for the dispatcher. */
  readonly dispatchOptions: readonly string[];
  /**
   * Opens a wire and posts its `subscribe`; returns the producer's end. Runs no callback. A stage that has ended answers
   * with its stored `ExitReason`.
   */
  connect(subscriber: Subscriber<Event>, replaces?: Subscribe["replaces"]): Wire<Event>;
  /**
   * Settles when what the departure of a consumer stopped has released its resources: this stage if it was left unused,
   * and what it left unused in turn. At once when it goes on. Rejects with the error of a clean-up that failed.
   */
  released(): Promise<void>;
}

/** The key under which a producing stage shows its {@link Outlet}; one for all copies of this library in a realm. */
export const OUTLET: unique symbol = Symbol.for("sluice.outlet");

/** The producer's end of a wire, as the consumer has it. */
export interface Wire<out Event> extends Port<Upward> {
  /**
   * An ask of one and its answer without a message: an event that is buffered already, or `undefined`. Only where it cannot
   * be told from the two messages: nothing is in flight on this wire, and the producer, idle, has no other consumer.
   */
  takeBuffered?(): IteratorYieldResult<Event> | undefined;
}

/** What can be subscribed to: a stage of this library, or a foreign one that keeps the protocol. */
export interface Subscribable<out Event> {
  /** Where consumers connect. */
  readonly [OUTLET]: Outlet<Event>;
}

/** The key under which a stage lets somebody own it; one for all copies of this library in a realm. */
export const ADOPT: unique symbol = Symbol.for("sluice.adopt");

/** The reason of an end that needs no further word. */
export const NORMAL: ExitReason = Object.freeze({ type: "normal" });
