import { Readable } from "node:stream";

/** Pushes until `push` says no. */
export function countNode(events: number, highWaterMark?: number): Readable {
  let next = 0;
  return new Readable({
    objectMode: true,
    ...(highWaterMark === undefined ? {} : { highWaterMark }),
    read() {
      while (next < events) if (!this.push(next++)) return;
      this.push(null);
    },
  });
}
