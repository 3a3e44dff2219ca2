/**
 * A dispatcher that knows when the consumers have handled what it gave them: who asks for one event at a time has handled the
 * one before when he asks for the next.
 */
import type { Dispatcher, DispatcherFactory, Recipient } from "./dispatcher.ts";
import { SluiceError } from "./errors.ts";
import type { DispatchOptions } from "./protocol.ts";
import { inNextTurn } from "./scheduler.ts";

/**
 * Consumers that have an event, and have not handled it: for adapters that tell who wrote an event when it has been processed.
 *
 * Each consumer must ask for one event at a time; an ask for more is an error, `SLUICE_BAD_PARTNER`, that ends the stage.
 */
export class Holders {
  readonly #stage: () => string;
  readonly #handled: () => void;
  readonly #holders = new Set<object>();

  /** `handled` is called when there are no holders any more, and may be once too often. */
  constructor(stage: () => string, handled: () => void) {
    this.#stage = stage;
    this.#handled = handled;
  }

  /** Whether nobody holds an event. */
  get isEmpty(): boolean {
    return this.#holders.size === 0;
  }

  /** Has the dispatcher of another factory tell who holds what. */
  over<Event>(inner: DispatcherFactory<Event>): DispatcherFactory<Event> {
    return (host) => new AcknowledgingDispatcher(inner(host), this);
  }

  /** The consumer in this seat was sent something. */
  given(seat: object): void {
    this.#holders.add(seat);
  }

  /** The consumer in this seat asks: it has handled what it was sent. Throws for a demand of more than one. */
  asks(seat: object, demand: number): void {
    if (demand > 1) throw asksForMany(this.#stage(), demand);
    if (this.#holders.delete(seat) && this.isEmpty) this.#handled();
  }

  /** What it has is lost with it, or comes back: then it is given once more. */
  leaves(seat: object, isReturned: boolean): void {
    // The stage may end with its last consumer, and knows better then.
    if (this.#holders.delete(seat) && !isReturned) inNextTurn(() => this.isEmpty && this.#handled());
  }
}

class AcknowledgingDispatcher<Event> implements Dispatcher<Event> {
  readonly options: readonly string[];
  /** What is buffered goes by `dispatch`, or nobody would know of it. */
  readonly givesAllToOne = false;
  readonly redelivers: boolean;
  readonly #inner: Dispatcher<Event>;
  readonly #holders: Holders;
  readonly #seats = new Map<Recipient<Event>, Seat<Event>>();

  constructor(inner: Dispatcher<Event>, holders: Holders) {
    this.#inner = inner;
    this.#holders = holders;
    this.options = inner.options ?? [];
    this.redelivers = inner.redelivers === true;
  }

  get capacity(): number {
    return this.#inner.capacity;
  }

  get isFull(): boolean {
    return this.#inner.isFull === true;
  }

  get queued(): number {
    return this.#inner.queued ?? 0;
  }

  subscribe(recipient: Recipient<Event>): void {
    const seat = new Seat(recipient, this.#holders);
    this.#inner.subscribe(seat);
    this.#seats.set(recipient, seat);
  }

  ask(recipient: Recipient<Event>, demand: number): void {
    const seat = this.#seats.get(recipient);
    if (seat === undefined) return;
    this.#holders.asks(seat, demand);
    this.#inner.ask(seat, demand);
  }

  cancel(recipient: Recipient<Event>): void {
    const seat = this.#seats.get(recipient);
    if (seat === undefined) return;
    this.#seats.delete(recipient);
    this.#inner.cancel(seat);
    this.#holders.leaves(seat, recipient.options["onCrash"] === "redeliver");
  }

  dispatch(events: readonly Event[]): number {
    return this.#inner.dispatch(events);
  }

  mark(reached: () => void): void {
    this.#inner.mark?.(reached);
  }

  clear(): void {
    this.#inner.clear?.();
  }
}

/** A consumer, as the dispatcher within sees it. */
class Seat<Event> implements Recipient<Event> {
  seat: unknown = undefined;
  readonly #recipient: Recipient<Event>;
  readonly #holders: Holders;

  constructor(recipient: Recipient<Event>, holders: Holders) {
    this.#recipient = recipient;
    this.#holders = holders;
  }

  get name(): string {
    return this.#recipient.name;
  }

  get identity(): object {
    return this.#recipient.identity;
  }

  get options(): DispatchOptions {
    return this.#recipient.options;
  }

  send(events: readonly Event[]): void {
    this.#holders.given(this);
    this.#recipient.send(events);
  }

  askAgain(count: number): void {
    this.#recipient.askAgain(count);
  }
}

function asksForMany(stage: string, demand: number): SluiceError {
  const why = "a write waits until its event has been processed (processed: true), and who asks for one at a time shows when that is";
  return new SluiceError("SLUICE_BAD_PARTNER", `expected each consumer of ${stage} to ask for one event at a time, got: an ask for ${demand} (${why})`);
}
