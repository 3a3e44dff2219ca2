/** Makes a random graph, lets everything happen to it that its plan says, and holds it against the properties. */
import { NORMAL, post, type Cancel, type ExitReason, type Subscribable, type Upward } from "sluice";
import { ConsumerProbe, monitored, settle, type Monitored, type ProtocolRule, type ProtocolViolation } from "sluice/testing";
import type { Code, Violations } from "../codes.ts";
import { audit, auditEnd, auditProgress } from "./audit.ts";
import { Box, type Surroundings } from "./box.ts";
import { Gates } from "./gates.ts";
import { Input } from "./input.ts";
import { make } from "./making.ts";
import type { InputPlan, Plan, StagePlan, Step } from "./plan.ts";
import { Reading } from "./reading.ts";
import { selectorOf, type Token } from "./token.ts";

/** What the probes ask for that are there from the start. */
const FIRST_DEMAND = 20;
/** Callbacks do no more than so much to the graph: otherwise they could keep it going for ever. */
const MOST_ACTS = 20;
/** Acts may undo what a drain has done. */
const MOST_ROUNDS = MOST_ACTS + 10;
/** A graph that is not quiet after so many turns of the event loop never will be. */
const MOST_TURNS = 400;

/** The property that a violation on a wire breaks. */
const CODE_OF: Readonly<Record<ProtocolRule, Code>> = {
  "over-delivered": "P1",
  "over-asked": "P2",
  "bad-ask": "P3",
  "empty-list": "P13",
  "second-subscribe": "P11",
  "after-cancel": "P11",
  "after-end": "P10",
};

export async function runGraph(plan: Plan, violations: Violations): Promise<void> {
  const world = new World(plan, violations);
  await world.run();
}

/** A probe that consumes, and what a plan needs to know of it. */
class Probe {
  readonly probe: ConsumerProbe<Token>;
  readonly box: Box;
  readonly partition: number;
  hasLeft = false;

  constructor(probe: ConsumerProbe<Token>, box: Box, partition: number) {
    this.probe = probe;
    this.box = box;
    this.partition = partition;
  }

  get isOver(): boolean {
    return this.hasLeft || this.probe.ends.length > 0;
  }
}

export class World implements Surroundings {
  readonly boxes: Box[] = [];
  readonly readings: Reading[] = [];
  readonly gates: Gates = new Gates();
  readonly violations: Violations;
  /** Promises of `flushed`, `stop` and `cancel` that have not settled. */
  pending = 0;
  /** With which reasons a producer, or a newer subscription, has cancelled a subscription. */
  readonly dismissals: Set<unknown> = new Set();
  readonly #plan: Plan;
  readonly #probes: Probe[] = [];
  readonly #probeMonitors = new Map<Box, Monitored<Token>>();
  #acts = 0;
  #reasons = 0;
  #infos = 0;

  constructor(plan: Plan, violations: Violations) {
    this.#plan = plan;
    this.violations = violations;
    plan.stages.forEach((stagePlan, index) => this.#start(stagePlan, index));
    for (const box of this.producing) {
      if (box.plan.isRead && this.inputs.every(({ from }) => from !== box)) this.#join(box, 0, FIRST_DEMAND);
    }
  }

  async run(): Promise<void> {
    for (const step of this.#plan.steps) {
      if (step.deed === "rest") {
        if (!(await this.#rest())) break;
        audit(this);
        auditProgress(this);
      } else if (step.deed === "turn") await Promise.resolve();
      else this.#perform(step);
    }
    await this.#finish();
  }

  act(step: Step, box: Box): void {
    this.#acts += 1;
    if (this.#acts <= MOST_ACTS) this.#perform(step, box);
  }

  get producing(): Box[] {
    return this.boxes.filter(({ producer }) => producer !== undefined);
  }

  get inputs(): Input[] {
    return this.boxes.flatMap(({ inputs }) => inputs);
  }

  // ---- the graph

  #start(given: StagePlan, index: number): void {
    const role = index === 0 && given.role !== "iterable" ? "producer" : given.role;
    const box = new Box(index, { ...given, role }, this);
    this.boxes.push(box);
    let last = 0;
    make(
      box,
      (message) => {
        const info = message as Info;
        const before = last;
        box.check("P6", info.number > before, () => `handleInfo gets message ${info.number} behind ${before}`);
        last = info.number;
        this.#heardInfo(box, info);
      },
      this.gates,
    );
    for (const input of box.consumer === undefined ? [] : box.plan.inputs) this.#subscribe(box, input);
  }

  #subscribe(box: Box, plan: InputPlan, old?: Input): void {
    const { consumer } = box;
    const producers = this.producing.filter(({ index }) => index < box.index);
    const from = old?.from ?? producers[plan.from % Math.max(1, producers.length)];
    if (consumer === undefined || from?.producer === undefined || (old === undefined && !this.#hasRoom(from, plan.selector))) return;
    const target = old?.monitored ?? this.#monitor(from, from.producer, plan.maxDemand, box);
    const wires = target.wires.length;
    const { maxDemand, minDemand, cancel } = plan;
    const subscription = consumer.subscribe(target, {
      maxDemand,
      minDemand,
      cancel,
      ...this.#dispatchOptions(from, plan.selector, old),
      ...(old !== undefined && { replaces: { subscription: old.subscription, reason: this.#reason() } }),
    });
    old?.leave();
    // A stage that has ended opens no wire.
    if (target.wires.length === wires) {
      box.check("P11", box.stage.snapshot().state !== "running", () => "it subscribes, and opens no wire");
      return;
    }
    box.inputs.push(new Input(box, from, plan, target, subscription));
  }

  /** A partition is a free one, if there is one; each twelfth time it does not exist. */
  #dispatchOptions(from: Box, number: number, old?: Input | Probe): { readonly partition?: number; readonly selector?: (event: Token) => boolean } {
    const { kind, partitions } = from.plan.dispatcher;
    if (kind === "demand") return {};
    if (kind === "broadcast") {
      const selector = selectorOf(number, () => from.newError());
      return selector === undefined ? {} : { selector };
    }
    if (old !== undefined) return { partition: partitionOf(old) };
    if (number % 12 === 11) return { partition: partitions };
    const taken = this.#takenPartitions(from);
    const free = Array.from({ length: partitions }, (_, partition) => partition).filter((partition) => !taken.includes(partition));
    return { partition: free[number % Math.max(1, free.length)] ?? number % partitions };
  }

  /** Whether a partition is free; each fourth time it does not matter. */
  #hasRoom(from: Box, number: number): boolean {
    const { kind, partitions } = from.plan.dispatcher;
    return kind !== "partition" || number % 4 === 3 || this.#takenPartitions(from).length < partitions;
  }

  #takenPartitions(from: Box): number[] {
    const inputs = this.inputs.filter((input) => input.from === from && !input.isClosed).map(partitionOf);
    return [...inputs, ...this.#probes.filter(({ box, isOver }) => box === from && !isOver).map(partitionOf)];
  }

  #monitor(from: Box, producer: Subscribable<Token>, maxDemand: number | undefined, consumer?: Box): Monitored<Token> {
    const handleViolation = (violation: ProtocolViolation): void => {
      const code = violation.rule === "over-asked" && consumer?.producer !== undefined ? "P4" : CODE_OF[violation.rule];
      this.violations.add(code, violation.message);
    };
    const watched = monitored(producer, { freeze: true, handleViolation, ...(maxDemand !== undefined && { maxDemand }) });
    from.monitors.push(watched);
    return watched;
  }

  // ---- what happens

  #perform({ deed, which, other, count }: Step, self?: Box): void {
    const producing = pick(this.producing, which);
    const pushing = pick(this.boxes.filter(({ push }) => push !== undefined), which);
    const box = self ?? pick(this.boxes, which);
    const probe = pick(this.#probes.filter(({ isOver }) => !isOver), which);
    const input = pick(this.inputs.filter(({ isClosed }) => !isClosed), which);
    const reading = pick(this.readings.filter(({ isOver }) => !isOver), which);
    switch (deed) {
      case "rest":
      case "turn":
        return;
      case "emit":
        pushing?.emit(count);
        return;
      case "ask":
        if (probe !== undefined) post<Upward>(probe.probe.port, other % 2 === 0 ? count : 5 * count);
        return;
      case "join":
        // Some come without demand, some with much.
        if (producing !== undefined && this.#hasRoom(producing, other)) this.#join(producing, other, other % 6 === 0 ? 0 : other % 2 === 0 ? count : 10 * count);
        return;
      case "leave":
      case "down":
        if (probe !== undefined) this.#leave(probe, deed === "leave" ? "cancel" : "down");
        return;
      case "replace":
        if (probe !== undefined) this.#join(probe.box, other, count, probe);
        return;
      case "subscribe":
        this.#subscribeAgain(pick(this.boxes.filter(({ consumer }) => consumer !== undefined), which), other, count);
        return;
      case "cancel":
        if (input === undefined) return;
        input.leave();
        this.#await(input.subscription.cancel(this.#reason()));
        return;
      case "resubscribe":
        if (input !== undefined && !input.isOwn) this.#subscribe(input.box, { ...input.plan, minDemand: other % input.plan.maxDemand }, input);
        return;
      case "release":
        for (let gates = 0; gates < count % 4; gates += 1) this.gates.release(which);
        return;
      case "refuse":
        this.gates.refuse(which, (owner) => (owner as Box).newError());
        return;
      case "mode":
        if (pushing?.producer === undefined) return;
        pushing.hasAccumulated = true;
        pushing.producer.setDemandMode(other % 2 === 0 ? "forward" : "accumulate");
        return;
      case "info":
        if (box !== undefined) this.#info(box);
        return;
      case "flush":
        if (box !== undefined) this.#await(box.stage.flushed());
        return;
      case "read":
        this.#read(which, other, count);
        return;
      case "next":
        for (let calls = 0; calls < count % 4; calls += 1) reading?.next();
        return;
      case "return":
        reading?.return();
        return;
      case "complete":
        if (pushing !== undefined) this.#complete(pushing);
        return;
      case "fail":
        pushing?.push?.fail(pushing.newError());
        return;
      case "stop":
        if (box !== undefined) this.#stop(box);
        return;
      case "abort":
        if (box?.plan.hasSignal !== true) return;
        box.causes.push({ type: "shutdown", reason: box.controller });
        box.controller.abort(box.controller);
        return;
      case "dismiss":
        this.#dismiss(producing, other);
    }
  }

  #join(box: Box, number: number, demand: number, old?: Probe): void {
    if (box.producer === undefined) return;
    const monitor = this.#probeMonitors.get(box) ?? this.#monitor(box, box.producer, undefined);
    this.#probeMonitors.set(box, monitor);
    const options = this.#dispatchOptions(box, number, old);
    const reason = this.#reason();
    const probe = new ConsumerProbe(monitor, {
      name: `probe ${this.#probes.length}`,
      options,
      ...(old !== undefined && { replaces: { probe: old.probe, reason } }),
    });
    if (old !== undefined) old.hasLeft = true;
    this.#probes.push(new Probe(probe, box, options.partition ?? -1));
    if (demand > 0) post<Upward>(probe.port, demand);
  }

  #leave(probe: Probe, kind: Cancel["kind"]): void {
    probe.hasLeft = true;
    post<Upward>(probe.probe.port, { type: "cancel", kind, reason: { type: "shutdown", reason: {} } });
  }

  /** Every second loop is alone with its stage, if there is such a stage: then it may take from the buffer. */
  #read(which: number, other: number, maxDemand: number): void {
    const unread = this.producing.filter(({ stage }) => stage.snapshot().output?.consumers.length === 0);
    const box = (other % 2 === 0 ? pick(unread, which) : undefined) ?? pick(this.producing, which);
    if (box !== undefined) this.readings.push(new Reading(box, other, maxDemand));
  }

  #subscribeAgain(box: Box | undefined, other: number, maxDemand: number): void {
    if (box !== undefined) this.#subscribe(box, { from: other, maxDemand, minDemand: other % maxDemand, cancel: "last", selector: other });
  }

  #complete(box: Box): void {
    box.causes.push(NORMAL);
    box.push?.complete();
  }

  #stop(box: Box): void {
    const reason = {};
    box.causes.push({ type: "shutdown", reason });
    this.#await(box.stage.stop(reason));
  }

  #dismiss(box: Box | undefined, other: number): void {
    const consumption = pick(box?.consumptions ?? [], other);
    if (box === undefined || consumption === undefined) return;
    box.hasDismissed = true;
    consumption.cancel(this.#reason());
  }

  /** A reason that nobody else gives, which ends a subscription from the producer's side. */
  #reason(): ExitReason {
    const reason = { number: (this.#reasons += 1) };
    this.dismissals.add(reason);
    return { type: "shutdown", reason };
  }

  #await(promise: Promise<unknown>): void {
    this.pending += 1;
    const settled = (): void => {
      this.pending -= 1;
    };
    promise.then(settled, settled);
  }

  // ---- in-band messages

  #info(box: Box): void {
    const { input, output } = box.stage.snapshot();
    box.stage.info({ number: (this.#infos += 1), received: input?.received ?? 0, emitted: output?.emitted ?? 0 } satisfies Info);
  }

  #heardInfo(box: Box, { number, received, emitted }: Info): void {
    const { input, output } = box.stage.snapshot();
    if (input !== undefined) {
      const done = input.handled + input.failed + input.lost;
      box.check("P6", done >= received, () => `message ${number} overtakes events: ${received} had come before it, ${done} are handled`);
    }
    if (output === undefined) return;
    const gone = output.delivered + output.discarded + output.dropped + output.lost;
    box.check("P6", gone >= emitted, () => `message ${number} overtakes events: ${emitted} were emitted before it, ${gone} are gone`);
  }

  // ---- the end

  async #finish(): Promise<void> {
    if (await this.#settleAll()) {
      audit(this);
      auditProgress(this);
    }
    if (this.#plan.ending === "drain") await this.#drain();
    this.boxes.forEach((_, place) => this.#stop(this.boxes[(place * 5 + this.#plan.steps.length) % this.boxes.length] as Box));
    for (const box of this.boxes) this.#stop(box);
    if (!(await this.#settleAll())) return;
    audit(this);
    auditEnd(this);
  }

  /** Everything is completed, and read to its end. */
  async #drain(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS && this.producing.some(({ ended }) => ended === undefined); round += 1) {
      for (const reading of this.readings) if (!reading.isOver) reading.return();
      for (const box of this.boxes) {
        if (box.ended !== undefined) continue;
        box.producer?.setDemandMode("forward");
        if (box.push !== undefined && round === 0) this.#complete(box);
        this.#readToTheEnd(box);
      }
      if (!(await this.#settleAll())) return;
    }
    audit(this);
    auditProgress(this);
    for (const box of this.boxes) {
      const isOver = box.stage.snapshot().state === "ended" || this.#isFailing(box);
      const isFinite = box.push !== undefined || box.tokens !== undefined;
      box.check("P14", isOver || !isFinite, () => `it was read to its end, and is ${JSON.stringify(box.stage.snapshot())}`);
    }
  }

  /** What fails drains to the consumers that it has; others are told of the error. */
  #isFailing(box: Box): boolean {
    return this.#probes.some((each) => each.box === box && each.probe.ends.some(({ kind, reason }) => kind === "down" && reason.type === "error"));
  }

  /** Probes for all that nobody else reads. */
  #readToTheEnd(box: Box): void {
    if (box.producer === undefined || box.ended !== undefined || this.#isFailing(box)) return;
    const probes = this.#probes.filter((probe) => probe.box === box && !probe.isOver);
    for (const { probe } of probes) post<Upward>(probe.port, 100_000);
    const { kind, partitions } = box.plan.dispatcher;
    if (kind !== "partition") {
      if (probes.length === 0) this.#join(box, 0, 100_000);
      return;
    }
    const taken = this.#takenPartitions(box);
    for (let partition = 0; partition < partitions; partition += 1) {
      if (!taken.includes(partition)) this.#join(box, 0, 100_000, undefined);
    }
  }

  /** Quiet, and no callback waits. */
  async #settleAll(): Promise<boolean> {
    for (let turn = 0; turn < MOST_TURNS; turn += 1) {
      if (!(await this.#rest())) return false;
      if (this.gates.count === 0) return true;
      while (this.gates.count > 0) this.gates.release(turn);
    }
    this.violations.add("P14", "callbacks are called without end");
    return false;
  }

  async #rest(): Promise<boolean> {
    let isOver = false;
    const quiet = settle().then(() => {
      isOver = true;
    });
    // oxlint-disable-next-line no-unmodified-loop-condition -- a callback sets it
    for (let turn = 0; turn < MOST_TURNS && !isOver; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    if (isOver) await quiet;
    this.violations.check("P14", isOver, () => "the graph does not come to rest");
    return isOver;
  }
}

/** What goes in-band: its number, and what the stage had received and emitted before it. */
interface Info {
  readonly number: number;
  readonly received: number;
  readonly emitted: number;
}

function partitionOf(of: Input | Probe): number {
  return "probe" in of ? of.partition : Number(of.wire.options.partition ?? -1);
}

function pick<Value>(list: readonly Value[], which: number): Value | undefined {
  return list[which % Math.max(1, list.length)];
}
