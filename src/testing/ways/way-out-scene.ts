import { StoppedError, type ExitReason } from "../../core/index.ts";
import { reasonShown, shown } from "../showing.ts";
import { misplaced } from "./order.ts";
import { Supply, type Pace } from "./supply.ts";
import { CLOSE_WITHIN_MS, type Trial } from "./trial.ts";
import { User, type Told } from "./way-out-user.ts";
import type { WayOutPlan } from "./way-out.ts";

export interface WayOutSceneOptions {
  readonly pace?: Pace;
  readonly signal?: AbortSignal;
  /** How many events its native side takes before the case says so. Default all. */
  readonly ready?: number;
}

/** A way out that was opened on a producer, and what has come to its native side. */
export class WayOutScene<Event, Native> {
  readonly trial: Trial;
  readonly plan: WayOutPlan<Event, Native>;
  readonly supply: Supply<Event>;
  readonly native: Native;
  readonly user: User<Event>;
  readonly #given: Event[] = [];

  constructor(trial: Trial, plan: WayOutPlan<Event, Native>, { pace = "sync", signal, ready = Infinity }: WayOutSceneOptions = {}, supply: Supply<Event> = new Supply(trial, pace)) {
    this.trial = trial;
    this.plan = plan;
    this.supply = supply;
    const { by, read, stage } = plan;
    this.user = new User<Event>(trial, {
      by,
      isEndedByStage: stage !== undefined,
      ready,
      read: read && (() => read(this.native)),
      wrong: (event, place) => misplaced(this.#given, plan.identify, event, place),
    });
    this.native = plan.open(supply.producer, this.user, { signal, closeWithinMs: CLOSE_WITHIN_MS });
    // Read now, so that no error of it counts as one that nobody has received.
    void stage?.(this.native).closed;
    trial.atEnd(async () => {
      this.user.hasLeft = true;
      this.user.letGo();
      this.user.finish();
      await stage?.(this.native).stop();
    });
    this.user.take(0);
  }

  // ---- what the producer gives

  /** How many events it has given, or will give. */
  get given(): number {
    return this.#given.length;
  }

  give(count: number): this {
    return this.giveThese(Array.from({ length: count }, (_, place) => this.plan.event(this.#given.length + place)));
  }

  giveThese(events: readonly Event[]): this {
    this.#given.push(...events);
    this.supply.give(events);
    return this;
  }

  endIt(): this {
    this.supply.end();
    return this;
  }

  failIt(error: unknown): this {
    this.supply.fail(error);
    return this;
  }

  /** Its user leaves; waits until he has. A native side that is stuck never says that it has taken what it was given. */
  async leave(isStuck = false): Promise<void> {
    this.user.hasLeft = true;
    this.trial.note("its user leaves");
    const left = Promise.resolve(this.plan.leave?.(this.native));
    if (!isStuck) this.user.letGo();
    await this.trial.settled(left, "it", "settle when its user leaves");
  }

  // ---- what holds for each of them

  async untilGot(count: number): Promise<void> {
    await this.trial.until(
      () => this.user.events.length >= count,
      "it",
      `give its native side ${count} events`,
      () => `${this.user.events.length}${this.user.told[0] === undefined ? ", and no more" : `, then ${this.#endShown()}`}`,
    );
  }

  /** That the producer was asked for no more than the native side took and the prefetch. */
  expectWithin(): void {
    const { prefetch, by } = this.plan;
    if (prefetch === Infinity || by === "telling") return;
    const most = this.user.taken + prefetch;
    this.trial.expect(this.supply.produced <= most, "it", `ask for no more than the ${this.user.taken} events that its native side has taken and its prefetch of ${prefetch}`, `${this.supply.produced} produced`);
  }

  /** That its native side is told of the end, once, by identity. */
  async untilTold(expected: Told): Promise<void> {
    await this.trial.until(() => this.user.told.length > 0, "it", `tell its native side ${toldShown(expected)}`);
    await this.trial.quiet();
    const [got] = this.user.told;
    const isSame = got?.type === expected.type && (got.type !== "error" || Object.is(got.error, (expected as { readonly error: unknown }).error));
    this.trial.expect(isSame, "it", `tell its native side ${toldShown(expected)}${expected.type === "error" ? ", the very same" : ""}`, this.#endShown());
    this.trial.expect(this.user.told.length === 1, "it", "tell its native side of its end once", `${this.user.told.length} times`);
  }

  /** That its native side is told of a stop: an error with the reason, or the reason itself. */
  async untilToldStop(reason: unknown): Promise<void> {
    await this.trial.until(() => this.user.told.length > 0, "it", `tell its native side that the producer was stopped: ${shown(reason)}`);
    await this.trial.quiet();
    const [got] = this.user.told;
    this.trial.expect(got?.type === "error" && isStop(got.error, reason), "it", `tell its native side of a stop by an error: a StoppedError, whose cause is the reason ${shown(reason)}`, this.#endShown());
    this.trial.expect(this.user.told.length === 1, "it", "tell its native side of its end once", `${this.user.told.length} times`);
  }

  /** That the producer was left, once, and has let go of what it held. */
  async untilLeft(expected?: ExitReason): Promise<void> {
    const { supply, trial } = this;
    await trial.until(() => supply.cancels.length > 0 || supply.stops.length > 0, "it", "leave its producer");
    await trial.until(() => supply.stops.length > 0, "the producer", "end when it was left");
    await trial.quiet();
    trial.expect(supply.stops.length === 1, "the producer", "be released once", `${supply.stops.length} times`);
    trial.expect(supply.cancels.length <= 1, "it", "leave its producer once", `${supply.cancels.length} times`);
    if (expected === undefined) return;
    const got = supply.cancels[0]?.reason;
    const isSame =
      got?.type === expected.type &&
      (got.type === "error" ? Object.is(got.error, (expected as { readonly error: unknown }).error) : got.type === "normal" || Object.is(got.reason, (expected as { readonly reason?: unknown }).reason));
    trial.expect(isSame, "it", `leave its producer for the reason it was left for (${reasonShown(expected)}), by identity`, got === undefined ? "no word" : reasonShown(got));
  }

  #endShown(): string {
    const [got] = this.user.told;
    return got === undefined ? "nothing" : toldShown(got);
  }
}

function toldShown(told: Told): string {
  return told.type === "end" ? "the end" : `an error: ${shown(told.error)}`;
}

function isStop(error: unknown, reason: unknown): boolean {
  return Object.is(error, reason) || (error instanceof StoppedError && Object.is(error.cause, reason));
}
