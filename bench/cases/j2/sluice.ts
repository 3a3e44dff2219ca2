import { producerConsumer } from "sluice";

import type { Run } from "../../measures/calibrate.ts";
import { counter } from "../sluice-counter.ts";
import { totals } from "../sluice-totals.ts";
import { STAGES } from "./stages.ts";

/** A producer, ten producerConsumers and a consumer, all subscriptions with the same demand. */
export const withDemand =
  (maxDemand: number, minDemand: number): Run =>
  async (events) => {
    let numbers = counter(events);
    for (let stage = 0; stage < STAGES; stage++) {
      numbers = producerConsumer({
        subscribeTo: [{ to: numbers, maxDemand, minDemand }],
        handleEvents: (list: readonly number[]) => list.map((n) => n + 1),
      });
    }
    const [sum = 0] = await totals(numbers, 1, maxDemand, minDemand);
    return sum;
  };
