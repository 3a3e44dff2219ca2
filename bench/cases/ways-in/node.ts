import { Readable } from "node:stream";

import { asWritable, fromReadable } from "sluice/node";

import type { WayIn } from "./way-in.ts";

const objectMode = true;

/** A stream that is filled by `push` until that says no. */
export const readable: WayIn = (events) => {
  let next = 0;
  const numbers = new Readable({
    objectMode,
    read() {
      while (next < events) if (!this.push(next++)) return;
      this.push(null);
    },
  });
  return fromReadable<number>(numbers);
};

/** Written until `write` says no, and on after 'drain'. */
export const writable: WayIn = (events) => {
  const { writable: stream, producer } = asWritable<number>({ objectMode });
  let next = 0;
  const write = (): void => {
    while (next < events) {
      if (!stream.write(next++)) {
        stream.once("drain", write);
        return;
      }
    }
    stream.end();
  };
  write();
  return producer;
};
