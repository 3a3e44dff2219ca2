import { OUTLET, post, type Cancel, type Downward, type Outlet, type Port, type Subscribable, type Subscriber, type Upward } from "sluice";

/** Listens on the wires between a producer and its consumers, and notes what breaks the protocol. */
export class Monitor {
  /** One sentence for each breach. */
  readonly breaches: string[] = [];

  /** The producer, as its consumers see it through the monitor. */
  watch<Event>(producer: Subscribable<Event>, maxDemand: number): Subscribable<Event> {
    const outlet = producer[OUTLET];
    const watched: Outlet<Event> = {
      name: outlet.name,
      dispatchOptions: outlet.dispatchOptions,
      connect: (subscriber, replaces) => {
        const wire = new Wire<Event>(subscriber, maxDemand, (breach) => this.breaches.push(`${outlet.name} -> ${subscriber.consumer}: ${breach}`));
        wire.up = outlet.connect(wire, replaces);
        return wire.upward;
      },
      released: () => outlet.released(),
    };
    return { [OUTLET]: watched };
  }
}

/** One subscription: what was asked and delivered, and whether it has ended. */
class Wire<Event> implements Subscriber<Event> {
  up: Port<Upward> | undefined;
  readonly #subscriber: Subscriber<Event>;
  readonly #maxDemand: number;
  readonly #note: (breach: string) => void;
  #asked = 0;
  #delivered = 0;
  readonly #ends: Cancel[] = [];
  #isCancelled = false;

  constructor(subscriber: Subscriber<Event>, maxDemand: number, note: (breach: string) => void) {
    this.#subscriber = subscriber;
    this.#maxDemand = maxDemand;
    this.#note = note;
  }

  get consumer(): string {
    return this.#subscriber.consumer;
  }

  get identity(): object {
    return this.#subscriber.identity;
  }

  get receivesErrors(): boolean {
    return this.#subscriber.receivesErrors;
  }

  get options(): Subscriber<Event>["options"] {
    return this.#subscriber.options;
  }

  /** From the consumer. */
  readonly upward: Port<Upward> = {
    receive: (message) => {
      if (typeof message === "number") {
        if (!Number.isSafeInteger(message) || message < 1) this.#note(`asks for ${message}`);
        if (this.#isCancelled) this.#note("asks after its cancel");
        this.#asked += message;
        if (this.#asked - this.#delivered > this.#maxDemand) this.#note(`${this.#asked - this.#delivered} in flight, more than ${this.#maxDemand}`);
      } else if (message.type === "cancel") {
        if (this.#isCancelled) this.#note("cancels twice");
        this.#isCancelled = true;
      }
      if (this.up !== undefined) post(this.up, message);
    },
  };

  /** From the producer. */
  receive(message: Downward<Event>): void {
    if ("type" in message) this.#ends.push(message);
    else {
      this.#delivered += message.length;
      if (message.length === 0) this.#note("an empty list");
      if (this.#delivered > this.#asked) this.#note(`${this.#delivered} delivered, ${this.#asked} asked`);
      if (this.#ends.length > 0) this.#note("events after the end");
    }
    if (this.#ends.length > 1) this.#note("two ends");
    post(this.#subscriber, message);
  }
}
