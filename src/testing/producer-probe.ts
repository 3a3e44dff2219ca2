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
import { ExpectationError, isSameReason, WireHistory } from "./expectation.ts";
import { settle } from "./settle.ts";
import { endShown, reasonShown, shown } from "./showing.ts";

/** Options of {@link ProducerProbe}. */
export interface ProducerProbeOptions {
  /** Default `probe`. */
  readonly name?: string;
  /** The options that its dispatcher would take. */
  readonly dispatchOptions?: readonly string[];
}

/**
 * A producer that does only what a test tells it, message by message, and records what its consumers say. It is what a
 * consumer subscribes to; what it says, and what is expected of it, goes over the newest subscription.
 *
 * It keeps no account of demand: it sends what it is told to, asked for or not. The expectations wait for quiet; each takes
 * what it expected, so that a row of them reads as a script. What is not as expected rejects with an `ExpectationError`, which
 * tells what was said on the wire, and takes nothing.
 *
 * ```ts
 * const probe = new ProducerProbe<number>();
 * const stage = double({ subscribeTo: [{ to: probe, maxDemand: 5 }] });
 * await probe.expectDemand(5);
 * await probe.emit(1, 2);
 * ```
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- the constructor defines it
export class ProducerProbe<in out Event> {
  /** Its name. Default `probe`. */
  readonly name: string;
  /** One for each subscription, in order. */
  readonly wires: ProbeWire<Event>[] = [];
  /** The same to a consumer as the probe itself. */
  readonly producer: Subscribable<Event>;

  constructor(options: ProducerProbeOptions = {}) {
    this.name = options.name ?? "probe";
    const outlet: Outlet<Event> = {
      name: this.name,
      dispatchOptions: options.dispatchOptions ?? [],
      connect: (subscriber, replaces) => {
        const wire = new ProbeWire(subscriber, replaces, this.name);
        this.wires.push(wire);
        return wire;
      },
      released: () => Promise.resolve(),
    };
    this.producer = { [OUTLET]: outlet };
    Object.defineProperty(this, OUTLET, { value: outlet });
  }

  /** The newest subscription. */
  get wire(): ProbeWire<Event> {
    const wire = this.wires.at(-1);
    if (wire === undefined) throw new ExpectationError(`expected ${this.name} to have a subscription, got: none`, []);
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

  /** How many events the newest subscription has asked for, in total. */
  get asked(): number {
    return this.wire.asked;
  }

  /** How many of those were not sent. */
  get outstanding(): number {
    return this.wire.outstanding;
  }

  /** Sends one list with these events on the first wire; resolves when all stages are quiet. */
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

  // ---- expectations

  /** See {@link ProbeWire.expectDemand}. */
  async expectDemand(demand: number): Promise<void> {
    await settle();
    await this.wire.expectDemand(demand);
  }

  /** See {@link ProbeWire.expectNoDemand}. */
  async expectNoDemand(): Promise<void> {
    await settle();
    await this.wire.expectNoDemand();
  }

  /** See {@link ProbeWire.expectCancel}. */
  async expectCancel(reason?: ExitReason): Promise<void> {
    await settle();
    await this.wire.expectCancel(reason);
  }
}

// Beside the class: an exported one cannot declare a computed name (`isolatedDeclarations`).
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface ProducerProbe<in out Event> extends Subscribable<Event> {}

/** The producer's end of one subscription. */
export class ProbeWire<in out Event> implements Port<Upward> {
  /** The consumer's end. */
  readonly subscriber: Subscriber<Event>;
  /** The older wire that this one replaces, if it does. */
  readonly replaces: Subscribe["replaces"];
  /** Each ask, as it came. */
  readonly asks: number[] = [];
  /** Each cancel that came. */
  readonly cancels: Cancel[] = [];
  /** How many events were sent, in total. */
  delivered = 0;
  readonly #producer: string;
  readonly #history = new WireHistory();
  /** What was said and not expected yet. */
  readonly #next: (number | Cancel)[] = [];

  constructor(subscriber: Subscriber<Event>, replaces: Subscribe["replaces"], producer = "probe") {
    this.subscriber = subscriber;
    this.replaces = replaces;
    this.#producer = producer;
  }

  /** How many events were asked for, in total. */
  get asked(): number {
    return this.asks.reduce((sum, demand) => sum + demand, 0);
  }

  /** How many of those were not sent. */
  get outstanding(): number {
    return this.asked - this.delivered;
  }

  /** What was said on the wire, the oldest first, as text. */
  get history(): readonly string[] {
    return this.#history.lines;
  }

  /** The consumer's side: records a message. */
  receive(message: Upward): void {
    this.#history.note(() => `${this.subscriber.consumer} ${upShown(message)}`);
    if (typeof message === "number") {
      this.asks.push(message);
      this.#next.push(message);
    } else if (message.type === "cancel") {
      this.cancels.push(message);
      this.#next.push(message);
    }
  }

  /** One message with exactly these events. */
  send(events: readonly Event[]): Promise<void> {
    return this.post(events);
  }

  /** Says the end; resolves when all stages are quiet. */
  end(kind: Cancel["kind"], reason: ExitReason): Promise<void> {
    return this.post({ type: "cancel", kind, reason });
  }

  /** Sends any message, as it is; resolves when all stages are quiet. */
  post(message: Downward<Event>): Promise<void> {
    this.#history.note(() => `${this.#producer} ${"type" in message ? `says ${endShown(message)}` : `sends ${shown(message)}`}`);
    if (!("type" in message)) this.delivered += message.length;
    post(this.subscriber, message);
    return settle();
  }

  // ---- expectations

  /** That the consumer has asked for so many events since the last expectation, in one ask or in several. */
  async expectDemand(demand: number): Promise<void> {
    await settle();
    const asks = this.#nextAsks();
    const sum = asks.reduce((total, each) => total + each, 0);
    if (sum !== demand) {
      const got = asks.length === 0 ? this.#nextShown() : `${sum}${asks.length > 1 ? ` (${asks.join(" + ")})` : ""}`;
      throw this.#history.unmet(this.subscriber.consumer, `ask for ${demand}`, got, { expected: demand, actual: sum });
    }
    this.#next.splice(0, asks.length);
  }

  /** That the consumer has asked for nothing since the last expectation. */
  async expectNoDemand(): Promise<void> {
    await settle();
    const asks = this.#next.filter((each) => typeof each === "number");
    if (asks.length > 0) throw this.#history.unmet(this.subscriber.consumer, "ask for nothing", asks.join(" + "));
  }

  /** That the consumer has cancelled, or gone, and asked for nothing before; for this reason, if one is given: the very same error or reason. */
  async expectCancel(reason?: ExitReason): Promise<void> {
    await settle();
    const [next] = this.#next;
    if (typeof next !== "object" || (reason !== undefined && !isSameReason(next.reason, reason))) {
      const values = typeof next === "object" && reason !== undefined ? { expected: reason, actual: next.reason } : undefined;
      throw this.#history.unmet(this.subscriber.consumer, reason === undefined ? "cancel" : `cancel (${reasonShown(reason)})`, this.#nextShown(), values);
    }
    this.#next.shift();
  }

  /** What was asked for before anything else was said. */
  #nextAsks(): readonly number[] {
    const place = this.#next.findIndex((each) => typeof each !== "number");
    return (place === -1 ? this.#next : this.#next.slice(0, place)).filter((each) => typeof each === "number");
  }

  #nextShown(): string {
    const [next] = this.#next;
    return next === undefined ? "nothing" : upShown(next);
  }
}

function upShown(message: Upward): string {
  if (typeof message === "number") return `asks for ${message}`;
  return message.type === "cancel" ? `says ${endShown(message)}` : `says ${message.type}`;
}
