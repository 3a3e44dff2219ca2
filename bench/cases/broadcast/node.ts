import { finished } from "node:stream/promises";

import { countNode } from "../count-node.ts";
import { READERS } from "../readers.ts";
import { agreed } from "../sums.ts";
import { summing } from "../summing-writable.ts";

/** A Readable piped into four Writables. */
export async function run(events: number): Promise<number> {
  const numbers = countNode(events);
  const writables = Array.from({ length: READERS }, () => summing("at once"));
  const ends = writables.map(({ stream }) => finished(stream));
  for (const { stream } of writables) numbers.pipe(stream);
  await Promise.all(ends);
  return agreed(writables.map(({ sum }) => sum()));
}
