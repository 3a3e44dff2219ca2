import type { ReadableStream } from "node:stream/web";

import { countWhatwg } from "../count-whatwg.ts";
import { agreed } from "../sums.ts";

async function read(numbers: ReadableStream<number>): Promise<number> {
  let sum = 0;
  for await (const n of numbers) sum += n;
  return sum;
}

/** A stream and both of its branches forked by `tee`: four in the end. */
export async function run(events: number): Promise<number> {
  const branches = countWhatwg(events).tee().flatMap((half) => half.tee());
  return agreed(await Promise.all(branches.map(read)));
}
