import { Transform } from "node:stream";

import { intoWritable, throughDuplex, toReadable } from "sluice/node";

import { summing } from "../summing-writable.ts";
import type { WayOut } from "./way-out.ts";

/** How far the stream asks ahead, beside its high-water mark of 16. */
type Window = Readonly<{ maxDemand?: number }>;

export const forAwait =
  (window: Window = {}): WayOut =>
  async (numbers) => {
    let sum = 0;
    for await (const n of toReadable(numbers, window)) sum += n as number;
    return sum;
  };

export const onData =
  (window: Window = {}): WayOut =>
  (numbers) =>
    new Promise((resolve, reject) => {
      let sum = 0;
      toReadable(numbers, window)
        .on("data", (n: number) => {
          sum += n;
        })
        .on("end", () => resolve(sum))
        .on("error", reject);
    });

/** `read()` until the stream is empty, again on 'readable'. */
export const readLoop =
  (window: Window = {}): WayOut =>
  (numbers) =>
    new Promise((resolve, reject) => {
      let sum = 0;
      const readable = toReadable(numbers, window);
      readable
        .on("readable", () => {
          let part = 0;
          for (let n: unknown = readable.read(); n !== null; n = readable.read()) part += n as number;
          sum += part;
        })
        .on("end", () => resolve(sum))
        .on("error", reject);
    });

export const writable =
  (calledBack: "at once" | "later"): WayOut =>
  async (numbers) => {
    const { stream, sum } = summing(calledBack);
    await intoWritable(stream, { subscribeTo: [numbers] }).closed;
    return sum();
  };

/** Through a Transform that does nothing, and into a loop over lists. */
export const transform: WayOut = async (numbers) => {
  const same = new Transform({
    objectMode: true,
    transform(n: number, _encoding, callback) {
      callback(null, n);
    },
  });
  let sum = 0;
  for await (const list of throughDuplex<number, number>(same, { subscribeTo: [numbers] }).batches({ maxDemand: 1000 })) for (const n of list) sum += n;
  return sum;
};
