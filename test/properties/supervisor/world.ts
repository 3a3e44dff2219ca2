/** The same tree with real supervisors. */
import { vi } from "vitest";
import { producer, supervisor, type Children, type Supervisor, type SupervisorBuilder, type SupervisorSnapshot, type ChildValue } from "sluice";
import { settle } from "sluice/testing";
import { parentOf, type BranchPlan, type How, type LeafPlan, type Step, type StopMode } from "./plan.ts";

/** How long a leaf may take to stop, in fake ms. */
export const STOP_WITHIN_MS = 20;

type AnyBuilder = SupervisorBuilder<Children>;

/** A leaf that runs. */
interface Life {
  end(how: How): void;
  hasStopped: boolean;
}

export class World {
  readonly tree: Supervisor;
  /** What is wrong whatever a model says. */
  readonly breaches: string[] = [];
  readonly #lives = new Map<string, Life>();
  readonly #failures = new Map<string, number>();
  #log: string[] = [];
  #added = 0;

  constructor(plan: BranchPlan) {
    this.tree = this.#branch("root", plan);
  }

  read(): string[] {
    const log = this.#log;
    this.#log = [];
    return log;
  }

  get isUp(): boolean {
    return this.tree.snapshot().state === "running";
  }

  states(snapshot: SupervisorSnapshot = this.tree.snapshot()): string[] {
    return snapshot.children.flatMap((child) => [
      `${child.name} ${child.state}`,
      ...(child.state === "running" && child.snapshot?.role === "supervisor" ? this.states(child.snapshot) : []),
    ]);
  }

  /** Begins a step; whoever waits for its end calls {@link quiet}. */
  step(step: Step, names: readonly string[]): void {
    const nameOf = (leaf: number): string => names[leaf % names.length] ?? "";
    if (step.type === "stop") void this.tree.stop();
    else if (step.type === "end") {
      const [name, other] = [nameOf(step.leaf), step.other === undefined ? undefined : nameOf(step.other)];
      this.#lives.get(name)?.end(step.how);
      if (other !== undefined && other !== name && parentOf(other) === parentOf(name)) this.#lives.get(other)?.end(step.how);
    } else {
      const name = nameOf(step.leaf);
      const parent = this.#supervisorOf(name);
      if (step.type === "end-and-no-start") {
        const life = this.#lives.get(name);
        if (life?.hasStopped === false) this.#failures.set(name, step.times);
        life?.end("fails");
      } else if (parent?.snapshot().children.some((child) => child.name === name) !== true) return;
      else if (step.type === "add") {
        const added = `${parentOf(name)}+${(this.#added += 1)}`;
        parent.startChild(added, (_, { signal }) => this.#leaf(added, step.plan, signal) as ChildValue, { restart: step.plan.restart, stopWithinMs: STOP_WITHIN_MS }).catch(ignore);
      } else parent[step.call](name).catch(ignore);
    }
  }

  #supervisorOf(name: string): Supervisor | undefined {
    const path = parentOf(name).split(".").slice(1);
    let parent: Supervisor | undefined = this.tree;
    let at = "root";
    for (const place of path) {
      at = `${at}.${place}`;
      parent = parent?.children[at] as Supervisor | undefined;
    }
    return parent?.snapshot().state === "running" ? parent : undefined;
  }

  #branch(name: string, plan: BranchPlan): Supervisor {
    const { strategy, maxRestarts, children } = plan;
    // Those that failed to start belong to the supervisor before.
    for (const leaf of this.#failures.keys()) if (leaf.startsWith(`${name}.`) || leaf.startsWith(`${name}+`)) this.#failures.delete(leaf);
    let builder: AnyBuilder = supervisor({ name, strategy, maxRestarts, withinMs: 1_000_000, handleReport: ignore });
    for (const [place, child] of children.entries()) {
      const own = `${name}.${place}`;
      const start = (_: unknown, { signal }: { readonly signal: AbortSignal }): ChildValue => (child.type === "leaf" ? this.#leaf(own, child, signal) : this.#branch(own, child)) as ChildValue;
      builder = builder.child(own as never, start, { restart: child.restart, stopWithinMs: STOP_WITHIN_MS });
    }
    const tree = builder.start();
    // Somebody listens to the root; nobody else need.
    if (name === "root") void tree.closed;
    return tree;
  }

  #leaf(name: string, plan: LeafPlan, signal: AbortSignal): unknown {
    const failures = this.#failures.get(name) ?? 0;
    if (failures > 0) {
      this.#failures.set(name, failures - 1);
      this.#log.push(`${name} cannot start`);
      throw new Error(`${name} cannot start`);
    }
    if (this.#lives.get(name)?.hasStopped === false) this.breaches.push(`${name} is started while it runs`);
    this.#log.push(`start ${name}`);
    const life: Life = { hasStopped: false, end: ignore };
    this.#lives.set(name, life);
    const stopped = (): void => {
      if (life.hasStopped) this.breaches.push(`${name} is stopped twice`);
      life.hasStopped = true;
      this.#log.push(`stop ${name}`);
    };
    return plan.kind === "stage" ? stage(name, plan.stops, life, stopped) : task(name, plan.stops, signal, life, stopped);
  }
}

function stage(name: string, stops: StopMode, life: Life, stopped: () => void): unknown {
  const made = producer<number>({
    name,
    stopWithinMs: STOP_WITHIN_MS,
    handleReport: ignore,
    handleInfo: () => Promise.reject(new Error(`${name} rejects`)),
    handleStop() {
      stopped();
      return end(stops, name);
    },
  });
  life.end = (how) => {
    if (how === "fails") made.fail(new Error(`${name} fails`));
    else if (how === "rejects") made.info("reject");
    else if (how === "completes") made.complete();
    else void made.stop("by hand");
  };
  return made;
}

function task(name: string, stops: StopMode, signal: AbortSignal, life: Life, stopped: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settles = (): boolean => {
      if (life.hasStopped) return false;
      stopped();
      return true;
    };
    signal.addEventListener("abort", () => {
      if (!settles()) return;
      try {
        resolve(end(stops, name));
      } catch (error) {
        reject(error);
      }
    });
    life.end = (how) => {
      if (!settles()) return;
      if (how === "fails" || how === "rejects") reject(new Error(`${name} ${how}`));
      else resolve();
    };
  });
}

/** @throws as the mode says */
function end(mode: StopMode, name: string): Promise<void> | undefined {
  const failure = new Error(`${name} cannot stop`);
  if (mode === "throws") throw failure;
  if (mode === "rejects") return Promise.reject(failure);
  if (mode === "never") return new Promise(ignore);
  return mode === "async" ? settle() : undefined;
}

/** Until nothing is left to do; the fake time goes on as long as somebody waits for it. Returns how much of it passed, in ms. */
export async function quiet(): Promise<number> {
  const before = performance.now();
  for (;;) {
    // Twice, as clean-ups of leaves settle with the stages themselves, would do. On a crowded machine that was too few, once in
    // some thousand trees, and why has not been found.
    for (let i = 0; i < 8; i += 1) await settle();
    if (vi.getTimerCount() === 0) return performance.now() - before;
    vi.advanceTimersToNextTimer();
  }
}

function ignore(): void {}
