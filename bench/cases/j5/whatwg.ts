import { ReadableStream } from "node:stream/web";

import { countAsync } from "../count-async.ts";

export async function forAwait(events: number): Promise<number> {
  let sum = 0;
  for await (const n of ReadableStream.from(countAsync(events))) sum += n;
  return sum;
}

export async function readLoop(events: number): Promise<number> {
  let sum = 0;
  const reader = ReadableStream.from(countAsync(events)).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return sum;
    sum += value;
  }
}
