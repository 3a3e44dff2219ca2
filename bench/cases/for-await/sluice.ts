import { producerConsumer } from "sluice";

import type { Run } from "../../measures/calibrate.ts";
import { counter } from "../sluice-counter.ts";

/** One event asked for by each `next()`. */
export async function exact(events: number): Promise<number> {
  let sum = 0;
  for await (const n of counter(events)) sum += n;
  return sum;
}

/** The same behind a stage that itself reads ahead. */
export const exactBehind =
  (maxDemand: number, minDemand: number): Run =>
  async (events) => {
    const passing = producerConsumer({
      subscribeTo: [{ to: counter(events), maxDemand, minDemand }],
      handleEvents: (list: readonly number[]) => list,
    });
    let sum = 0;
    for await (const n of passing) sum += n;
    return sum;
  };

/** Up to 1,000 events asked for ahead of the loop. */
export async function readAhead(events: number): Promise<number> {
  let sum = 0;
  for await (const n of counter(events).events({ maxDemand: 1000 })) sum += n;
  return sum;
}

export async function batches(events: number): Promise<number> {
  let sum = 0;
  for await (const list of counter(events).batches({ maxDemand: 1000 })) for (const n of list) sum += n;
  return sum;
}
