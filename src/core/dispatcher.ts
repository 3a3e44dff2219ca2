/**
 * Who gets which event: the policy of a producing stage, behind a small synchronous interface.
 *
 * The stage keeps the account with its source, the dispatcher the one with its consumers. After each subscribe, ask and
 * cancel, and after each list, the stage delivers from its buffer up to `capacity`, and asks its source for
 * `capacity - owed`, where `owed` is what the source was asked for and has not brought yet. So demand that a consumer
 * leaves behind is neither lost nor asked for twice.
 */
import type { DispatchOptions } from "./protocol.ts";
import type { Finding } from "./report.ts";

/** A consumer, as a dispatcher sees it. */
export interface Recipient<in Event> {
  /** The name of the consumer, for reports. */
  readonly name: string;
  /** The same for two subscriptions of one consumer. */
  readonly identity: object;
  /** What the consumer gave for the dispatcher. */
  readonly options: DispatchOptions;
  /** The dispatcher's own: what it remembers of this consumer, at hand without a look-up. Empty at first. */
  seat: unknown;
  /** Posts a list to the consumer: not empty, not more than it asked for, and never changed afterwards. */
  send(events: readonly Event[]): void;
  /** Asks once more for events that the consumer asked for and was not sent: in its name, as a message of its own. */
  askAgain(count: number): void;
}

/** What the stage offers to its dispatcher. */
export interface DispatcherHost {
  /** The bound of the stage's buffer. */
  readonly bufferSize: number;
  /** Counts events that the dispatcher took and gives to nobody, by its own rule; their demand is asked for again. */
  dropped(count: number): void;
  /** Says that something is worth telling; the stage adds its name. */
  report(finding: Finding): void;
}

/** A stage calls these one at a time and never from within one of them. All are synchronous. */
export interface Dispatcher<Event> {
  /** The options that a subscription may give for it. Default none; others are bad options. */
  readonly options?: readonly string[];
  /** Admits a consumer, with no demand. Throws to refuse it: the error goes to that consumer, and nothing has changed. */
  subscribe(recipient: Recipient<Event>): void;
  /** Adds to the demand of a consumer: an integer of at least 1. */
  ask(recipient: Recipient<Event>, demand: number): void;
  /** Forgets a consumer and its open demand. */
  cancel(recipient: Recipient<Event>): void;
  /** Whether a consumer that is alone gets every event, in order. Default false. */
  readonly givesAllToOne?: boolean;
  /**
   * Whether an event may as well go to another consumer, so that what one has left unhandled can be given to the next: then
   * subscriptions may ask for `onCrash: "redeliver"`. It sends in `dispatch`, and has no queues. Default false.
   */
  readonly redelivers?: boolean;
  /** How many events it can take now. */
  readonly capacity: number;
  /** Whether it wants none at present, whatever its capacity: then no demand is passed to the source. Default false. */
  readonly isFull?: boolean;
  /** The events in queues of its own, which count as the stage's buffer. Default 0; the next two belong to it. */
  readonly queued?: number;
  /** Calls `reached` when all that is queued now has been delivered. */
  mark?(reached: () => void): void;
  /** Throws its queues away. */
  clear?(): void;
  /**
   * Sends the first events of a list to consumers, as many as it can; returns how many it took. The stage keeps the others
   * and brings them again, in order, when there is capacity.
   */
  dispatch(events: readonly Event[]): number;
}

/** Makes the dispatcher of one stage: {@link Dispatcher} has state, so each stage has its own. */
export type DispatcherFactory<Event> = (host: DispatcherHost) => Dispatcher<Event>;
