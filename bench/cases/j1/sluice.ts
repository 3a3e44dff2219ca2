import { consumer, pipeline, producerConsumer } from "sluice";

import type { Run } from "../../measures/calibrate.ts";
import { counter } from "../sluice-counter.ts";

/** producer -> producerConsumer -> consumer, both subscriptions with the same demand. */
export const withDemand =
  (maxDemand: number, minDemand: number): Run =>
  async (events) => {
    let sum = 0;
    await pipeline(
      counter(events),
      (numbers) =>
        producerConsumer({
          subscribeTo: [{ to: numbers, maxDemand, minDemand }],
          handleEvents: (list: readonly number[]) => list.map((n) => n + 1).filter((n) => n % 2 === 0),
        }),
      (evens) =>
        consumer({
          subscribeTo: [{ to: evens, maxDemand, minDemand }],
          handleEvents(list: readonly number[]) {
            // Into a local: a sum in the closure is a new heap number for each event, 3 ns of it.
            let part = 0;
            for (const n of list) part += n;
            sum += part;
          },
        }),
    );
    return sum;
  };
