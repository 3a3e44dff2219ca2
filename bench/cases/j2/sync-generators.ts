import { countSync } from "../count-sync.ts";
import { STAGES } from "./stages.ts";

function* increment(source: Iterable<number>): Generator<number> {
  for (const n of source) yield n + 1;
}

export function run(events: number): number {
  let numbers = countSync(events);
  for (let stage = 0; stage < STAGES; stage++) numbers = increment(numbers);
  let sum = 0;
  for (const n of numbers) sum += n;
  return sum;
}
