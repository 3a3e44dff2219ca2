import { ReadableStream, WritableStream } from "node:stream/web";

import { asTransformStream } from "sluice/web";

import type { WatchedRun } from "../../measures/heap.ts";
import { passing } from "./passing.ts";

/** ReadableStream -> a stage dressed as a TransformStream -> WritableStream. */
export const transform: WatchedRun = async (events, passed) => {
  let next = 0;
  let sum = 0;
  const numbers = new ReadableStream<number>({
    pull(controller) {
      if (next < events) controller.enqueue(next++);
      else controller.close();
    },
  });
  const total = new WritableStream<number>({
    write(n) {
      sum += n;
    },
  });
  await numbers.pipeThrough(asTransformStream<number, number>((input) => passing(input, passed))).pipeTo(total);
  return sum;
};
