import * as fc from "fast-check";
import type { RestartKind, Strategy } from "sluice";

/** What a leaf does when it is stopped, or has ended. */
export type StopMode = "sync" | "throws" | "async" | "rejects" | "never";

export interface LeafPlan {
  readonly type: "leaf";
  /** A stage, or an async function. */
  readonly kind: "stage" | "task";
  readonly restart: RestartKind;
  readonly stops: StopMode;
}

export interface BranchPlan {
  readonly type: "branch";
  readonly restart: RestartKind;
  readonly strategy: Strategy;
  readonly maxRestarts: number;
  readonly children: readonly NodePlan[];
}

export type NodePlan = LeafPlan | BranchPlan;

/** How a leaf ends: by an error from outside, by a callback that rejects, normally, or by a stop by hand. */
export type How = "fails" | "rejects" | "completes" | "is stopped";

/** Leaves are numbered in the order in which they were named first; a number beyond the last begins anew. */
export type Step =
  /** One ends, and perhaps another one of the same supervisor in the same turn. */
  | { readonly type: "end"; readonly leaf: number; readonly other: number | undefined; readonly how: How }
  /** One fails, and so do its next starts. */
  | { readonly type: "end-and-no-start"; readonly leaf: number; readonly times: number }
  | { readonly type: "call"; readonly leaf: number; readonly call: "stopChild" | "restartChild" | "removeChild" }
  /** A child is added beside a leaf. */
  | { readonly type: "add"; readonly leaf: number; readonly plan: LeafPlan }
  | { readonly type: "stop" };

export interface TreePlan {
  readonly root: BranchPlan;
  readonly steps: readonly Step[];
}

const restart = fc.constantFrom<RestartKind>("permanent", "permanent", "transient", "temporary");
const strategy = fc.constantFrom<Strategy>("oneForOne", "oneForAll", "restForOne");

const leaf: fc.Arbitrary<LeafPlan> = fc.record({
  type: fc.constant("leaf"),
  kind: fc.constantFrom("stage", "stage", "task"),
  restart,
  stops: fc.constantFrom<StopMode>("sync", "sync", "throws", "async", "rejects", "never"),
});

const branchOf = (child: fc.Arbitrary<NodePlan>): fc.Arbitrary<BranchPlan> =>
  fc.record({
    type: fc.constant("branch"),
    restart,
    strategy,
    maxRestarts: fc.constantFrom(0, 1, 2, 3, Infinity),
    children: fc.array(child, { minLength: 1, maxLength: 4 }),
  });

const inner = branchOf(fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: branchOf(leaf) }));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant("end" as const), leaf: fc.nat(15), other: fc.option(fc.nat(15), { nil: undefined }), how: fc.constantFrom<How>("fails", "rejects", "completes", "is stopped") }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("end-and-no-start" as const), leaf: fc.nat(15), times: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("call" as const), leaf: fc.nat(15), call: fc.constantFrom("stopChild" as const, "restartChild" as const, "removeChild" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("add" as const), leaf: fc.nat(15), plan: leaf }) },
  { weight: 1, arbitrary: fc.constant({ type: "stop" as const }) },
);

export const trees: fc.Arbitrary<TreePlan> = fc.record({
  root: branchOf(fc.oneof({ weight: 2, arbitrary: leaf }, { weight: 1, arbitrary: inner })),
  steps: fc.array(step, { maxLength: 10 }),
});

/** The supervisor of a leaf, by their names. */
export function parentOf(name: string): string {
  return name.slice(0, Math.max(name.lastIndexOf("."), name.lastIndexOf("+")));
}
