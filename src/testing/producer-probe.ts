import {
  NORMAL,
  OUTLET,
  post,
  type Cancel,
  type Downward,
  type ExitReason,
  type Outlet,
  type Port,
  type Subscribable,
  type Subscribe,
  type Subscriber,
  type Upward,
} from "../core/index.ts";
import { settle } from "./settle.ts";

export interface ProducerProbeOptions {
  /** Default `probe`. */
  readonly name?: string;
  /** The options that its dispatcher would take. */
  readonly dispatchOptions?: readonly string[];
}

/**
 * A producer that does only what a test tells it, message by message, and records what its consumers say.
 *
 * It keeps no account of demand: it sends what it is told to, asked for or not.
 */
export class ProducerProbe<in out Event> {
  readonly name: string;
  /** One for each subscription, in order. */
  readonly wires: ProbeWire<Event>[] = [];
  /** What a consumer subscribes to. */
  readonly producer: Subscribable<Event>;

  constructor(options: ProducerProbeOptions = {}) {
    this.name = options.name ?? "probe";
    const outlet: Outlet<Event> = {
      name: this.name,
      dispatchOptions: options.dispatchOptions ?? [],
      connect: (subscriber, replaces) => {
        const wire = new ProbeWire(subscriber, replaces);
        this.wires.push(wire);
        return wire;
      },
      released: () => Promise.resolve(),
    };
    this.producer = { [OUTLET]: outlet };
  }

  /** The newest subscription. */
  get wire(): ProbeWire<Event> {
    const wire = this.wires.at(-1);
    if (wire === undefined) throw new Error(`expected ${this.name} to have a subscription, got: none`);
    return wire;
  }

  /** The asks of the newest subscription. */
  get asks(): readonly number[] {
    return this.wire.asks;
  }

  /** The cancels of the newest subscription. */
  get cancels(): readonly Cancel[] {
    return this.wire.cancels;
  }

  emit(...events: readonly Event[]): Promise<void> {
    return this.wire.send(events);
  }

  /** Ends the newest subscription, as a producer does that ends normally. */
  complete(): Promise<void> {
    return this.wire.end("down", NORMAL);
  }

  /** Ends the newest subscription, as a producer does that fails. */
  fail(error: unknown): Promise<void> {
    return this.wire.end("down", { type: "error", error });
  }
}

/** The producer's end of one subscription. */
export class ProbeWire<in out Event> implements Port<Upward> {
  readonly subscriber: Subscriber<Event>;
  readonly replaces: Subscribe["replaces"];
  readonly asks: number[] = [];
  readonly cancels: Cancel[] = [];

  constructor(subscriber: Subscriber<Event>, replaces: Subscribe["replaces"]) {
    this.subscriber = subscriber;
    this.replaces = replaces;
  }

  receive(message: Upward): void {
    if (typeof message === "number") this.asks.push(message);
    else if (message.type === "cancel") this.cancels.push(message);
  }

  /** One message with exactly these events. */
  send(events: readonly Event[]): Promise<void> {
    return this.post(events);
  }

  end(kind: Cancel["kind"], reason: ExitReason): Promise<void> {
    return this.post({ type: "cancel", kind, reason });
  }

  post(message: Downward<Event>): Promise<void> {
    post(this.subscriber, message);
    return settle();
  }
}
