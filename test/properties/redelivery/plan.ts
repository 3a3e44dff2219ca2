/** What happens to a producer and to consumers that give back what they have not handled. */
import * as fc from "fast-check";

export interface JoinPlan {
  /** Whole lists, or single events with so many calls at once. */
  readonly handler: "batch" | 1 | 2 | 3;
  readonly maxRedeliveries: number;
}

/** Consumers are numbered in the order in which they joined; a number beyond the last begins anew. */
export type Step =
  | { readonly type: "emit"; readonly count: number }
  | { readonly type: "join"; readonly plan: JoinPlan }
  | { readonly type: "ask"; readonly consumer: number; readonly count: number }
  /** One of its calls returns, or fails. */
  | { readonly type: "handle" | "crash"; readonly consumer: number; readonly call: number }
  | { readonly type: "stop"; readonly consumer: number }
  /** The deadlines of all who wait for a callback pass. */
  | { readonly type: "wait" | "complete" };

const join: fc.Arbitrary<JoinPlan> = fc.record({ handler: fc.constantFrom("batch" as const, 1 as const, 2 as const, 3 as const), maxRedeliveries: fc.constantFrom(0, 1, 2, 1000) });
const consumer = fc.nat(5);

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant("emit" as const), count: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant("join" as const), plan: join }) },
    { weight: 5, arbitrary: fc.record({ type: fc.constant("ask" as const), consumer, count: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant("handle" as const), consumer, call: fc.nat(2) }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant("crash" as const), consumer, call: fc.nat(2) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("stop" as const), consumer }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("wait" as const, "wait" as const, "wait" as const, "complete" as const) }) },
  ),
  { maxLength: 40, size: "max" },
);
