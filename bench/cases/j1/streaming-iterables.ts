import { filter, map } from "streaming-iterables";

import { countAsync } from "../count-async.ts";

export async function run(events: number): Promise<number> {
  let sum = 0;
  const incremented = map((n: number) => n + 1, countAsync(events));
  const evens = filter((n: number) => n % 2 === 0, incremented);
  for await (const n of evens) sum += n;
  return sum;
}
