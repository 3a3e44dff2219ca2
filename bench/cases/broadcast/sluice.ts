import { broadcastDispatcher } from "sluice";

import type { Run } from "../../measures/calibrate.ts";
import { counter } from "../sluice-counter.ts";
import { totals } from "../sluice-totals.ts";
import { agreed } from "../sums.ts";

/** One producer and its broadcast dispatcher: each event to all of the consumers. */
export const toConsumers =
  (consumers: number, maxDemand: number, minDemand: number): Run =>
  async (events) =>
    agreed(await totals(counter(events, broadcastDispatcher()), consumers, maxDemand, minDemand));
