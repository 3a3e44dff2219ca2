import {
  NORMAL,
  OUTLET,
  post,
  type Cancel,
  type DispatchOptions,
  type Downward,
  type ExitReason,
  type Port,
  type Subscribable,
  type Subscriber,
  type Upward,
} from "../core/index.ts";
import { isEqual } from "./equality.ts";
import { isSameReason, WireHistory, type ExpectationError } from "./expectation.ts";
import { settle } from "./settle.ts";
import { endShown, reasonShown, shown } from "./showing.ts";

/** Options of {@link ConsumerProbe}. */
export interface ConsumerProbeOptions {
  /** Default `probe`. */
  readonly name?: string;
  /** Who subscribes; two probes with one identity are one consumer to the producer. Default the probe itself. */
  readonly identity?: object;
  /** For the producer's dispatcher. */
  readonly options?: DispatchOptions;
  /** Whether error ends of the producer count as received here. Default true. */
  readonly receivesErrors?: boolean;
  /** An older probe, whose subscription ends as this one begins. */
  readonly replaces?: { readonly probe: { readonly port: Port<Upward> }; readonly reason?: ExitReason };
}

/**
 * A consumer that does only what a test tells it, message by message, and records what comes.
 *
 * `ask`, `cancel` and `down` post one message each and resolve when all stages are quiet. The expectations wait for quiet,
 * too; each takes what it expected, so that a row of them reads as a script. What is not as expected rejects with an
 * `ExpectationError`, which tells what was said on the wire, and takes nothing.
 *
 * ```ts
 * const probe = new ConsumerProbe(numbers);
 * await probe.ask(3);
 * await probe.expectBatch([0, 1, 2]);
 * await probe.expectNothing();
 * ```
 */
export class ConsumerProbe<in out Event> implements Subscriber<Event> {
  /** Its name. Default `probe`. */
  readonly consumer: string;
  /** Who it is for the dispatcher. Default the probe itself. */
  readonly identity: object;
  /** What it gives for the dispatcher. */
  readonly options: DispatchOptions;
  /** Whether an error of the producer counts as received. Default true. */
  readonly receivesErrors: boolean;
  /** Each list that came, as it came. */
  readonly batches: (readonly Event[])[] = [];
  /** Each end that came; a producer that keeps the protocol sends one. */
  readonly ends: Cancel[] = [];
  /** The producer's end of the wire. */
  readonly port: Port<Upward>;
  /** How many events were asked for, and how many have come, in total. */
  asked = 0;
  /** How many events have come, in total. */
  delivered = 0;
  readonly #producer: string;
  readonly #history = new WireHistory();
  /** What came and was not expected yet; of a list, what is left of it. */
  readonly #next: Downward<Event>[] = [];

  constructor(producer: Subscribable<Event>, options: ConsumerProbeOptions = {}) {
    this.consumer = options.name ?? "probe";
    this.identity = options.identity ?? this;
    this.options = options.options ?? {};
    this.receivesErrors = options.receivesErrors ?? true;
    this.#producer = producer[OUTLET].name;
    const { replaces } = options;
    this.port = producer[OUTLET].connect(
      this,
      replaces && { port: replaces.probe.port, reason: replaces.reason ?? NORMAL },
    );
  }

  /** All events that came, in order. */
  get events(): Event[] {
    return (this.batches as Event[][]).flat(1);
  }

  /** Why the subscription ended. */
  get end(): ExitReason | undefined {
    return this.ends[0]?.reason;
  }

  /** How many events were asked for and have not come. */
  get outstanding(): number {
    return this.asked - this.delivered;
  }

  /** What was said on the wire, the oldest first, as text. */
  get history(): readonly string[] {
    return this.#history.lines;
  }

  /** The producer's side: records a message. */
  receive(message: Downward<Event>): void {
    this.#next.push(message);
    this.#history.note(() => `${this.#producer} ${downShown(message)}`);
    if ("type" in message) this.ends.push(message);
    else {
      this.delivered += message.length;
      this.batches.push(message);
    }
  }

  /** Asks for so many more events; resolves when all stages are quiet. */
  ask(demand: number): Promise<void> {
    this.asked += demand;
    this.#history.note(() => `${this.consumer} asks for ${demand}`);
    post(this.port, demand);
    return settle();
  }

  /** Leaves; resolves when all stages are quiet. Default reason: a shutdown. */
  cancel(reason: ExitReason = { type: "shutdown" }): Promise<void> {
    return this.#say({ type: "cancel", kind: "cancel", reason });
  }

  /** The consumer ends. */
  down(reason: ExitReason = NORMAL): Promise<void> {
    return this.#say({ type: "cancel", kind: "down", reason });
  }

  // ---- expectations

  /** That a list with these events comes next, deeply equal. */
  async expectBatch(events: readonly Event[]): Promise<void> {
    await settle();
    const [next] = this.#next;
    if (next === undefined || "type" in next || !isEqual([...next], [...events])) throw this.#unmet(`send ${shown(events)}`, next, events);
    this.#next.shift();
  }

  /** That these events come next, deeply equal, in whatever lists. What is left of the last list is expected next. */
  async expectEvents(events: readonly Event[]): Promise<void> {
    await settle();
    const got: Event[] = [];
    let lists = 0;
    for (const next of this.#next) {
      if ("type" in next || got.length >= events.length) break;
      got.push(...next);
      lists += 1;
    }
    const rest = got.splice(events.length);
    if (!isEqual(got, [...events])) throw this.#unmet(`send the events ${shown(events)}, in whatever lists`, got.length === 0 ? this.#next[0] : got, events);
    this.#next.splice(0, lists, ...(rest.length > 0 ? [rest] : []));
  }

  /** That nothing has come since the last expectation: no events, no end. */
  async expectNothing(): Promise<void> {
    await settle();
    if (this.#next.length > 0) throw this.#unmet("send nothing", this.#next[0]);
  }

  /** That the subscription ends next, for this reason: the same error object, the same reason of a shutdown. Default normally. */
  async expectEnd(reason: ExitReason = NORMAL): Promise<void> {
    await settle();
    const [next] = this.#next;
    if (next === undefined || !("type" in next) || !isSameReason(next.reason, reason)) throw this.#unmet(`end (${reasonShown(reason)})`, next, reason);
    this.#next.shift();
  }

  /** That the subscription ends next, with this very error. */
  expectError(error: unknown): Promise<void> {
    return this.expectEnd({ type: "error", error });
  }

  #say(message: Cancel): Promise<void> {
    this.#history.note(() => `${this.consumer} says ${endShown(message)}`);
    post(this.port, message);
    return settle();
  }

  #unmet(expected: string, got: Downward<Event> | undefined, wanted?: unknown): ExpectationError {
    if (got === undefined) return this.#history.unmet(this.#producer, expected, "nothing");
    return this.#history.unmet(this.#producer, expected, downShown(got), wanted === undefined ? undefined : { expected: wanted, actual: "type" in got ? got.reason : got });
  }
}

function downShown<Event>(message: Downward<Event>): string {
  return "type" in message ? `says ${endShown(message)}` : `sends ${shown(message)}`;
}
