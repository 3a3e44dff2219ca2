import { consumer, producer, producerConsumer } from "sluice";

import type { Run } from "../../measures/calibrate.ts";
import { readings, type Reading } from "./reading.ts";

export const withDemand =
  (maxDemand: number, minDemand: number): Run =>
  async (events) => {
    let next = 0;
    const counted = producer<Reading>({
      handleDemand(demand, self) {
        const list = readings(next, Math.min(next + demand, events));
        next += list.length;
        if (next === events) self.complete();
        return list;
      },
    });
    const evens = producerConsumer({
      subscribeTo: [{ to: counted, maxDemand, minDemand }],
      handleEvents: (list: readonly Reading[]) => list.map((each) => ({ ...each, value: each.value + 1 })).filter(({ value }) => value % 2 === 0),
    });
    let sum = 0;
    await consumer({
      subscribeTo: [{ to: evens, maxDemand, minDemand }],
      handleEvents(list: readonly Reading[]) {
        let part = 0;
        for (const { value } of list) part += value;
        sum += part;
      },
    }).closed;
    return sum;
  };
