/** Random trees whose stages carry events, and what happens to them. */
import * as fc from "fast-check";
import type { CancelMode, RestartKind, Strategy } from "sluice";

/** With as many redeliveries nothing is ever given up. */
export const ENDLESS = 1000;
/** The most workers that a plan starts with; a partition has as many partitions. */
export const MOST_WORKERS = 4;

/** When a callback settles: at once, after a microtask, when a step lets it, or never. */
export type Pace = "sync" | "soon" | "gate" | "never";
/** How a stage fails in a callback; `stops` and `fails` are calls of `self` in one that then returns. */
export type Failure = "throws" | "rejects" | "fails" | "stops";
export type StopMode = "none" | "throws" | "async" | "never";

/** What every child may do wrong. Calls and lives are numbered from 0, through all lives of the child. */
export interface Faults {
  readonly failure: Failure;
  /** The numbers of the calls that fail. */
  readonly calls: readonly number[];
  /** The numbers of the calls that never settle. */
  readonly stuck: readonly number[];
  /** The numbers of the lives that cannot start. */
  readonly starts: readonly number[];
  readonly stop: StopMode;
}

interface ChildPlan {
  readonly restart: RestartKind;
  readonly pace: Pace;
  readonly faults: Faults;
}

export interface OutletPlan {
  readonly dispatcher: "demand" | "broadcast" | "partition";
  readonly bufferSize: number | undefined;
}

export interface SourcePlan extends ChildPlan, OutletPlan {
  readonly kind: "finite" | "push" | "endless";
  readonly count: number;
}

export interface InletPlan extends ChildPlan {
  readonly handler: "batch" | "event";
  readonly concurrency: number;
  readonly isOrdered: boolean;
  readonly maxDemand: number;
  readonly minDemand: number;
  readonly cancel: CancelMode;
  readonly isRedelivered: boolean;
  readonly maxRedeliveries: number;
  /** The number of an event, of each producer, with which each call fails. */
  readonly poison: number | undefined;
}

export interface MiddlePlan extends InletPlan, OutletPlan {}

export type Step =
  | { readonly type: "emit"; readonly which: number; readonly count: number }
  | { readonly type: "complete" | "fail" | "release"; readonly which: number }
  | { readonly type: "call"; readonly which: number; readonly call: "stopChild" | "restartChild" | "removeChild" }
  | { readonly type: "add"; readonly plan: InletPlan }
  /** Until all is quiet, or for a deadline, or for one turn of the event loop. */
  | { readonly type: "rest" | "wait" | "turn" }
  | { readonly type: "stop" };

export interface Plan {
  readonly strategy: Strategy;
  readonly maxRestarts: number;
  /** Whether the workers have a supervisor of their own. */
  readonly isNested: boolean;
  readonly innerStrategy: Strategy;
  readonly sources: readonly SourcePlan[];
  readonly middles: readonly MiddlePlan[];
  readonly workers: readonly InletPlan[];
  readonly steps: readonly Step[];
}

const strategy = fc.constantFrom<Strategy>("oneForOne", "oneForOne", "oneForAll", "restForOne");
const numbers = (most: number, maxLength: number): fc.Arbitrary<number[]> => fc.array(fc.nat(most), { maxLength });
const rarely = <Value>(arbitrary: fc.Arbitrary<Value>, none: Value): fc.Arbitrary<Value> => fc.oneof({ weight: 3, arbitrary: fc.constant(none) }, { weight: 1, arbitrary });

const faults = (calls: number): fc.Arbitrary<Faults> =>
  fc.record({
    failure: fc.constantFrom<Failure>("throws", "throws", "rejects", "fails", "stops"),
    calls: numbers(15, calls),
    stuck: rarely(numbers(10, 1), []),
    starts: rarely(numbers(4, 2), []),
    stop: rarely(fc.constantFrom<StopMode>("throws", "async", "never"), "none"),
  });

const child = (calls: number): { restart: fc.Arbitrary<RestartKind>; pace: fc.Arbitrary<Pace>; faults: fc.Arbitrary<Faults> } => ({
  restart: fc.constantFrom<RestartKind>("permanent", "transient", "transient", "temporary"),
  pace: fc.constantFrom<Pace>("sync", "sync", "soon", "gate"),
  faults: faults(calls),
});

const outlet = {
  dispatcher: fc.constantFrom("demand" as const, "demand" as const, "demand" as const, "broadcast" as const, "partition" as const),
  bufferSize: rarely(fc.constantFrom(1, 5), undefined),
};

const inlet = {
  ...child(4),
  handler: fc.constantFrom("batch" as const, "event" as const),
  concurrency: fc.constantFrom(1, 1, 2, 4),
  isOrdered: fc.boolean(),
  maxDemand: fc.integer({ min: 1, max: 8 }),
  minDemand: fc.nat(7),
  cancel: fc.constantFrom<CancelMode>("last", "last", "transient", "temporary", "permanent"),
  isRedelivered: fc.constantFrom(true, true, true, false),
  maxRedeliveries: fc.constantFrom(0, 1, 3, ENDLESS, ENDLESS),
  poison: rarely(fc.nat(20), undefined),
};

const source: fc.Arbitrary<SourcePlan> = fc.record({ ...child(1), ...outlet, kind: fc.constantFrom("finite" as const, "finite" as const, "push" as const, "endless" as const), count: fc.nat(30) });
const worker: fc.Arbitrary<InletPlan> = fc.record(inlet);
const middle: fc.Arbitrary<MiddlePlan> = fc.record({ ...inlet, ...outlet });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("emit" as const), which: fc.nat(9), count: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant("release" as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("complete" as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("fail" as const), which: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("call" as const), which: fc.nat(9), call: fc.constantFrom("stopChild" as const, "restartChild" as const, "restartChild" as const, "removeChild" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("add" as const), plan: worker }) },
  { weight: 4, arbitrary: fc.constant({ type: "rest" as const }) },
  { weight: 2, arbitrary: fc.constant({ type: "wait" as const }) },
  { weight: 4, arbitrary: fc.record({ type: rarely(fc.constantFrom("turn" as const, "turn" as const, "turn" as const, "stop" as const), "turn") }) },
);

export const plans: fc.Arbitrary<Plan> = fc.record({
  strategy,
  maxRestarts: fc.constantFrom(1, 30, 30, 30),
  isNested: fc.boolean(),
  innerStrategy: strategy,
  sources: fc.array(source, { minLength: 1, maxLength: 2 }),
  middles: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(middle, { maxLength: 2 }) }),
  workers: fc.array(worker, { minLength: 1, maxLength: MOST_WORKERS }),
  steps: fc.array(step, { maxLength: 25, size: "max" }),
});
