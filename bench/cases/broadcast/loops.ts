import { LIST, numbers } from "../numbers.ts";
import { READERS } from "../readers.ts";
import { agreed } from "../sums.ts";

/** Lists without a protocol: each list to every reader. */
export function run(events: number): number {
  const sums = Array.from({ length: READERS }, () => 0);
  for (let next = 0; next < events; next += LIST) {
    const list = numbers(next, Math.min(next + LIST, events));
    for (let reader = 0; reader < READERS; reader++) {
      let part = 0;
      for (const n of list) part += n;
      sums[reader] = (sums[reader] ?? 0) + part;
    }
  }
  return agreed(sums);
}
