/** The tree of a plan, and its steps. */
import { vi } from "vitest";
import { supervisor, type Children, type Producer, type PushProducer, type Stage, type Supervisor, type SupervisorBuilder, type SupervisorOptions } from "sluice";
import { settle } from "sluice/testing";
import { auditCounts, auditEnds, auditLosses } from "./audit.ts";
import { Gates } from "./gates.ts";
import type { Life } from "./life.ts";
import { MOST_WORKERS, type InletPlan, type MiddlePlan, type OutletPlan, type Plan, type SourcePlan, type Step } from "./plan.ts";
import { Slot } from "./slot.ts";
import { STOP_WITHIN_MS, middle, source, worker, type From } from "./stages.ts";
import type { Token } from "./token.ts";

type AnyBuilder = SupervisorBuilder<Children>;

export class World {
  readonly tree: Supervisor;
  readonly breaches: string[] = [];
  readonly #plan: Plan;
  readonly #gates = new Gates();
  readonly #sources: Slot[];
  readonly #middles: Slot[];
  readonly #workers: Slot[];

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#sources = plan.sources.map((each, place) => new Slot(`source${place}`, each, this.#gates));
    this.#middles = plan.middles.map((each, place) => new Slot(`middle${place}`, each, this.#gates));
    this.#workers = plan.workers.map((each, place) => new Slot(`worker${place}`, each, this.#gates));
    this.tree = this.#start();
    void this.tree.closed;
  }

  async step(step: Step): Promise<void> {
    switch (step.type) {
      case "emit":
        this.#emit(step.which, step.count);
        return;
      case "complete":
      case "fail":
        this.#endSource(step.which, step.type);
        return;
      case "release":
        this.#gates.release(step.which);
        return;
      case "call":
        this.#call(step.which, step.call);
        return;
      case "add":
        this.#add(step.plan);
        return;
      case "turn":
        await new Promise<void>((resolve) => setImmediate(resolve));
        return;
      case "wait":
        await quiet();
        return;
      case "rest":
        await settle();
        this.audit();
        return;
      case "stop":
        void this.tree.stop();
    }
  }

  /** Stops the tree; then what has not settled settles. */
  async end(): Promise<void> {
    let hasEnded = false;
    void this.tree.stop().then(() => (hasEnded = true));
    const tookMs = await quiet();
    if (!hasEnded) this.breaches.push(`the tree does not end: ${this.tree.snapshot().state}`);
    // Twice its deadline for each child, one after the other, and once more if some were about to be restarted.
    if (tookMs > 4 * STOP_WITHIN_MS * (this.#slots.length + 1)) this.breaches.push(`the tree ends after ${tookMs} ms`);
    this.#auditEnds();
    this.#gates.releaseAll();
    await quiet();
    this.#auditEnds();
    if (vi.getTimerCount() > 0) this.breaches.push("a timer is left");
  }

  audit(): void {
    auditCounts(this.#lives, this.breaches);
    auditLosses(this.#lives, this.breaches);
  }

  #auditEnds(): void {
    this.audit();
    auditEnds(this.#lives, this.breaches);
  }

  get #slots(): readonly Slot[] {
    return [...this.#sources, ...this.#middles, ...this.#workers];
  }

  get #lives(): readonly Life[] {
    return this.#slots.flatMap((slot) => slot.lives);
  }

  // ---- the tree

  #start(): Supervisor {
    const { strategy, maxRestarts, isNested, middles, workers } = this.#plan;
    let builder: AnyBuilder = supervisor(this.#options({ strategy, maxRestarts }));
    for (const slot of this.#sources) {
      const consumers = middles.length > 0 ? 1 : workers.length;
      builder = builder.child(slot.name as never, () => source(slot, slot.plan as SourcePlan, consumers), { restart: slot.plan.restart });
    }
    for (const [place, slot] of this.#middles.entries()) {
      const from = place === 0 ? this.#sources : [this.#middles[place - 1] as Slot];
      const consumers = place === middles.length - 1 ? workers.length : 1;
      builder = builder.child(slot.name as never, () => middle(slot, slot.plan as MiddlePlan, fromOf(from), consumers, this.breaches), { restart: slot.plan.restart });
    }
    if (!isNested) return this.#withWorkers(builder).start();
    return builder.child("workers" as never, () => this.#withWorkers(supervisor(this.#options({ strategy: this.#plan.innerStrategy, maxRestarts })) as AnyBuilder).start()).start();
  }

  #withWorkers(given: AnyBuilder): AnyBuilder {
    let builder = given;
    for (const [place, slot] of this.#workers.entries()) {
      if (place >= this.#plan.workers.length) break;
      builder = builder.child(slot.name as never, () => this.#worker(slot, place), { restart: slot.plan.restart });
    }
    return builder;
  }

  #worker(slot: Slot, place: number): Stage {
    const last = this.#middles.at(-1);
    return worker(slot, slot.plan as InletPlan, fromOf(last === undefined ? this.#sources : [last]), place % MOST_WORKERS, this.breaches);
  }

  #options(options: SupervisorOptions): SupervisorOptions {
    return { ...options, withinMs: 1_000_000, handleReport: () => undefined };
  }

  /** The supervisor of a child, while it runs. */
  #parentOf(slot: Slot | undefined): Supervisor | undefined {
    const isInner = this.#plan.isNested && (slot === undefined || this.#workers.includes(slot));
    const parent = isInner ? (this.tree.children["workers"] as Supervisor | undefined) : this.tree;
    return parent?.snapshot().state === "running" ? parent : undefined;
  }

  // ---- steps

  #emit(which: number, count: number): void {
    const slots = this.#sources.filter((slot) => (slot.plan as SourcePlan).kind === "push");
    const life = slots[which % Math.max(1, slots.length)]?.latest;
    if (life === undefined) return;
    const made = Array.from({ length: count }, () => life.make());
    try {
      (life.stage as PushProducer<Token>).emit(made);
    } catch {
      // It has ended: these were never emitted.
      life.tokens.splice(-count, count);
    }
  }

  #endSource(which: number, how: "complete" | "fail"): void {
    const stage = this.#sources[which % this.#sources.length]?.latest?.stage as PushProducer<Token> | undefined;
    if (how === "fail") stage?.fail(new Error("from outside"));
    else stage?.complete();
  }

  #call(which: number, call: "stopChild" | "restartChild" | "removeChild"): void {
    const slot = this.#slots[which % this.#slots.length];
    if (slot === undefined) return;
    this.#parentOf(slot)?.[call](slot.name).catch(() => undefined);
  }

  /** One more worker, which has no partition of its own. */
  #add(plan: InletPlan): void {
    const parent = this.#parentOf(undefined);
    if (parent === undefined) return;
    const place = this.#workers.length;
    const slot = new Slot(`worker${place}`, plan, this.#gates);
    this.#workers.push(slot);
    parent.startChild(slot.name, () => this.#worker(slot, place), { restart: plan.restart }).catch(() => undefined);
  }
}

/** @throws when one of them has never been there */
function fromOf(slots: readonly Slot[]): readonly From[] {
  return slots.map(({ latest, name, plan }) => {
    if (latest === undefined) throw new Error(`there is no ${name}`);
    return { life: latest, stage: latest.stage as unknown as Producer<Token>, dispatcher: (plan as OutletPlan & InletPlan).dispatcher };
  });
}

/** Until nothing is left to do; the fake time goes on as long as somebody waits for it. Returns how much of it passed, in ms. */
async function quiet(): Promise<number> {
  const before = performance.now();
  for (;;) {
    await settle();
    await settle();
    if (vi.getTimerCount() === 0) return performance.now() - before;
    vi.advanceTimersToNextTimer();
  }
}
