import { Transform } from "node:stream";
import { throughDuplex } from "sluice/node";
import { EVENT_BYTES } from "../events.ts";
import { listenersOf } from "../residue.ts";
import type { Middle } from "./middle.ts";

/** Events go through it as they are. */
export const duplex: Middle = middle("Duplex", "objects");

/** As they go through gzip: chunks may be joined. */
export const duplexBytes: Middle = middle("Duplex, bytes", "bytes");

function middle(name: string, carries: "objects" | "bytes"): Middle {
  return {
    name,
    carries,
    hasMark: true,
    ...(carries === "objects" && { refuses: (event) => event === null }),
    open(producer, { maxDemand, minDemand, closeWithinMs, highWaterMark, signal }) {
      const stream = new Transform({
        objectMode: carries === "objects",
        highWaterMark: carries === "objects" ? highWaterMark : highWaterMark * EVENT_BYTES,
        // Not by the callback, for which undefined is nothing.
        transform(event, _, done) {
          this.push(event);
          done();
        },
      });
      const before = listenersOf(stream);
      const stage = throughDuplex(stream, { name: "between", subscribeTo: [producer], maxDemand, minDemand, closeWithinMs, stopWithinMs: closeWithinMs, signal });
      return {
        producer: stage,
        stages: [stage],
        // Its subscription, and one more for the producerConsumer.
        windows: 2 * maxDemand,
        marks: 2 * highWaterMark,
        isClosed: () => stream.closed,
        residue: () => before.more(),
      };
    },
  };
}
