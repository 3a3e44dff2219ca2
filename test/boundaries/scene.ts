/** One run of a pair: a script behind the way in, a user behind the way out, and what became of both. */
import { getEventListeners } from "node:events";
import type { Report } from "sluice";
import { settle } from "sluice/testing";
import { Account } from "./account.ts";
import { auditScene } from "./audit.ts";
import { show, type Mismatch } from "./mismatch.ts";
import { Sink, type Taking, type Told } from "./sink.ts";
import { Source, type Script } from "./source.ts";
import { DEADLINE_MS, settledWithin, until } from "./turns.ts";
import type { Watch } from "./watch.ts";
import type { Far, Near, Outcome, WayIn, WayOut } from "./ways.ts";

/** The windows of a run, unless its case is about them. */
export const MAX_DEMAND = 4;
export const MIN_DEMAND = 2;

export interface Play {
  readonly script: Script;
  readonly taking?: Taking;
  readonly maxDemand?: number;
  readonly minDemand?: number;
  readonly closeWithinMs?: number;
  readonly signal?: AbortSignal;
  readonly markIn?: number;
  readonly markOut?: number;
  /** What happens beside; default that the outcome is awaited. */
  readonly during?: (scene: Scene) => unknown;
  /** What must be, when all is over. */
  readonly after?: (scene: Scene) => unknown;
  /** An error that may be thrown where nobody catches it, as somebody's error that nobody can be told of. */
  readonly uncaught?: (error: unknown) => boolean;
  /** Its end and its release may cross: it is not said which comes first. */
  readonly mayRace?: boolean;
  /** The script never closes its native side: nobody can say that it was closed. */
  readonly staysOpen?: boolean;
  /** A clean-up of the script is late or fails: both sides may take so long, in ms, until they have closed. */
  readonly withinMs?: number;
}

export class Scene {
  readonly wayIn: WayIn;
  readonly wayOut: WayOut;
  readonly account: Account;
  readonly source: Source;
  readonly sink: Sink;
  readonly near: Near;
  readonly far: Far;
  readonly play: Play;
  readonly isBytes: boolean;
  readonly watch: Watch;
  outcome: Outcome | undefined;
  readonly mismatches: Mismatch[] = [];
  readonly #name: string;

  constructor(wayIn: WayIn, wayOut: WayOut, name: string, play: Play, watch: Watch) {
    this.wayIn = wayIn;
    this.wayOut = wayOut;
    this.#name = name;
    this.play = play;
    this.watch = watch;
    this.account = new Account(() => watch.discarded);
    this.isBytes = wayIn.carries === "bytes" || wayOut.carries === "bytes";
    this.source = new Source(play.script, this.account, this.isBytes);
    this.sink = new Sink(play.taking ?? {}, this.account, this.isBytes);
    const { signal, closeWithinMs = 1000, maxDemand = MAX_DEMAND, minDemand = Math.min(MIN_DEMAND, maxDemand - 1) } = play;
    const isOut = wayOut.abortsAt === "out";
    this.near = wayIn.open(this.source, { closeWithinMs, signal: isOut ? undefined : signal, highWaterMark: play.markIn });
    this.far = wayOut.open(this.near.producer, this.sink, { maxDemand, minDemand, closeWithinMs, signal: isOut ? signal : undefined, highWaterMark: play.markOut });
    void this.far.outcome.then((outcome) => {
      this.outcome = outcome;
    });
  }

  /** J6: what may ever be produced and not consumed. */
  get bound(): number {
    const { ahead, windows = 0, joins = 1 } = this.near;
    const { windows: taken, marks } = this.far;
    // A mark that does not count bytes counts chunks.
    const marksInEvents = this.wayOut.carries === "bytes" ? marks : marks * joins;
    return ahead + (windows + taken) * joins + marksInEvents;
  }

  get reports(): readonly Report[] {
    return this.watch.reports;
  }

  /** Whether the source moves before the user of the way out has asked: a stage inside asks, or it begins by itself. */
  get movesFirst(): boolean {
    return this.near.windows !== undefined || this.wayIn.startsItself === true || this.wayOut.startsItself === true;
  }

  async run(): Promise<void> {
    const { during, after } = this.play;
    if (during === undefined) {
      this.far.start();
      await this.ended();
    } else await during(this);
    await this.#close();
    await after?.(this);
    auditScene(this);
    this.watch.clear();
  }

  /** Until the user's run is over. */
  async ended(): Promise<void> {
    if (!(await settledWithin(this.far.outcome, DEADLINE_MS + (this.play.withinMs ?? 0)))) this.miss("the user's run", "over within the deadline", "still going on");
  }

  /** Until nothing moves any more. */
  async quiet(): Promise<void> {
    await settle();
  }

  /** Ends what the case has left open, and waits until both sides have closed. */
  async #close(): Promise<void> {
    if (this.outcome === undefined && !this.sink.hasLeft) await this.leave();
    const { withinMs = 0 } = this.play;
    const isOver = (): boolean => this.outcome !== undefined && this.isEnded && (this.play.staysOpen === true || (this.near.isClosed?.() ?? true)) && this.far.isClosed();
    await until(isOver, DEADLINE_MS + withinMs);
    // A generator is cleaned up when it goes on.
    if (this.source.ended === undefined && this.play.script.ending?.type === "stuck") this.source.free({ type: "end" });
    await this.quiet();
  }

  /** All stages of both sides have ended. */
  get isEnded(): boolean {
    return this.stages.every((stage) => stage.snapshot().state === "ended");
  }

  get stages(): Near["stages"] {
    return [...this.near.stages, ...this.far.stages];
  }

  /** The user leaves; resolves with the error of that, if there was one, when it has an answer. */
  async leave(reason?: unknown): Promise<{ readonly error: unknown } | undefined> {
    this.sink.leave();
    let answer: { readonly failure: { readonly error: unknown } | undefined } | undefined;
    this.far.leave(reason).then(
      () => (answer = { failure: undefined }),
      (error: unknown) => (answer = { failure: { error } }),
    );
    if (!(await until(() => answer !== undefined))) this.miss("leaving", "an answer within the deadline", "none");
    return answer?.failure;
  }

  // ---- expectations

  miss(what: string, expected: unknown, got: unknown): void {
    const text = (value: unknown): string => (typeof value === "string" ? value : show(value));
    this.mismatches.push({ run: this.#name, what, expected: text(expected), got: text(got) });
  }

  same(what: string, got: unknown, expected: unknown): void {
    if (!Object.is(got, expected)) this.miss(what, expected, got);
  }

  atMost(what: string, got: number, most: number): void {
    if (!(got <= most)) this.miss(what, `at most ${most}`, got);
  }

  /** The first `count` events of the source, and no other, in order. */
  arrived(count: number, most: number = count): void {
    const { events } = this.sink;
    if (events.length < count || events.length > most) {
      this.miss("how many events arrive", count === most ? count : `${count} to ${most}`, events.length);
    }
    if (this.sink.disorder !== undefined) this.miss("the order", "as produced", this.sink.disorder);
    if (this.account.discarded > 0) return;
    for (const [index, event] of events.entries()) {
      const expected = this.isBytes ? index : this.source.given[index];
      if (Object.is(event, expected)) continue;
      this.miss(`event ${index}`, expected, event);
      return;
    }
  }

  /** The far side was told of a normal end, once. */
  endedNormally(): void {
    this.same("the user's run", this.outcome?.type === "error" ? this.outcome : this.outcome?.type, "normal");
    if (this.sink.told.length !== 1 || this.sink.told[0]?.type !== "normal") this.miss("what the far side is told", "a normal end, once", this.sink.told);
  }

  /** The far side was told of this very error, once. */
  endedWith(error: unknown, shows: (shown: unknown) => boolean = this.#shows(error)): void {
    const { outcome } = this;
    const [told] = this.sink.told;
    if (outcome?.type !== "error" || !shows(outcome.error)) this.miss("the user's run", { type: "error", error }, outcome);
    if (this.sink.told.length !== 1 || told?.type !== "error" || !shows(told.error)) this.miss("what the far side is told", [{ type: "error", error }], this.sink.told);
  }

  #shows(error: unknown): (shown: unknown) => boolean {
    return (shown) => Object.is(shown, error) || this.wayOut.showsAs?.(error, shown) === true;
  }

  /** Somebody is told of this error: in a report. */
  isReported(error: unknown): boolean {
    return this.reports.some((report) => "error" in report && Object.is(report.error, error));
  }

  /** The first `count` events came, or fewer where a failure throws away what is under way. */
  arrivedBeforeFailure(count: number): void {
    this.arrived(this.wayOut.losesAtFailure === true ? 0 : count, count);
  }

  /** The native side was told this reason when it was released, if it can be. */
  releasedWith(reason: unknown): void {
    const { releases } = this.source;
    if (releases.length !== 1) this.miss("releases of the native side", 1, releases.length);
    else if (this.wayIn.hearsReason && this.wayIn.showsReason?.(reason, releases[0]) !== true) this.same("what the native side is told", releases[0], reason);
  }

  /** No listener is left on a signal. */
  unheard(signal: AbortSignal): void {
    this.same("abort listeners that are left", getEventListeners(signal, "abort").length, 0);
  }

  told(): Told | undefined {
    return this.sink.told[0];
  }
}
