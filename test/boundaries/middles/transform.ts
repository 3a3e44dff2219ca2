import { throughTransformStream } from "sluice/web";
import type { Middle } from "./middle.ts";

/** Chunks go through it as they are. */
export const transform: Middle = {
  name: "TransformStream",
  carries: "anything",
  hasMark: true,
  open(producer, { maxDemand, minDemand, closeWithinMs, highWaterMark, signal }) {
    const mark = { highWaterMark };
    const pair = new TransformStream<unknown, unknown>({ transform: (chunk, controller) => controller.enqueue(chunk) }, mark, mark);
    const stage = throughTransformStream(pair, { name: "between", subscribeTo: [producer], maxDemand, minDemand, closeWithinMs, stopWithinMs: closeWithinMs, signal });
    return {
      producer: stage,
      stages: [stage],
      // Its subscription, and one more for the producerConsumer.
      windows: 2 * maxDemand,
      marks: 2 * highWaterMark,
      isClosed: () => true,
      residue: () => [...(pair.readable.locked ? ["the lock of a reader"] : []), ...(pair.writable.locked ? ["the lock of a writer"] : [])],
    };
  },
};
