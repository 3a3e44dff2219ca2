import { consumer, producerConsumer } from "sluice";

import type { WatchedRun } from "../measures/heap.ts";
import { watchedCounter } from "./watched.ts";

const window = { maxDemand: 1, minDemand: 0 };

/** producer -> producerConsumer -> consumer, each event asked for on its own. */
export const oneAtATime: WatchedRun = async (events, passed) => {
  const same = producerConsumer({ subscribeTo: [{ to: watchedCounter(events, passed), ...window }], handleEvents: (list: readonly number[]) => list });
  let sum = 0;
  await consumer({
    subscribeTo: [{ to: same, ...window }],
    handleEvents(list: readonly number[]) {
      for (const n of list) sum += n;
    },
  }).closed;
  return sum;
};
