import { finalize, mergeMap, pipe } from "rxjs";
import { sync, throughOperators, tracked, type Operators } from "sluice/rxjs";
import type { Middle } from "./middle.ts";

/** Synchronous operators of RxJS: events go through as they are. */
export const operators: Middle = middle("RxJS operators", (ended) => sync(finalize<unknown>(ended)));

/** Each event waits for a promise, two at a time. */
export const trackedOperators: Middle = middle("RxJS operators, tracked", (ended) =>
  tracked({ mergeMap }, (g) =>
    pipe(
      finalize<unknown>(ended),
      // In an array: a promise that is an event is not to be awaited.
      g.mergeMap((event) => Promise.resolve([event]), 1),
      mergeMap((events) => events),
    ),
  ),
);

function middle(name: string, make: (ended: () => void) => Operators<unknown, unknown>): Middle {
  return {
    name,
    carries: "anything",
    open(producer, { maxDemand, minDemand, closeWithinMs, signal }) {
      let ends = 0;
      const stage = throughOperators(make(() => (ends += 1)), { name: "between", subscribeTo: [producer], maxDemand, minDemand, closeWithinMs, stopWithinMs: closeWithinMs, signal });
      return {
        producer: stage,
        stages: [stage],
        // Its subscription, and one more for the producerConsumer.
        windows: 2 * maxDemand,
        marks: 0,
        isClosed: () => ends <= 1,
        residue: () => (ends > 1 ? [`${ends} teardowns of one subscription`] : []),
      };
    },
  };
}
