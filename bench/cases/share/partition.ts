import { consumer, partitionDispatcher } from "sluice";

import type { Run } from "../../measures/calibrate.ts";
import { counter } from "../sluice-counter.ts";
import { total } from "../sums.ts";

/** One producer and its partition dispatcher: each event to the consumer whose turn it is. */
export const amongPartitions =
  (partitions: number, maxDemand: number, minDemand: number): Run =>
  async (events) => {
    const numbers = counter(events, partitionDispatcher({ partitions, hash: (n: number) => n % partitions }));
    const sums = Array.from({ length: partitions }, () => 0);
    const ends = sums.map(
      (_, partition) =>
        consumer({
          subscribeTo: [{ to: numbers, maxDemand, minDemand, partition }],
          handleEvents(list: readonly number[]) {
            let part = 0;
            for (const n of list) part += n;
            sums[partition] = (sums[partition] ?? 0) + part;
          },
        }).closed,
    );
    await Promise.all(ends);
    return total(sums);
  };
