/** A random graph of stages and what happens to it: plain data, so that a run can be repeated and made smaller. */
import * as fc from "fast-check";
import type { CancelMode, DemandMode } from "sluice";

export interface Plan {
  readonly stages: readonly StagePlan[];
  readonly steps: readonly Step[];
  /** At the end everything is completed and read to its end, or stopped as it is. */
  readonly ending: "drain" | "stop";
}

export interface StagePlan {
  /** The first stage is a producer in any case; an `iterable` is one that `fromIterable` makes. */
  readonly role: "producer" | "iterable" | "producerConsumer" | "consumer";
  readonly dispatcher: DispatcherPlan;
  readonly bufferSize: number | undefined;
  readonly bufferKeep: "first" | "last" | undefined;
  readonly demand: DemandMode;
  readonly whenUnused: "stop" | "wait";
  /** How many events `handleDemand` brings for a demand. `outside`: there is none, events come from outside. */
  readonly brings: "exact" | "fewer" | "more" | "outside";
  /** How many events it has, and what it does then. */
  readonly budget: number;
  readonly whenEmpty: "wait" | "complete" | "fail";
  /** 0: `handleEvents`; otherwise `handleEvent` with this concurrency. */
  readonly concurrency: number;
  readonly ordered: boolean;
  /** What its callbacks do, in turn. */
  readonly calls: readonly CallPlan[];
  /** Which of its callbacks fails. */
  readonly failsAt: number | undefined;
  /** Whether `handleSubscribe`, `handleCancel` and the like are async. */
  readonly hasSlowHooks: boolean;
  readonly hasSignal: boolean;
  /** A probe asks for its events from the start, if no stage subscribes. */
  readonly isRead: boolean;
  readonly inputs: readonly InputPlan[];
}

export interface DispatcherPlan {
  readonly kind: "demand" | "broadcast" | "partition";
  readonly partitions: number;
  readonly queueSize: number | undefined;
  readonly hash: "keeps" | "drops" | "replaces" | "drops and replaces" | "is unknown" | "throws";
}

export interface CallPlan {
  /** It returns a promise, which a step settles. */
  readonly waits: boolean;
  readonly returns: "same" | "twice" | "none";
  /** It emits its first event before it returns the others. */
  readonly emits: boolean;
  /** What it does to the graph meanwhile. */
  readonly act: Step | undefined;
}

export interface InputPlan {
  /** Which of the producing stages before this one. */
  readonly from: number;
  readonly maxDemand: number;
  readonly minDemand: number;
  readonly cancel: CancelMode;
  /** Which selector; a partition is chosen so that most are different. */
  readonly selector: number;
}

/** Something that happens. `which` and `other` choose stages, probes, promises, by their remainders. */
export interface Step {
  readonly deed: Deed;
  readonly which: number;
  readonly other: number;
  readonly count: number;
}

export type Deed = (typeof DEEDS)[number][1];

/** By weight. Most defects of such libraries were in the account of consumers that leave, join late, or drop events. */
const DEEDS = [
  [40, "rest"],
  [10, "turn"],
  [60, "emit"],
  [60, "ask"],
  [25, "join"],
  [20, "leave"],
  [6, "down"],
  [12, "replace"],
  [9, "subscribe"],
  [12, "cancel"],
  [9, "resubscribe"],
  [80, "release"],
  [2, "refuse"],
  [9, "mode"],
  [12, "info"],
  [3, "flush"],
  [10, "read"],
  [30, "next"],
  [3, "return"],
  [1, "complete"],
  [1, "fail"],
  [2, "stop"],
  [1, "abort"],
  [4, "dismiss"],
] as const;

const steps: fc.Arbitrary<Step> = fc.record({
  deed: fc.oneof(...DEEDS.map(([weight, deed]) => ({ weight, arbitrary: fc.constant<Deed>(deed) }))),
  which: fc.nat(11),
  other: fc.nat(11),
  count: fc.integer({ min: 1, max: 9 }),
});

const calls: fc.Arbitrary<CallPlan> = fc.record({
  waits: fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  returns: fc.constantFrom("same", "same", "same", "twice", "twice", "none"),
  emits: often(false, true),
  act: perhaps(7, steps),
});

const windows = fc
  .record({ maxDemand: fc.integer({ min: 1, max: 10 }), least: fc.nat(9) })
  .map(({ maxDemand, least }) => ({ maxDemand, minDemand: Math.min(least, maxDemand - 1) }));

const inputs: fc.Arbitrary<InputPlan> = fc
  .record({ from: fc.nat(5), window: windows, cancel: fc.constantFrom<CancelMode>("last", "last", "permanent", "transient", "temporary"), selector: fc.nat(11) })
  .map(({ window, ...rest }) => ({ ...rest, ...window }));

export interface PlanOptions {
  /** The dispatcher of all stages. Default any. */
  readonly kind?: DispatcherPlan["kind"];
  readonly mostStages?: number;
}

/** Plans, the smallest first. */
export function plans({ kind, mostStages = 6 }: PlanOptions = {}): fc.Arbitrary<Plan> {
  const dispatcher = dispatchers(kind);
  const stages: fc.Arbitrary<StagePlan> = fc.record({
    role: fc.constantFrom("producer", "producerConsumer", "producerConsumer", "consumer", "consumer", "iterable"),
    dispatcher,
    bufferSize: perhaps(2, fc.integer({ min: 1, max: 12 })),
    bufferKeep: perhaps(1, fc.constantFrom("first", "last")),
    demand: often("forward", "accumulate"),
    whenUnused: fc.constantFrom("wait", "wait", "wait", "stop"),
    brings: fc.constantFrom("exact", "exact", "exact", "fewer", "more", "outside", "outside"),
    budget: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 10, max: 60 }) }, { weight: 1, arbitrary: fc.nat(9) }),
    whenEmpty: fc.constantFrom("wait", "wait", "wait", "complete", "complete", "fail"),
    concurrency: fc.constantFrom(0, 0, 0, 1, 2, 3),
    ordered: fc.boolean(),
    calls: fc.array(calls, { minLength: 1, maxLength: 4 }),
    failsAt: perhaps(14, fc.integer({ min: 1, max: 12 })),
    hasSlowHooks: often(false, true),
    hasSignal: fc.boolean(),
    isRead: often(true, false),
    inputs: fc.array(inputs, { minLength: 1, maxLength: 3 }),
  });
  return fc.record({
    stages: fc.oneof(
      { weight: 1, arbitrary: fc.array(stages, { minLength: 1, maxLength: 2 }) },
      { weight: 4, arbitrary: fc.array(stages, { minLength: 3, maxLength: mostStages, size: "max" }) },
    ),
    steps: fc.array(steps, { minLength: 3, maxLength: 50, size: "max" }),
    ending: fc.constantFrom("drain", "stop"),
  });
}

export function dispatchers(kind: DispatcherPlan["kind"] | undefined): fc.Arbitrary<DispatcherPlan> {
  return fc.record({
    kind: kind === undefined ? fc.constantFrom("demand", "broadcast", "partition") : fc.constant(kind),
    partitions: fc.integer({ min: 1, max: 3 }),
    queueSize: perhaps(1, fc.integer({ min: 1, max: 5 })),
    hash: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom("keeps" as const, "drops" as const, "replaces" as const, "drops and replaces" as const) },
      { weight: 1, arbitrary: fc.constantFrom("is unknown" as const, "throws" as const) },
    ),
  });
}

/** Nothing, so many times to one. */
function perhaps<Value>(weight: number, value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

/** The first value four times of five, and what is shrunk to. */
function often<Value>(first: Value, second: Value): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 4, arbitrary: fc.constant(first) }, { weight: 1, arbitrary: fc.constant(second) });
}
