import { LIST, numbers } from "../numbers.ts";
import { READERS } from "../readers.ts";
import { total } from "../sums.ts";

/** Lists without a protocol: each list to the next reader. */
export function run(events: number): number {
  const sums = Array.from({ length: READERS }, () => 0);
  let reader = 0;
  for (let next = 0; next < events; next += LIST) {
    let part = 0;
    for (const n of numbers(next, Math.min(next + LIST, events))) part += n;
    sums[reader] = (sums[reader] ?? 0) + part;
    reader = (reader + 1) % READERS;
  }
  return total(sums);
}
