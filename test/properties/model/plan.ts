/** What happens to one producer and its consumers, as plain data. */
import * as fc from "fast-check";
import type { DemandMode } from "sluice";
import { dispatchers, type DispatcherPlan } from "../graph/plan.ts";

export interface ProducerPlan {
  readonly dispatcher: DispatcherPlan;
  readonly bufferSize: number;
  readonly bufferKeep: "first" | "last" | undefined;
  readonly demand: DemandMode;
  /** What `handleDemand` does, in turn; it has none when there is nothing here. */
  readonly calls: readonly SourceCall[];
  readonly steps: readonly ProducerStep[];
}

/** One call: how many events it emits at once, and how many more than was demanded it returns then. */
export interface SourceCall {
  readonly emits: number;
  readonly more: number;
}

export interface ProducerStep {
  readonly deed: "rest" | "emit" | "ask" | "join" | "leave" | "down" | "replace" | "mode" | "complete" | "fail";
  /** Which consumer. */
  readonly which: number;
  /** Which selector, partition or mode. */
  readonly other: number;
  readonly count: number;
}

export function producerPlans(kind: DispatcherPlan["kind"]): fc.Arbitrary<ProducerPlan> {
  return fc.record({
    dispatcher: dispatchers(kind),
    bufferSize: fc.integer({ min: 1, max: 8 }),
    bufferKeep: fc.constantFrom(undefined, "first", "last"),
    demand: fc.constantFrom("forward", "forward", "forward", "accumulate"),
    calls: fc.array(fc.record({ emits: fc.constantFrom(0, 0, 1, 2), more: fc.integer({ min: -3, max: 3 }) }), { maxLength: 3 }),
    steps: fc.array(
      fc.record({
        deed: fc.constantFrom(
          ...(["rest", "rest", "emit", "emit", "emit", "ask", "ask", "ask", "ask", "join", "join", "leave", "leave", "down", "replace", "mode", "complete", "fail"] as const),
        ),
        which: fc.nat(7),
        other: fc.nat(11),
        count: fc.integer({ min: 1, max: 9 }),
      }),
      { minLength: 1, maxLength: 40, size: "max" },
    ),
  });
}
