import type { ReadableStreamDefaultReader } from "node:stream/web";

import { countWhatwg } from "../count-whatwg.ts";
import { READERS } from "../readers.ts";
import { total } from "../sums.ts";

async function read(reader: ReadableStreamDefaultReader<number>): Promise<number> {
  let sum = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return sum;
    sum += value;
  }
}

/** Four loops over the one reader that a stream can have. */
export async function run(events: number): Promise<number> {
  const reader = countWhatwg(events).getReader();
  return total(await Promise.all(Array.from({ length: READERS }, () => read(reader))));
}
