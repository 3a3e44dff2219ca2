import { filter, map, runEffects, tap } from "@most/core";
import { newDefaultScheduler } from "@most/scheduler";

import { countMost } from "../count-most.ts";

export async function run(events: number): Promise<number> {
  let sum = 0;
  const incremented = map((n: number) => n + 1, countMost(events));
  const evens = filter((n: number) => n % 2 === 0, incremented);
  const added = tap((n: number) => {
    sum += n;
  }, evens);
  await runEffects(added, newDefaultScheduler());
  return sum;
}
