import type { DispatchOptions } from "sluice";

/** What a dispatcher does with a list, or with an ask. */
export interface Outcome<Event> {
  readonly taken: number;
  /** What each consumer is sent. */
  readonly sent: ReadonlyMap<object, readonly Event[]>;
  /** What is asked again in the name of a consumer. */
  readonly again: ReadonlyMap<object, number>;
  readonly dropped: number;
}

/** A dispatcher in its simplest form, to hold the real one against: slow, and one sentence for each rule. */
export interface Oracle<Event> {
  /** Whether it admits the consumer. */
  subscribe(consumer: object, identity: object, options: DispatchOptions): boolean;
  ask(consumer: object, demand: number): Outcome<Event>;
  cancel(consumer: object): void;
  dispatch(events: readonly Event[]): Outcome<Event>;
  clear(): void;
  /** What a consumer has asked for and was not sent. */
  openOf(consumer: object): number;
  readonly capacity: number;
  readonly isFull: boolean;
  readonly queued: number;
}

/** An outcome that grows event by event. */
export class Tally<Event> implements Outcome<Event> {
  taken = 0;
  dropped = 0;
  readonly sent: Map<object, Event[]> = new Map();
  readonly again: Map<object, number> = new Map();

  send(consumer: object, event: Event): void {
    const list = this.sent.get(consumer);
    if (list === undefined) this.sent.set(consumer, [event]);
    else list.push(event);
  }

  askAgain(consumer: object): void {
    this.again.set(consumer, (this.again.get(consumer) ?? 0) + 1);
  }
}
