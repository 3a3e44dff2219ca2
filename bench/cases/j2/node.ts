import { Transform, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { countNode } from "../count-node.ts";
import { summing } from "../summing-writable.ts";
import { STAGES } from "./stages.ts";

const increment = (): Transform =>
  new Transform({
    objectMode: true,
    transform(n: number, _encoding, callback) {
      callback(null, n + 1);
    },
  });

/** Ten Transforms, all with the default high-water mark. */
export async function run(events: number): Promise<number> {
  const source: Readable = countNode(events);
  const { stream, sum } = summing("at once");
  await pipeline([source, ...Array.from({ length: STAGES }, increment), stream]);
  return sum();
}
