import { isThenable } from "sluice";
import { throughIx } from "sluice/ix";
import { filter, map } from "ix/asynciterable/operators";
import type { Middle } from "./middle.ts";

/** Operators of IxJS, which give what they get. */
export const ix: Middle = {
  name: "throughIx",
  carries: "anything",
  // An async generator unwraps what it yields.
  canCarry: (event) => !isThenable(event),
  open(producer, { maxDemand, minDemand, closeWithinMs, signal }) {
    const operators = { name: "between", subscribeTo: [producer], maxDemand, minDemand, closeWithinMs, stopWithinMs: closeWithinMs, signal };
    const stage = throughIx(
      (source) =>
        source.pipe(
          map((event: unknown) => event),
          filter(() => true),
        ),
      operators,
    );
    return {
      producer: stage,
      stages: [stage],
      // Its subscription, and one more for the producerConsumer.
      windows: 2 * maxDemand,
      marks: 0,
      isClosed: () => true,
      residue: () => [],
    };
  },
};
