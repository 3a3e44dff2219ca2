import { StoppedError, type ExitReason, type Producer, type Report, type Subscribable } from "../../core/index.ts";
import { monitored } from "../monitor.ts";
import { reasonShown, shown } from "../showing.ts";
import { misplaced } from "./order.ts";
import { ScriptedSource, type Closing } from "./scripted-source.ts";
import { Taker, type Expected } from "./taker.ts";
import { CLOSE_WITHIN_MS, type Trial } from "./trial.ts";
import type { WayInPlan, WayInStep } from "./way-in.ts";

export interface WayInSceneOptions {
  readonly signal?: AbortSignal;
  readonly closing?: Closing;
}

/** A native side that was opened, with the stage on it. */
export class WayInScene<Event> {
  readonly trial: Trial;
  readonly plan: WayInPlan<Event>;
  readonly source: ScriptedSource<Event>;
  readonly producer: Producer<Event>;
  readonly reports: Report[] = [];
  /** How the stage has ended. */
  reason: ExitReason | undefined;
  /** The same producer, with a monitor on its wires. */
  readonly #heard: Subscribable<Event>;
  readonly #events: Event[] = [];

  constructor(trial: Trial, plan: WayInPlan<Event>, { signal, closing }: WayInSceneOptions = {}) {
    this.trial = trial;
    this.plan = plan;
    this.source = new ScriptedSource(trial, plan.can.has("wait") ? undefined : () => this.#next());
    if (closing !== undefined) this.source.closing = closing;
    this.producer = plan.open(this.source, { signal, closeWithinMs: CLOSE_WITHIN_MS, handleReport: (report) => void this.reports.push(report) });
    // Read now, so that no error of it counts as one that nobody has received.
    void this.producer.closed.then((reason) => {
      trial.note(`the stage has ended (${reasonShown(reason)})`);
      this.reason = reason;
    });
    this.#heard = monitored(this.producer, { handleViolation: (violation) => trial.heard(trial.violation("it", "keep the protocol", violation.message.split("\n")[0])) });
    trial.atEnd(() => {
      // Whatever the case made of it: it is to be left alone.
      this.source.closing = { type: "closes" };
      return this.producer.stop();
    });
  }

  /** How many events it has given, or will give. */
  get given(): number {
    return this.#events.length;
  }

  /** The native side gives so many events more. One that cannot wait gives more than it was told, until it ends. */
  give(count: number): this {
    return this.giveThese(Array.from({ length: count }, (_, place) => this.plan.event(this.#events.length + place)));
  }

  giveThese(events: readonly Event[]): this {
    this.#events.push(...events);
    this.source.add(...events.map((event): WayInStep<Event> => ({ type: "event", event })));
    return this;
  }

  endIt(): this {
    this.source.add({ type: "end" });
    return this;
  }

  fail(error: unknown): this {
    this.source.add({ type: "error", error });
    return this;
  }

  #next(): Event {
    const event = this.plan.event(this.#events.length);
    this.#events.push(event);
    return event;
  }

  taker(): Taker<Event> {
    return new Taker(this.trial, this.#heard, this.expected);
  }

  /** What consumers of the case's own subscribe to. */
  get subscribable(): Subscribable<Event> {
    return this.#heard;
  }

  readonly expected: Expected = {
    wrong: (event, place) => misplaced(this.#events, this.plan.identify, event as Event, place),
  };

  /** Stops the stage, and waits for that. */
  async stop(reason: unknown): Promise<void> {
    this.trial.note(`it is stopped: ${shown(reason)}`);
    await this.trial.settled(this.producer.stop(reason), "it", "settle a stop");
  }

  // ---- what holds for each of them

  /** That the native side has produced no more than this demand allows. */
  expectWithin(demand: number, when: string): void {
    const { produced } = this.source;
    const most = demand + this.plan.prefetch;
    this.trial.expect(produced <= most, "the native side", `be asked for no more than ${demand} events and its prefetch of ${this.plan.prefetch} ${when}`, `${produced} produced`);
  }

  async untilGot(taker: Taker<Event>, count: number): Promise<void> {
    await this.trial.until(
      () => taker.events.length >= count,
      "it",
      `deliver ${count} events to who has asked for ${taker.asked}`,
      () => `${taker.events.length}${taker.end === undefined ? ", and no more" : `, then its end (${reasonShown(taker.end)})`}`,
    );
    this.trial.expect(taker.events.length === count, "it", `deliver ${count} events`, taker.events.length);
  }

  /** Waits until a consumer is told of the end, and holds it against what it should be: by identity. */
  async untilEnd(taker: Taker<Event>, expected: ExitReason): Promise<void> {
    await this.trial.until(() => taker.end !== undefined, "it", `tell its consumer of its end (${reasonShown(expected)})`);
    this.expectReason(taker.end as ExitReason, expected, "tell its consumer of its end");
    await this.untilClosed(expected);
    await this.trial.quiet();
    this.trial.expect(taker.ends === 1, "it", "tell its consumer of its end once", `${taker.ends} times`);
  }

  async untilClosed(expected?: ExitReason): Promise<void> {
    await this.trial.until(() => this.reason !== undefined, "the stage", `end${expected === undefined ? "" : ` (${reasonShown(expected)})`}`);
    if (expected !== undefined) this.expectReason(this.reason as ExitReason, expected, "end");
  }

  expectReason(got: ExitReason, expected: ExitReason, what: string): void {
    const isSame = got.type === expected.type && (got.type !== "error" || Object.is(got.error, (expected as { readonly error: unknown }).error));
    this.trial.expect(isSame, "it", `${what}: ${reasonShown(expected)}${expected.type === "error" ? ", with the same error" : ""}`, reasonShown(got));
  }

  /** That what the native side holds was let go: once, if it was ever touched and has not ended by itself. */
  async untilReleased(reason?: { readonly reason: unknown }): Promise<void> {
    const { source, trial } = this;
    const isDue = source.takes > 0 && source.ended === undefined;
    if (isDue) await trial.until(() => source.releases.length > 0, "it", "release its native side");
    await trial.quiet();
    trial.expect(source.releases.length <= 1, "it", "release its native side once", `${source.releases.length} times`);
    const told = source.releases[0]?.told;
    if (reason !== undefined && told !== undefined && source.ended === undefined) {
      trial.expect(isTold(told.reason, reason.reason), "it", `tell its native side why it is released: ${shown(reason.reason)}, by identity`, shown(told.reason));
    }
  }
}

/** The reason itself, or an error of ours with it; native sides say `null` for none. */
function isTold(told: unknown, reason: unknown): boolean {
  if (Object.is(told, reason) || (reason === undefined && told === null)) return true;
  return told instanceof StoppedError && Object.is(told.cause, reason);
}
