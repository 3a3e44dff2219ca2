import { totals } from "../sluice-totals.ts";
import type { WayOut } from "./way-out.ts";

/** One event asked for by each `next()`. */
export const exact: WayOut = async (numbers) => {
  let sum = 0;
  for await (const n of numbers) sum += n;
  return sum;
};

/** Up to 1,000 events asked for ahead of the loop. */
export const readAhead: WayOut = async (numbers) => {
  let sum = 0;
  for await (const n of numbers.events({ maxDemand: 1000 })) sum += n;
  return sum;
};

export const batches: WayOut = async (numbers) => {
  let sum = 0;
  for await (const list of numbers.batches({ maxDemand: 1000 })) for (const n of list) sum += n;
  return sum;
};

/** No boundary at all. */
export const intoConsumer: WayOut = async (numbers) => {
  const [sum = 0] = await totals(numbers, 1, 1000, 500);
  return sum;
};
