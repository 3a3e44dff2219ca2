import { map } from "streaming-iterables";

import { countAsync } from "../count-async.ts";
import { STAGES } from "./stages.ts";

export async function run(events: number): Promise<number> {
  let numbers: AsyncIterable<number> = countAsync(events);
  for (let stage = 0; stage < STAGES; stage++) numbers = map((n: number) => n + 1, numbers);
  let sum = 0;
  for await (const n of numbers) sum += n;
  return sum;
}
