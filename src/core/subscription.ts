/** The handles of a link between two stages: what a consumer, and what a producer, can do with it. */
import type { DispatchOptions, ExitReason } from "./protocol.ts";

/** A consumer's subscription to a producer. */
export interface Subscription {
  /** The partner is a producer. */
  readonly side: "producer";
  /** The name of the producer. */
  readonly name: string;
  /**
   * Asks for `demand` more events: for subscriptions in `manual` mode. Asks add up; 0 does nothing; after the end it does
   * nothing. The greatest is `Number.MAX_SAFE_INTEGER`.
   *
   * @throws BadOptionError for anything but an integer from 0
   */
  ask(demand: number): void;
  /**
   * Ends the subscription, not the consumer (but for the cancel modes of GenStage, which count it as the producer's).
   * Events that the producer sent before it has heard of this are still handled; resolves when it has confirmed.
   *
   * @param reason what the producer's `handleCancel` is told; default a shutdown
   */
  cancel(reason?: ExitReason): Promise<void>;
  /** Why the subscription ended. Never rejects. */
  readonly closed: Promise<ExitReason>;
}

/** A producer's view of a consumer that subscribed to it. */
export interface Consumption {
  /** The partner is a consumer. */
  readonly side: "consumer";
  /** The name of the consumer. */
  readonly name: string;
  /** The consumer's options for the dispatcher. */
  readonly options: DispatchOptions;
  /** Ends the subscription; the consumer's cancel mode decides what follows. Default reason: a shutdown. */
  cancel(reason?: ExitReason): void;
}

/** Why a subscription ended: the partner cancelled it (`cancel`), or ended itself (`down`). */
export interface CancelInfo {
  /** Whether the partner lives on (`cancel`) or has ended (`down`). */
  readonly kind: "cancel" | "down";
  /** Why; an error as the object that was thrown. */
  readonly reason: ExitReason;
}
