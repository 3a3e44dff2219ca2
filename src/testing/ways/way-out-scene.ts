import { StoppedError, type ExitReason } from "../../core/index.ts";
import { reasonShown, shown } from "../showing.ts";
import { Supply, type Pace } from "./supply.ts";
import { CLOSE_WITHIN_MS, type Trial } from "./trial.ts";
import type { WayOutPlan, WrittenSink } from "./way-out.ts";

/** How a native side was told of its end. */
export type Told = { readonly type: "end" } | { readonly type: "error"; readonly error: unknown };

export interface WayOutSceneOptions {
  readonly pace?: Pace;
  readonly signal?: AbortSignal;
  /** How many events its native side takes before the case says so. Default all. */
  readonly ready?: number;
}

/** A way out that was opened on a producer, and what has come to its native side. */
export class WayOutScene<Event, Native> implements WrittenSink<Event> {
  readonly trial: Trial;
  readonly plan: WayOutPlan<Event, Native>;
  readonly supply: Supply<Event>;
  readonly native: Native;
  /** What has come, in order. */
  readonly events: Event[] = [];
  /** Each end that it was told of. */
  readonly told: Told[] = [];
  /** How many events the native side has taken: asked for by reading, or called `done` for. */
  taken = 0;
  /** Its user has left: what comes now is not his. */
  hasLeft = false;
  /** Called with the number of events that have come, as one comes. */
  handle: ((count: number) => void) | undefined;
  /** Does not finish at the end, until it is let. */
  isLingering = false;
  #ready: number;
  #isReading = false;
  readonly #given: Event[] = [];
  readonly #pending: (() => void)[] = [];
  #finish: (() => void) | undefined;

  constructor(trial: Trial, plan: WayOutPlan<Event, Native>, { pace = "sync", signal, ready = Infinity }: WayOutSceneOptions = {}, supply: Supply<Event> = new Supply(trial, pace)) {
    this.trial = trial;
    this.plan = plan;
    this.#ready = ready;
    this.supply = supply;
    this.native = plan.open(this.supply.producer, this, { signal, closeWithinMs: CLOSE_WITHIN_MS });
    // Read now, so that no error of it counts as one that nobody has received.
    void plan.stage?.(this.native).closed;
    trial.atEnd(async () => {
      this.hasLeft = true;
      this.letGo();
      this.#finish?.();
      await plan.stage?.(this.native).stop();
    });
    this.take(0);
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

  // ---- what comes to the native side

  event(event: Event, done?: () => void): void {
    if (this.hasLeft) {
      this.#broken("nothing more when its user has left, or it is broken", shown(event));
      return;
    }
    if (this.told.length > 0) this.#broken("nothing behind its end", shown(event));
    const wrong = this.#wrong(event, this.events.length);
    if (wrong !== undefined) this.#broken("the events of its producer, each once, in order, and as they are", wrong);
    this.events.push(event);
    this.handle?.(this.events.length);
    if (this.plan.by !== "writing") return;
    if (typeof done !== "function") this.#broken("each event with a function that is called when it was taken", shown(done));
    else if (this.#ready > 0) {
      this.#ready -= 1;
      this.taken += 1;
      done();
    } else this.#pending.push(done);
  }

  end(done?: () => void): void {
    // A stage ends what it writes into when that has taken all; an observer may be told before.
    if (this.plan.stage !== undefined && this.#pending.length > 0) this.#broken("its end when it has taken the last event", `its end with ${this.#pending.length} of ${this.events.length} not taken`);
    this.#tell({ type: "end" });
    if (this.isLingering) this.#finish = done;
    else done?.();
  }

  error(error: unknown): void {
    this.#tell({ type: "error", error });
  }

  /** The native side is ready for so many events more. */
  take(count: number): void {
    this.#ready += count;
    while (this.#ready > 0 && this.#pending.length > 0) {
      this.#ready -= 1;
      this.taken += 1;
      this.#pending.shift()?.();
    }
    if (this.plan.read !== undefined && !this.#isReading) void this.#read(this.plan.read);
  }

  /** It has taken all that it was given: nobody waits for more. */
  letGo(): void {
    for (const done of this.#pending.splice(0)) done();
  }

  /** It finishes after all. */
  finish(): void {
    this.isLingering = false;
    this.#finish?.();
  }

  async #read(read: (native: Native) => Promise<IteratorResult<Event, unknown>>): Promise<void> {
    this.#isReading = true;
    while (this.#ready > 0 && this.told.length === 0 && !this.hasLeft) {
      this.#ready -= 1;
      this.taken += 1;
      try {
        const result = await read(this.native);
        if (this.hasLeft && result.done !== true) continue;
        if (result.done === true) this.#tell({ type: "end" });
        else this.event(result.value);
      } catch (error) {
        this.#tell({ type: "error", error });
      }
    }
    this.#isReading = false;
  }

  /** A read is in flight. */
  get isReading(): boolean {
    return this.#isReading;
  }

  #tell(told: Told): void {
    this.trial.note(`the native side is told: ${told.type === "error" ? `an error: ${shown(told.error)}` : "the end"}`);
    this.told.push(told);
  }

  #broken(expected: string, got: string): void {
    this.trial.heard(this.trial.violation("it", `give its native side ${expected}`, got));
  }

  #wrong(event: Event, place: number): string | undefined {
    if (place >= this.#given.length) return `one more: ${shown(event)}`;
    const { identify } = this.plan;
    if (Object.is(identify(event), identify(this.#given[place] as Event))) return undefined;
    const other = this.#given.findIndex((each) => Object.is(identify(each), identify(event)));
    return other === -1 ? `${shown(event)} in the place of event ${place}` : `event ${other} in the place of event ${place}`;
  }

  // ---- what holds for each of them

  async untilGot(count: number): Promise<void> {
    await this.trial.until(
      () => this.events.length >= count,
      "it",
      `give its native side ${count} events`,
      () => `${this.events.length}${this.told[0] === undefined ? ", and no more" : `, then ${this.#endShown()}`}`,
    );
  }

  /** That the producer was asked for no more than the native side took and the prefetch. */
  expectWithin(): void {
    const { prefetch, by } = this.plan;
    if (prefetch === Infinity || by === "telling") return;
    const most = this.taken + prefetch;
    this.trial.expect(this.supply.produced <= most, "it", `ask for no more than the ${this.taken} events that its native side has taken and its prefetch of ${prefetch}`, `${this.supply.produced} produced`);
  }

  /** That its native side is told of the end, once, by identity. */
  async untilTold(expected: Told): Promise<void> {
    await this.trial.until(() => this.told.length > 0, "it", `tell its native side ${toldShown(expected)}`);
    await this.trial.quiet();
    const [got] = this.told;
    const isSame = got?.type === expected.type && (got.type !== "error" || Object.is(got.error, (expected as { readonly error: unknown }).error));
    this.trial.expect(isSame, "it", `tell its native side ${toldShown(expected)}${expected.type === "error" ? ", the very same" : ""}`, this.#endShown());
    this.trial.expect(this.told.length === 1, "it", "tell its native side of its end once", `${this.told.length} times`);
  }

  /** That its native side is told of a stop: an error with the reason, or the reason itself. */
  async untilToldStop(reason: unknown): Promise<void> {
    await this.trial.until(() => this.told.length > 0, "it", `tell its native side that the producer was stopped: ${shown(reason)}`);
    await this.trial.quiet();
    const [got] = this.told;
    this.trial.expect(got?.type === "error" && isStop(got.error, reason), "it", `tell its native side of a stop by an error: a StoppedError, whose cause is the reason ${shown(reason)}`, this.#endShown());
    this.trial.expect(this.told.length === 1, "it", "tell its native side of its end once", `${this.told.length} times`);
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
    const [got] = this.told;
    return got === undefined ? "nothing" : toldShown(got);
  }
}

function toldShown(told: Told): string {
  return told.type === "end" ? "the end" : `an error: ${shown(told.error)}`;
}

function isStop(error: unknown, reason: unknown): boolean {
  return Object.is(error, reason) || (error instanceof StoppedError && Object.is(error.cause, reason));
}
