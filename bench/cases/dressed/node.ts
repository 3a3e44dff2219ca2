import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { asDuplex } from "sluice/node";

import type { WatchedRun } from "../../measures/heap.ts";
import { summing } from "../summing-writable.ts";
import { passing } from "./passing.ts";

/** Readable -> a stage dressed as a Duplex -> Writable. */
export const duplex: WatchedRun = async (events, passed) => {
  let next = 0;
  const numbers = new Readable({
    objectMode: true,
    read() {
      while (next < events) if (!this.push(next++)) return;
      this.push(null);
    },
  });
  const { stream, sum } = summing("at once");
  await pipeline(numbers, asDuplex<number, number>((input) => passing(input, passed)), stream);
  return sum();
};
