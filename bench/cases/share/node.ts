import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";

import { READERS } from "../readers.ts";
import { total } from "../sums.ts";
import { summing } from "../summing-writable.ts";

/** Four Writables: written in turn, each until it says no; when all have, on after a 'drain'. */
export async function run(events: number): Promise<number> {
  const writables = Array.from({ length: READERS }, () => summing("at once"));
  let next = 0;
  const fill = (stream: Writable): void => {
    while (next < events) if (!stream.write(next++)) return;
    for (const each of writables) each.stream.end();
  };
  const ends = writables.map(({ stream }) => {
    stream.on("drain", () => fill(stream));
    return finished(stream);
  });
  for (const { stream } of writables) fill(stream);
  await Promise.all(ends);
  return total(writables.map(({ sum }) => sum()));
}
