import { producerConsumer } from "sluice";

import type { Run } from "../../measures/calibrate.ts";
import { counter } from "../sluice-counter.ts";
import { totals } from "../sluice-totals.ts";

/** A producer, so many stages that pass on what they get, and a consumer. */
export const chain =
  (stages: number, maxDemand: number, minDemand: number): Run =>
  async (events) => {
    let numbers = counter(events);
    for (let stage = 0; stage < stages; stage++) {
      numbers = producerConsumer({ subscribeTo: [{ to: numbers, maxDemand, minDemand }], handleEvents: (list: readonly number[]) => list });
    }
    const [sum = 0] = await totals(numbers, 1, maxDemand, minDemand);
    return sum;
  };
