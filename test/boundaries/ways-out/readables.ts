/** Node Readables that are fed by a producer: of objects, of bytes; and through a stage that is dressed as a Duplex. */
import { pipeline } from "node:stream";
import { StoppedError, producerConsumer } from "sluice";
import { asDuplex, toReadable } from "sluice/node";
import { EVENT_BYTES } from "../events.ts";
import { isNodeError } from "../node-errors.ts";
import type { WayOut } from "../ways.ts";
import { StreamTakes } from "./stream-takes.ts";

const READABLE = {
  canWait: true,
  atOnce: 1,
  tellsReason: true,
  tellsFailure: true,
  leaveShowsCleanup: true,
  showsAs: (error: unknown, shown: unknown) => !isNodeError(error) && shown instanceof StoppedError && shown.cause === error,
} as const;

/** The default high-water mark of these rows, in events. */
const MARK = 2;

export const readable: WayOut = {
  name: "Readable",
  carries: "objects",
  ...READABLE,
  abortsAt: "out",
  abortShows: "reason",
  hasMark: true,
  open(producer, sink, { closeWithinMs, signal, highWaterMark = MARK }) {
    const stream = toReadable(producer, { closeWithinMs, signal, highWaterMark });
    return new StreamTakes(stream, sink, { windows: 1, marks: highWaterMark, prefetches: 0 });
  },
};

export const readableBytes: WayOut = {
  name: "Readable, bytes",
  carries: "bytes",
  ...READABLE,
  abortsAt: "out",
  abortShows: "reason",
  hasMark: true,
  open(producer, sink, { closeWithinMs, signal, highWaterMark = MARK }) {
    const stream = toReadable(producer, { objectMode: false, closeWithinMs, signal, highWaterMark: highWaterMark * EVENT_BYTES });
    // A `read()` takes all that the stream holds, and that may be one event more than its mark.
    return new StreamTakes(stream, sink, { windows: highWaterMark + 1, marks: highWaterMark, prefetches: 0 });
  },
};

export const stageAsDuplex: WayOut = {
  name: "asDuplex",
  carries: "objects",
  ...READABLE,
  abortsAt: "in",
  leaveShowsCleanup: false,
  // The pipeline of Node destroys all its streams at once.
  losesAtFailure: true,
  open(producer, sink, { maxDemand, minDemand, closeWithinMs }) {
    const stage = producerConsumer({ name: "between", maxDemand, minDemand, stopWithinMs: closeWithinMs, handleEvents: (events: readonly unknown[]) => events });
    const duplex = asDuplex(stage, { highWaterMark: MARK, closeWithinMs });
    pipeline(toReadable(producer, { highWaterMark: MARK, closeWithinMs }), duplex, (error) => {
      if (error !== null && error !== undefined) sink.overhear(error);
    });
    // The stage's subscription, one more for it, and what the user reads; the marks of three halves, and what the pipe holds.
    const windows = 2 * maxDemand + 1;
    const marks = 3 * MARK + 1;
    return new StreamTakes(duplex, sink, { windows, marks, prefetches: windows + marks, stages: [stage] });
  },
};
