import type { Run } from "../../measures/calibrate.ts";
import { counter } from "../sluice-counter.ts";
import { totals } from "../sluice-totals.ts";
import { total } from "../sums.ts";

/** One producer and its demand dispatcher: each event to one of the consumers. */
export const amongConsumers =
  (consumers: number, maxDemand: number, minDemand: number): Run =>
  async (events) =>
    total(await totals(counter(events), consumers, maxDemand, minDemand));
