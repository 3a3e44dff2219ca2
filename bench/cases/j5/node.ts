import { Readable, type Writable } from "node:stream";
import { finished } from "node:stream/promises";

import type { Run } from "../../measures/calibrate.ts";
import { countAsync } from "../count-async.ts";
import { countNode } from "../count-node.ts";
import { summing } from "../summing-writable.ts";

export async function readableFrom(events: number): Promise<number> {
  let sum = 0;
  for await (const n of Readable.from(countAsync(events))) sum += n;
  return sum;
}

/** Writes until `write` says no, and on after 'drain'. */
function writeAndDrain(stream: Writable, events: number): Promise<void> {
  let next = 0;
  const write = (): void => {
    while (next < events) if (!stream.write(next++)) return;
    stream.end();
  };
  stream.on("drain", write);
  write();
  return finished(stream);
}

export const into =
  (calledBack: "at once" | "later"): Run =>
  async (events) => {
    const { stream, sum } = summing(calledBack);
    await writeAndDrain(stream, events);
    return sum();
  };

/** Filled by `push` until that says no. */
export const pushed =
  (highWaterMark: number): Run =>
  async (events) => {
    let sum = 0;
    for await (const n of countNode(events, highWaterMark)) sum += n as number;
    return sum;
  };

/** The same, read by `read()` until it is empty, again on 'readable'. */
export const pushedReadLoop =
  (highWaterMark: number): Run =>
  (events) =>
    new Promise((resolve, reject) => {
      let sum = 0;
      const readable = countNode(events, highWaterMark);
      readable
        .on("readable", () => {
          let part = 0;
          for (let n: unknown = readable.read(); n !== null; n = readable.read()) part += n as number;
          sum += part;
        })
        .on("end", () => resolve(sum))
        .on("error", reject);
    });
