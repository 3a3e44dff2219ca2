import { map, runEffects, tap } from "@most/core";
import { newDefaultScheduler } from "@most/scheduler";

import { countMost } from "../count-most.ts";
import { STAGES } from "./stages.ts";

/** `map` fuses a chain of maps into one function. */
export async function run(events: number): Promise<number> {
  let numbers = countMost(events);
  for (let stage = 0; stage < STAGES; stage++) numbers = map((n: number) => n + 1, numbers);
  let sum = 0;
  const added = tap((n: number) => {
    sum += n;
  }, numbers);
  await runEffects(added, newDefaultScheduler());
  return sum;
}
