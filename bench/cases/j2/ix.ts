import { range } from "ix/asynciterable";
import { map } from "ix/asynciterable/operators";

import { STAGES } from "./stages.ts";

export async function run(events: number): Promise<number> {
  let numbers = range(0, events);
  for (let stage = 0; stage < STAGES; stage++) numbers = numbers.pipe(map((n) => n + 1));
  let sum = 0;
  for await (const n of numbers) sum += n;
  return sum;
}
