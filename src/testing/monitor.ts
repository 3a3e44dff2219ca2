/** Listens between a producer and its consumers, and says who breaks the protocol. */
import {
  OUTLET,
  isEvents,
  type Cancel,
  type DispatchOptions,
  type Downward,
  type ExitReason,
  type Outlet,
  type Port,
  type Subscribable,
  type Subscriber,
  type Upward,
  type Wire,
} from "../core/protocol.ts";
import { post } from "../core/scheduler.ts";

/** What can be wrong on a wire. */
export type ProtocolRule =
  /** More events were sent than asked for. */
  | "over-delivered"
  /** More events are in flight than the window of the subscription holds. */
  | "over-asked"
  /** An ask that is no integer of at least 1. */
  | "bad-ask"
  /** A list without events. */
  | "empty-list"
  /** `connect` has posted the `subscribe` of the wire; the consumer says another one. */
  | "second-subscribe"
  /** The consumer goes on after its own cancel. */
  | "after-cancel"
  /** The producer goes on after its end. */
  | "after-end";

/** Options of {@link monitored}. */
export interface MonitorOptions {
  /** The most events that each subscription may have in flight: its `maxDemand`, if it asks automatically. Default: not checked. */
  readonly maxDemand?: number;
  /** Freezes each list, so that whoever changes it fails where he does it. Default false. */
  readonly freeze?: boolean;
  /** Gets each violation. Default: it is thrown where nobody can catch it, which fails a test. */
  readonly handleViolation?: (violation: ProtocolViolation) => void;
}

/** What was heard on one wire. */
export interface MonitoredWire {
  /** The name of the consumer. */
  readonly consumer: string;
  /** What the consumer gave for the dispatcher. */
  readonly options: DispatchOptions;
  /** How many events the consumer has asked for, and how many it was sent. */
  readonly asked: number;
  /** How many events the consumer was sent. */
  readonly delivered: number;
  /** The last messages, the oldest first, as text. */
  readonly history: readonly string[];
  /** The last message of the consumer. */
  readonly cancel: Cancel | undefined;
  /** The last message of the producer. */
  readonly end: Cancel | undefined;
  /** The consumer has cancelled, and the producer has not confirmed yet. */
  readonly isAwaitingEnd: boolean;
}

/** A producer with a monitor on its wires. */
export interface Monitored<out Event> extends Subscribable<Event> {
  /** One for each subscription through this monitor, in order. */
  readonly wires: readonly MonitoredWire[];
}

/** One side of a wire broke the protocol; `history` is what was said on it until then. */
export class ProtocolViolation extends Error {
  override readonly name = "ProtocolViolation";
  /** Which rule was broken. */
  readonly rule: ProtocolRule;
  /** What was said on the wire until then, the oldest first, as text. */
  readonly history: readonly string[];

  constructor(rule: ProtocolRule, expectation: string, history: readonly string[]) {
    super([expectation, ...history].join("\n  "));
    this.rule = rule;
    this.history = history;
  }
}

/**
 * A producer as its consumers see it through a monitor: messages pass unchanged, in the same turn, and each is held against
 * the protocol. Both sides are judged: at every instant no more was delivered than asked; at most `maxDemand` is in flight;
 * no list is empty; a consumer says nothing after its cancel, a producer nothing after its end.
 *
 * Keep what it returns: subscriptions that replace each other must go through the same monitor. Whatever reads the producer
 * itself (`for await`, `events`, `batches`) is not heard.
 */
export function monitored<Event>(producer: Subscribable<Event>, options: MonitorOptions = {}): Monitored<Event> {
  const outlet = producer[OUTLET];
  const wires: Listener<Event>[] = [];
  const monitor: Outlet<Event> = {
    name: outlet.name,
    dispatchOptions: outlet.dispatchOptions,
    connect(subscriber, replaces) {
      const wire = new Listener(outlet.name, subscriber, options);
      wires.push(wire);
      const old = replaces?.port;
      // In its turn, as the `subscribe` that says it: what was said before on the old wire is still on its way.
      if (replaces !== undefined && old instanceof UpwardTap) post({ receive: () => old.hearReplaced(replaces.reason) }, undefined);
      const up = outlet.connect(wire, replaces && (old instanceof UpwardTap ? { ...replaces, port: old.up } : replaces));
      return new UpwardTap(wire, up);
    },
    released: () => outlet.released(),
  };
  return { [OUTLET]: monitor, wires };
}

/** How many messages of a wire are remembered. */
const HISTORY = 50;

/** The consumer's end of a wire, as the producer has it; and the account of the wire. */
class Listener<Event> implements Subscriber<Event>, MonitoredWire {
  asked = 0;
  delivered = 0;
  readonly history: string[] = [];
  cancel: Cancel | undefined;
  end: Cancel | undefined;
  #hasReturned = false;
  readonly #producer: string;
  readonly #subscriber: Subscriber<Event>;
  readonly #options: MonitorOptions;

  constructor(producer: string, subscriber: Subscriber<Event>, options: MonitorOptions) {
    this.#producer = producer;
    this.#subscriber = subscriber;
    this.#options = options;
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

  get options(): DispatchOptions {
    return this.#subscriber.options;
  }

  get isAwaitingEnd(): boolean {
    return this.cancel?.kind === "cancel" && this.end === undefined;
  }

  /** From the producer. */
  receive(message: Downward<Event>): void {
    const violation = isEvents(message) ? this.#hearEvents(message) : this.#hearEnd(message);
    this.#subscriber.receive(message);
    this.#tell(violation);
  }

  /** From the consumer. */
  passUp(message: Upward, up: Port<Upward>): void {
    const violation = typeof message === "number" ? this.#hearAsk(message) : this.#hearWord(message);
    up.receive(message);
    this.#tell(violation);
  }

  /** A newer wire takes the place of this one, as if its consumer had cancelled it. */
  hearReplaced(reason: ExitReason): void {
    this.#note(`${this.consumer} replaces it`);
    this.cancel ??= { type: "cancel", kind: "cancel", reason, returns: true };
  }

  /** An ask of one and its answer, without messages. */
  hearTaken(event: Event): void {
    this.#tell(this.#hearAsk(1) ?? this.#hearEvents([event]));
  }

  #hearAsk(demand: number): ProtocolViolation | undefined {
    const { maxDemand } = this.#options;
    this.#note(`${this.consumer} asks for ${demand}`);
    if (!Number.isSafeInteger(demand) || demand < 1) return this.#violation("bad-ask", this.consumer, "ask for an integer of at least 1", demand);
    this.asked += demand;
    if (this.cancel !== undefined) return this.#violation("after-cancel", this.consumer, "say nothing after its cancel", `an ask for ${demand}`);
    const inFlight = this.asked - this.delivered;
    if (maxDemand !== undefined && inFlight > maxDemand) {
      return this.#violation("over-asked", this.consumer, `have at most ${maxDemand} events in flight`, inFlight);
    }
    return undefined;
  }

  /** A cancel; the `subscribe` has gone before, past the monitor. */
  #hearWord(message: Exclude<Upward, number>): ProtocolViolation | undefined {
    const word = message.type === "cancel" ? describe(message) : message.type;
    this.#note(`${this.consumer} says ${word}`);
    if (message.type === "return") {
      const isPromised = this.cancel === undefined || this.cancel.returns === true;
      const isExpected = isPromised && this.end !== undefined && !this.#hasReturned;
      this.#hasReturned = true;
      return isExpected ? undefined : this.#violation("after-cancel", this.consumer, "return events once, if its cancel has said so, when the producer has ended the wire", word);
    }
    if (message.type !== "cancel") return this.#violation("second-subscribe", this.consumer, "subscribe once", "a second subscribe");
    if (this.cancel !== undefined || this.#hasReturned) return this.#violation("after-cancel", this.consumer, "say nothing after its cancel, or its return", word);
    this.cancel = message;
    return undefined;
  }

  #hearEvents(events: readonly Event[]): ProtocolViolation | undefined {
    if (this.#options.freeze === true) Object.freeze(events);
    this.#note(`${this.#producer} sends ${events.length}`);
    this.delivered += events.length;
    if (this.end !== undefined) return this.#violation("after-end", this.#producer, "say nothing after its end", `${events.length} events`);
    if (events.length === 0) return this.#violation("empty-list", this.#producer, "send lists of events", "an empty one");
    if (this.delivered > this.asked) {
      return this.#violation("over-delivered", this.#producer, `deliver at most the ${this.asked} events that ${this.consumer} asked for`, this.delivered);
    }
    return undefined;
  }

  #hearEnd(message: Cancel): ProtocolViolation | undefined {
    this.#note(`${this.#producer} says ${describe(message)}`);
    if (this.end !== undefined) return this.#violation("after-end", this.#producer, "say nothing after its end", describe(message));
    this.end = message;
    return undefined;
  }

  #note(line: string): void {
    if (this.history.push(line) > HISTORY) this.history.shift();
  }

  #violation(rule: ProtocolRule, who: string, expected: string, got: unknown): ProtocolViolation {
    return new ProtocolViolation(rule, `expected ${who} to ${expected}, got: ${String(got)}`, [...this.history]);
  }

  #tell(violation: ProtocolViolation | undefined): void {
    if (violation === undefined) return;
    const { handleViolation } = this.#options;
    // Who called is the run queue, which makes an uncaught exception of it.
    if (handleViolation === undefined) throw violation;
    handleViolation(violation);
  }
}

/** The producer's end of a wire, as the consumer has it. */
class UpwardTap<Event> implements Wire<Event> {
  readonly up: Wire<Event>;
  readonly #wire: Listener<Event>;

  constructor(wire: Listener<Event>, up: Wire<Event>) {
    this.#wire = wire;
    this.up = up;
  }

  receive(message: Upward): void {
    this.#wire.passUp(message, this.up);
  }

  hearReplaced(reason: ExitReason): void {
    this.#wire.hearReplaced(reason);
  }

  takeBuffered(): IteratorYieldResult<Event> | undefined {
    const taken = this.up.takeBuffered?.();
    if (taken !== undefined) this.#wire.hearTaken(taken.value);
    return taken;
  }
}

function describe({ kind, reason }: Cancel): string {
  return `${kind} (${reason.type})`;
}
