import { LIST, numbers } from "../numbers.ts";
import { STAGES } from "./stages.ts";

/** Lists without a protocol. */
export function run(events: number): number {
  let sum = 0;
  for (let next = 0; next < events; next += LIST) {
    let list = numbers(next, Math.min(next + LIST, events));
    for (let stage = 0; stage < STAGES; stage++) list = list.map((n) => n + 1);
    for (const n of list) sum += n;
  }
  return sum;
}
