/**
 * The engine of a supervisor: children that are started in order, restarted when they end, and stopped in reverse order.
 *
 * One thing at a time, as in OTP: the ends of children, and calls from outside, wait until what is going on is done. And a
 * crash that runs through several stages is handled as one: nothing is restarted while a sibling is on its way to its end.
 */
import { heed } from "../abort.ts";
import { Backoff } from "./backoff.ts";
import { Causes, type ByHand } from "./causes.ts";
import { specOf, type ChildSpec } from "./child-spec.ts";
import { BadOptionError, GaveUpError, SluiceError, show } from "../errors.ts";
import { shutdown } from "../exit-reason.ts";
import type { Snapshot } from "../inspect.ts";
import { Once } from "../once.ts";
import { ADOPT, NORMAL, type ExitReason } from "../protocol.ts";
import { Queue } from "../queue.ts";
import { tell, type Finding } from "../report.ts";
import { RestartIntensity } from "./restart-intensity.ts";
import { runChild, type RunningChild } from "./running-child.ts";
import { inNextTurn } from "../scheduler.ts";
import type { ChildOptions, ChildState, ChildValue, Children, RestartKind, StartChild, Strategy, Supervisor, SupervisorOptions, SupervisorSnapshot } from "./supervisors.ts";
import { throwUnlessReceived } from "../unreceived.ts";
import { INSPECT, inLine, listed } from "../summary.ts";

/** Starts the children in order, in this call. Throws what one of them throws. */
export function startSupervision(name: string, options: SupervisorOptions, specs: readonly ChildSpec[]): Supervisor {
  const supervision = new Supervision(name, options);
  supervision.start(specs);
  return supervision;
}

class Child {
  readonly spec: ChildSpec;
  value: unknown;
  running: RunningChild | undefined;
  state: ChildState = "restarting";
  restarts = 0;
  lastEnd: ExitReason | undefined;
  /** When it was started: by the order of causes, and by the clock. */
  since = 0;
  startedAt = 0;
  /** How often it has ended in a row, without staying up in between. */
  failures = 0;
  /** The one that was stopped by hand, if this one ended because of it. */
  downWith: object | undefined;

  constructor(spec: ChildSpec) {
    this.spec = spec;
  }
}

/** Children that are started together, later. */
interface Pause {
  readonly children: readonly Child[];
  readonly dueAt: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

interface End {
  readonly child: Child;
  readonly reason: ExitReason;
}

class Supervision implements Supervisor {
  readonly name: string;
  readonly role = "supervisor";
  /** As owner of its stages: one that fails throws its buffer away, so that a slow consumer cannot hold the restart up. */
  readonly failsFast = true;
  /** A getter for each child. */
  readonly children: Children = Object.create(null) as Children;
  readonly #options: SupervisorOptions;
  readonly #strategy: Strategy;
  readonly #intensity: RestartIntensity;
  readonly #backoff: Backoff | undefined;
  readonly #causes = new Causes();
  readonly #children: Child[] = [];
  /** Ends that have not been handled, in the order in which they came. */
  #ends: End[] = [];
  /** Calls from outside that wait for their turn. */
  readonly #calls = new Queue<() => Promise<void>>();
  #isWorking = false;
  /** Something has come while the last step was looked at. */
  #isNudged = false;
  #hasRestarted = false;
  /** Children that wait for their restart. */
  readonly #pauses = new Set<Pause>();
  /** Those behind one that could not be started, unless they are started with it. */
  #unstarted: readonly Child[] = [];
  /** Those who have waited long enough. */
  readonly #due = new Queue<readonly Child[]>();
  #state: "running" | "stopping" | "ended" = "running";
  #reason: ExitReason = NORMAL;
  #hasHadChild = false;
  /** Heeds the signal no more. */
  #unheed: (() => void) | undefined;
  #owner: object | undefined;
  readonly #closed = new Once<ExitReason>();
  /** Those who wait for the end without receiving its error. */
  readonly #waiting: (() => void)[] = [];

  constructor(name: string, options: SupervisorOptions) {
    this.name = name;
    this.#options = options;
    this.#strategy = options.strategy ?? "oneForOne";
    this.#intensity = new RestartIntensity(options);
    this.#backoff = options.backoff && new Backoff(options.backoff);
  }

  // ---- from outside

  start(specs: readonly ChildSpec[]): void {
    const { signal } = this.#options;
    if (signal?.aborted === true) {
      this.#state = "ended";
      this.#reason = shutdown(signal.reason);
      this.#closed.resolve(this.#reason);
      return;
    }
    if (signal !== undefined) this.#unheed = heed(signal, this.#onAbort);
    this.#isWorking = true;
    try {
      for (const spec of specs) {
        // A child's function may stop the whole.
        if (this.#state === "running") this.#run(this.#add(spec));
      }
    } catch (error) {
      // Whoever starts it gets the error: the supervisor itself has not failed, as it never was.
      this.#state = "stopping";
      this.#reason = shutdown(error);
      throw error;
    } finally {
      this.#isWorking = false;
      void this.#work();
    }
  }

  get closed(): Promise<ExitReason> {
    return this.#closed.promise;
  }

  stop(reason?: unknown): Promise<void> {
    this.#begin(shutdown(reason));
    return this.#state === "ended" ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  [ADOPT](owner: object): boolean {
    // Not by itself, nor by one of its children.
    if (owner instanceof Supervision && owner.#isWithin(this)) return false;
    this.#owner ??= owner;
    return this.#owner === owner;
  }

  async startChild<Value extends ChildValue>(name: string, start: StartChild<never, Value>, options?: ChildOptions): Promise<{ readonly value: Value }> {
    const spec = specOf(name, start, options);
    return this.#inTurn(() => {
      if (this.#children.some((child) => child.spec.name === name)) throw new BadOptionError("the name of a child", "one that no other child has", name);
      const child = this.#add(spec);
      try {
        this.#run(child);
      } catch (error) {
        this.#forget(child);
        throw error;
      }
      return { value: child.value as Value };
    });
  }

  restartChild(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const child = this.#find(name);
      child.state = "restarting";
      await this.#stopByHand(child, "restarted");
      if (this.#state !== "running") throw this.#ended();
      child.restarts += 1;
      try {
        this.#run(child);
      } catch (error) {
        child.state = "stopped";
        throw error;
      }
      // Those that went down with it when it was stopped.
      const others = this.#children.filter(({ downWith, state }) => downWith === child && state === "stopped");
      for (const other of others) other.state = "restarting";
      this.#runAll(others);
    });
  }

  stopChild(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const child = this.#find(name);
      await this.#stopByHand(child, "stopped");
      if (child.state !== "ended") child.state = "stopped";
      if (child.spec.restart === "temporary") this.#forget(child);
    });
  }

  removeChild(name: string): Promise<void> {
    return this.#inTurn(async () => {
      const child = this.#find(name);
      await this.#stopByHand(child, "stopped");
      this.#forget(child);
    });
  }

  snapshot(): SupervisorSnapshot {
    return {
      name: this.name,
      role: this.role,
      state: this.#state,
      strategy: this.#strategy,
      children: this.#children.map(({ spec, state, restarts, lastEnd, value }) => ({
        name: spec.name,
        restart: spec.restart,
        state,
        restarts,
        ...(lastEnd && { lastEnd }),
        ...(isSeen(value) && { snapshot: value.snapshot() }),
      })),
    };
  }

  /** In one line: `describe` shows the whole. */
  [INSPECT](): string {
    const names = this.#children.map(({ spec, state }) => (state === "running" ? spec.name : `${spec.name} (${state})`));
    return inLine(`${this.name}: supervisor, ${this.#strategy}, ${this.#state}, of ${listed(names)}`);
  }

  // ---- children

  #add(spec: ChildSpec): Child {
    const child = new Child(spec);
    this.#children.push(child);
    Object.defineProperty(this.children, spec.name, { get: () => child.value, enumerable: true, configurable: true });
    return child;
  }

  #forget(child: Child): void {
    const place = this.#children.indexOf(child);
    if (place < 0) return;
    this.#children.splice(place, 1);
    delete (this.children as Record<string, unknown>)[child.spec.name];
  }

  #find(name: string): Child {
    const child = this.#children.find(({ spec }) => spec.name === name);
    if (child === undefined) throw new BadOptionError("the name of a child", this.#children.length === 0 ? `one of a child: ${this.name} has none` : `one of ${this.#children.map(({ spec }) => spec.name).join(", ")}`, name);
    return child;
  }

  /** Calls a child's function. */
  #run(child: Child): void {
    child.since = this.#causes.now();
    child.startedAt = performance.now();
    child.state = "restarting";
    const { start, stopWithinMs } = child.spec;
    const { value, running } = runChild((context) => start(this.#before(child) as never, context), {
      name: `${this.name}/${child.spec.name}`,
      owner: this,
      stopWithinMs,
      handleReport: this.#options.handleReport,
    });
    if (running === undefined) throw new SluiceError("SLUICE_BAD_RETURN", `expected the child ${child.spec.name} of ${this.name} to be a stage, a supervisor or a promise, got: ${show(value)}`);
    if (this.#isWithin(value)) throw new SluiceError("SLUICE_BAD_RETURN", `expected the child ${child.spec.name} of ${this.name} to be another than ${this.name} or its supervisors`);
    child.value = value;
    child.running = running;
    child.state = "running";
    child.downWith = undefined;
    this.#hasHadChild = true;
    void running.ended.then((reason) => this.#hasEnded({ child, reason }, running));
  }

  /** Whether this supervisor is the other one, or one of its children at any depth. */
  #isWithin(other: unknown): boolean {
    if (other === this) return true;
    return this.#owner instanceof Supervision && this.#owner.#isWithin(other);
  }

  /** The children before one, as they are now. */
  #before(child: Child): Children {
    const siblings = Object.create(null) as Record<string, unknown>;
    for (const other of this.#children) {
      if (other === child) break;
      siblings[other.spec.name] = other.value;
    }
    return siblings;
  }

  #hasEnded(end: End, running: RunningChild): void {
    const { child, reason } = end;
    child.lastEnd = reason;
    // Whoever stopped it has taken it out.
    if (child.running !== running) return;
    child.running = undefined;
    child.state = isToRunOn(child.spec.restart, reason) ? "restarting" : "ended";
    this.#ends.push(end);
    void this.#work();
  }

  async #stop(child: Child, reason?: unknown): Promise<void> {
    const { running } = child;
    child.running = undefined;
    await running?.stop(reason);
  }

  /** What its end makes of others is no failure of theirs. */
  async #stopByHand(child: Child, byHand: ByHand): Promise<void> {
    const { running } = child;
    if (running === undefined) return;
    // It may be about to end by itself, with the reason of somebody else.
    const isItsOwn = running.isStopping;
    child.running = undefined;
    let reason: ExitReason | undefined;
    void running.ended.then((end) => {
      reason = end;
    });
    await running.stop();
    await new Promise<void>((resolve) => inNextTurn(resolve));
    if (reason !== undefined && !isItsOwn) this.#causes.count(reason, child, byHand);
  }

  // ---- one thing at a time

  #inTurn<Result>(call: () => Result | Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#state !== "running") {
        reject(this.#ended());
        return;
      }
      this.#calls.push(async () => {
        try {
          if (this.#state !== "running") throw this.#ended();
          resolve(await call());
        } catch (error) {
          reject(error);
        }
      });
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isNudged = true;
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (this.#state === "running" && this.#isNudged) {
        this.#isNudged = false;
        while (this.#state === "running" && (await this.#step()));
      }
    } catch (error) {
      // Something that only looks like a stage.
      this.#begin({ type: "error", error });
    }
    this.#isWorking = false;
    if (this.#state === "stopping") await this.#shutDown();
  }

  /** Returns false when nothing is left to do. */
  async #step(): Promise<boolean> {
    // A call between two rounds: it may be the one that removes a child which cannot be started.
    const isCallsTurn = this.#hasRestarted && this.#calls.length > 0;
    this.#hasRestarted = false;
    if (this.#ends.length > 0 && !isCallsTurn) {
      this.#hasRestarted = true;
      // A turn of the event loop for each round: for those who fail together, and for all else that is to go on.
      await new Promise<void>((resolve) => inNextTurn(resolve));
      // Who is on his way to his end wakes us when he is there.
      if (this.#state !== "running" || this.#children.some(({ running }) => running?.isStopping === true)) return false;
      const ends = this.#ends;
      this.#ends = [];
      await this.#restart(ends);
    } else if (isCallsTurn) await this.#calls.shift()();
    else if (this.#due.length > 0) this.#runAll(this.#due.shift());
    else if (this.#unstarted.length > 0) {
      const unstarted = this.#unstarted;
      this.#unstarted = [];
      this.#runAll(unstarted);
    } else if (this.#calls.length > 0) await this.#calls.shift()();
    else if (this.#isDone) this.#begin({ type: "normal" });
    else return false;
    return true;
  }

  /** No child will run again by itself. */
  get #isDone(): boolean {
    return this.#options.whenDone !== "wait" && this.#hasHadChild && this.#children.every(({ state }) => state === "ended");
  }

  // ---- restarts

  async #restart(ends: readonly End[]): Promise<void> {
    const down = new Set<Child>();
    /** Those who ended by the same cause as one of these. */
    const kin = new Set<object>();
    let areConsequences = true;
    for (const { child, reason } of ends) {
      // Somebody has restarted or removed it by hand, or it came up with others.
      if (child.running !== undefined || child.state === "stopped" || !this.#children.includes(child)) continue;
      const runsOn = isToRunOn(child.spec.restart, reason);
      const occurrence = this.#causes.consequenceOf(reason, child, child.since, runsOn);
      const byHand = occurrence?.byHand;
      if (byHand === "stopped" || child.spec.restart === "temporary" || (byHand === undefined && !runsOn)) {
        this.#report({ kind: "child-ended", child: child.spec.name, reason });
        if (child.spec.restart === "temporary") this.#forget(child);
        else if (byHand === "stopped") {
          // It stays down with the one that it cannot do without.
          child.state = "stopped";
          child.downWith = occurrence?.ends.keys().next().value;
        }
        continue;
      }
      if (occurrence !== undefined) for (const other of occurrence.ends.keys()) kin.add(other);
      else {
        areConsequences = false;
        if (!this.#intensity.allow()) {
          this.#begin({ type: "error", error: new GaveUpError(this.name, child.spec.name, this.#intensity, reason) });
          return;
        }
      }
      child.failures = this.#backoff !== undefined && performance.now() - child.startedAt >= this.#backoff.maxMs ? 1 : child.failures + 1;
      this.#report({ kind: "child-restarting", child: child.spec.name, reason });
      down.add(child);
    }
    if (down.size === 0) return;
    const affected = this.#affected(down);
    for (const child of affected) child.state = "restarting";
    for (const child of affected.toReversed()) {
      await this.#stop(child);
      if (child.spec.restart === "temporary") this.#forget(child);
    }
    if (this.#backoff === undefined) this.#runAll(affected);
    else this.#pause(affected, kin, areConsequences ? 0 : Math.max(...Array.from(down, ({ failures }) => this.#backoff?.delay(failures) ?? 0)));
  }

  /** Those whom the strategy restarts, in the order of their starts. */
  #affected(down: ReadonlySet<Child>): Child[] {
    if (this.#strategy === "oneForAll") return [...this.#children];
    if (this.#strategy === "oneForOne") return this.#children.filter((child) => down.has(child));
    return this.#children.slice(this.#children.findIndex((child) => down.has(child)));
  }

  #runAll(children: readonly Child[]): void {
    for (const child of children) {
      if (this.#state !== "running") return;
      // Not those that were removed, stopped or restarted by hand in the meantime.
      if (child.state !== "restarting" || child.running !== undefined || !this.#children.includes(child)) continue;
      child.restarts += 1;
      // It may have ended by itself while others of its group were stopped.
      this.#ends = this.#ends.filter((end) => end.child !== child);
      try {
        this.#run(child);
      } catch (error) {
        child.lastEnd = { type: "error", error };
        this.#ends.push({ child, reason: child.lastEnd });
        // Those behind it are restarted with it: or by themselves, if it is removed before.
        if (this.#strategy !== "oneForOne") {
          this.#unstarted = children.slice(children.indexOf(child) + 1);
          return;
        }
      }
    }
  }

  /**
   * Starts these children later: the others go on meanwhile. Those of them, and of those who ended by the same cause, that wait
   * already, and these wait for as long as the last of all.
   */
  #pause(children: readonly Child[], kin: ReadonlySet<object>, delay: number): void {
    if (this.#state !== "running") return;
    const waiting = new Set(children);
    let dueAt = performance.now() + delay;
    for (const pause of this.#pauses) {
      if (!pause.children.some((child) => waiting.has(child) || kin.has(child))) continue;
      clearTimeout(pause.timer);
      this.#pauses.delete(pause);
      for (const child of pause.children) waiting.add(child);
      dueAt = Math.max(dueAt, pause.dueAt);
    }
    const pause: Pause = {
      children: this.#children.filter((child) => waiting.has(child)),
      dueAt,
      timer: setTimeout(() => {
        this.#pauses.delete(pause);
        this.#due.push(pause.children);
        void this.#work();
      }, dueAt - performance.now()),
    };
    this.#pauses.add(pause);
  }

  // ---- the end

  /** The end is certain: the first cause wins. */
  #begin(reason: ExitReason): void {
    if (this.#state !== "running") return;
    this.#state = "stopping";
    this.#reason = reason;
    for (const { timer } of this.#pauses) clearTimeout(timer);
    this.#pauses.clear();
    void this.#work();
  }

  readonly #onAbort = (): void => this.#begin(shutdown(this.#options.signal?.reason));

  async #shutDown(): Promise<void> {
    // While it goes on, nobody else works.
    this.#isWorking = true;
    this.#unheed?.();
    const reason = this.#reason.type === "shutdown" ? this.#reason.reason : undefined;
    for (const child of this.#children.toReversed()) {
      await this.#stop(child, reason);
      if (child.state !== "stopped") child.state = "ended";
    }
    this.#ends = [];
    this.#state = "ended";
    while (this.#calls.length > 0) void this.#calls.shift()();
    this.#closed.resolve(this.#reason);
    for (const resolve of this.#waiting.splice(0)) resolve();
    if (this.#reason.type === "error") {
      const isReceived = (): boolean => this.#owner !== undefined || this.#closed.isRead;
      if (!isReceived()) throwUnlessReceived(this.#reason.error, isReceived);
    }
  }

  #ended(): SluiceError {
    return new SluiceError("SLUICE_ENDED", `${this.name} has ended, or is about to: it takes no more children`);
  }

  #report(finding: Finding): void {
    tell(this.#options.handleReport, { ...finding, stage: this.name });
  }
}

function isToRunOn(restart: RestartKind, reason: ExitReason): boolean {
  return restart === "permanent" || (restart === "transient" && reason.type === "error");
}

function isSeen(value: unknown): value is { snapshot(): Snapshot | SupervisorSnapshot } {
  return typeof value === "object" && value !== null && "snapshot" in value && typeof value.snapshot === "function";
}
