/** WHATWG ReadableStreams that are fed by a producer: of anything, of bytes; and through a stage that is dressed as a TransformStream. */
import { StoppedError, producerConsumer, type Producer } from "sluice";
import { asTransformStream, toReadableStream } from "sluice/web";
import { EVENT_BYTES } from "../events.ts";
import type { WayOut } from "../ways.ts";
import { StreamReads } from "./stream-reads.ts";

const STREAM = {
  canWait: true,
  atOnce: 1,
  tellsReason: true,
  tellsFailure: true,
  abortsAt: "in",
  leaveShowsCleanup: true,
} as const;

export const readableStream: WayOut = {
  name: "ReadableStream",
  carries: "anything",
  ...STREAM,
  hasMark: true,
  open(producer, sink, { closeWithinMs, highWaterMark = 0 }) {
    const stream = toReadableStream(producer, { closeWithinMs, highWaterMark });
    // What a read asks for, and the mark.
    return new StreamReads(stream.getReader(), sink, { windows: 1, marks: highWaterMark, prefetches: highWaterMark });
  },
};

/** So many fit into a buffer of the user. */
const CHUNK_EVENTS = 2;

export const readableStreamBytes: WayOut = {
  name: "ReadableStream, bytes",
  carries: "bytes",
  ...STREAM,
  hasMark: true,
  open(producer, sink, { closeWithinMs, highWaterMark = 0 }) {
    const stream = toReadableStream(producer as Producer<Uint8Array>, { type: "bytes", closeWithinMs, highWaterMark: highWaterMark * EVENT_BYTES });
    const reader = stream.getReader({ mode: "byob" });
    const byob = {
      read: () => reader.read(new Uint8Array(CHUNK_EVENTS * EVENT_BYTES)),
      cancel: (reason?: unknown) => reader.cancel(reason),
      releaseLock: () => reader.releaseLock(),
    };
    return new StreamReads(byob, sink, { windows: CHUNK_EVENTS, marks: highWaterMark, prefetches: highWaterMark });
  },
};

export const stageAsTransform: WayOut = {
  name: "asTransformStream",
  carries: "anything",
  ...STREAM,
  leaveShowsCleanup: false,
  // The platform's pipe aborts with what is no reason.
  showsAs: (error, shown) => error === undefined && shown instanceof StoppedError,
  open(producer, sink, { maxDemand, minDemand, closeWithinMs }) {
    const stage = producerConsumer({ name: "between", maxDemand, minDemand, stopWithinMs: closeWithinMs, handleEvents: (events: readonly unknown[]) => events });
    const { writable, readable } = asTransformStream(stage, { readable: { closeWithinMs } });
    toReadableStream(producer, { closeWithinMs })
      .pipeTo(writable)
      .catch((error: unknown) => sink.overhear(error));
    // The stage's subscription, one more for it, and what the pipe and the user read.
    const windows = 2 * maxDemand + 2;
    return new StreamReads(readable.getReader(), sink, { windows, marks: 1, prefetches: windows + 1, stages: [stage] });
  },
};
