import type { Subscription } from "../subscription.ts";

/**
 * The demand of one subscription of a `consumerSupervisor`: an event keeps its place until its child has ended. Other
 * consumers count down to `minDemand`; this one counts the ended children up to it, as in GenStage.
 */
export class ChildWindow {
  readonly max: number;
  readonly min: number;
  /** Nobody asks but the user, in manual mode. */
  readonly isAutomatic: boolean;
  /** The name of the producer. */
  readonly partner: string;
  /** From the first ask until the subscription has ended. */
  #subscription: Subscription | undefined;
  /** Events whose child has not ended. */
  #running = 0;
  /** Children that have ended since the last ask. */
  #ended = 0;

  constructor(window: { readonly max: number; readonly min: number }, isAutomatic: boolean, partner: string) {
    this.max = window.max;
    this.min = window.min;
    this.isAutomatic = isAutomatic;
    this.partner = partner;
  }

  /** Asked for, and without a child that has ended. */
  get outstanding(): number {
    return this.isAutomatic && this.#subscription !== undefined ? this.max - this.#ended : 0;
  }

  /** How many more events are in place than were asked for. */
  get excess(): number {
    return this.isAutomatic && this.#subscription !== undefined ? Math.max(0, this.#running - this.max) : 0;
  }

  /** The first ask. */
  open(subscription: Subscription): void {
    this.#subscription = subscription;
    if (this.isAutomatic) subscription.ask(this.max);
  }

  /** The subscription has ended. */
  close(): void {
    this.#subscription = undefined;
  }

  take(count: number): void {
    this.#running += count;
  }

  /** The children of so many events have ended, or never were. */
  end(count: number): void {
    this.#running -= count;
    this.#ended += count;
    if (!this.isAutomatic || this.#ended < this.min) return;
    this.#subscription?.ask(this.#ended);
    this.#ended = 0;
  }
}
