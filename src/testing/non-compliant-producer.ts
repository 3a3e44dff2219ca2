import { NORMAL, OUTLET, post, type Downward, type ExitReason, type Outlet, type Port, type Subscribable, type Subscriber, type Upward } from "../core/index.ts";

/** What is wrong with it. Without any of these it keeps the protocol. */
export interface Misbehaviour<out Event> {
  /** A label for reports. Default says that it is not compliant. */
  readonly name?: string;
  /** Sends so many events more than it was asked for, with each list. Default 0. */
  readonly excess?: number;
  /** How often it says that it has ended, when it has no events left: 0 is never. Default 1. */
  readonly ends?: number;
  /** How it ends. Default normally. */
  readonly reason?: ExitReason;
  /** Sends these when it has ended, or has confirmed a cancel. Default none. */
  readonly eventsAfterEnd?: readonly Event[];
  /** Fails with this when it has ended, or has confirmed a cancel. */
  readonly errorAfterEnd?: Error;
  /** Whether it confirms a cancel, and sends nothing more then. Default true. */
  readonly confirmsCancels?: boolean;
}

/**
 * A producer that gives each consumer the same events and breaks the protocol as it is told: to show that a consumer
 * survives it. It reports nothing and keeps no buffer.
 */
export function nonCompliantProducer<Event>(events: readonly Event[], misbehaviour: Misbehaviour<Event> = {}): Subscribable<Event> {
  const outlet: Outlet<Event> = {
    name: misbehaviour.name ?? "non-compliant",
    dispatchOptions: [],
    connect: (subscriber) => new Misbehaved(subscriber, events, misbehaviour),
    released: () => Promise.resolve(),
  };
  return { [OUTLET]: outlet };
}

class Misbehaved<Event> implements Port<Upward> {
  readonly #subscriber: Subscriber<Event>;
  readonly #events: readonly Event[];
  readonly #misbehaviour: Misbehaviour<Event>;
  #sent = 0;
  #isOver = false;

  constructor(subscriber: Subscriber<Event>, events: readonly Event[], misbehaviour: Misbehaviour<Event>) {
    this.#subscriber = subscriber;
    this.#events = events;
    this.#misbehaviour = misbehaviour;
    if (events.length === 0) this.#end();
  }

  receive(message: Upward): void {
    if (this.#isOver || (typeof message === "object" && message.type === "subscribe")) return;
    if (typeof message === "number") this.#serve(message);
    else if (message.type === "return" || message.kind === "down") this.#isOver = true;
    else if (this.#misbehaviour.confirmsCancels !== false) {
      this.#say({ type: "cancel", kind: "cancel", reason: message.reason });
      this.#goOnAfterEnd();
    }
  }

  #serve(demand: number): void {
    const list = this.#events.slice(this.#sent, this.#sent + demand + (this.#misbehaviour.excess ?? 0));
    this.#sent += list.length;
    if (list.length > 0) this.#say(list);
    if (this.#sent === this.#events.length) this.#end();
  }

  #end(): void {
    const { ends = 1, reason = NORMAL } = this.#misbehaviour;
    for (let count = 0; count < ends; count += 1) this.#say({ type: "cancel", kind: "down", reason });
    if (ends > 0) this.#goOnAfterEnd();
  }

  #goOnAfterEnd(): void {
    this.#isOver = true;
    const { eventsAfterEnd = [], errorAfterEnd } = this.#misbehaviour;
    if (eventsAfterEnd.length > 0) this.#say(eventsAfterEnd);
    if (errorAfterEnd !== undefined) this.#say({ type: "cancel", kind: "down", reason: { type: "error", error: errorAfterEnd } });
  }

  #say(message: Downward<Event>): void {
    post(this.#subscriber, message);
  }
}
