/** WHATWG ReadableStreams: of anything, and of bytes. */
import type { UnderlyingByteSource, UnderlyingSource } from "node:stream/web";
import { fromReadableStream } from "sluice/web";
import { EVENT_BYTES } from "../events.ts";
import type { Source, Step } from "../source.ts";
import type { Near, WayIn } from "../ways.ts";
import { plain, stageOptions } from "./stage-options.ts";

const STREAM = {
  pace: "asked",
  canWait: true,
  cleanup: "awaited",
  // One that has closed or failed is not cancelled.
  cleansUpAfter: { end: false, failure: false },
  hearsReason: true,
  hasMark: true,
  isOpenFromStart: true,
  saysMore: () => false,
  cannotSayMore: "the platform refuses what is said behind its end",
} as const;

export const readableStream: WayIn = {
  name: "ReadableStream",
  carries: "anything",
  ...STREAM,
  open(source, settings) {
    const mark = settings.highWaterMark ?? 0;
    const stream = new ReadableStream<unknown>(scripted(source), { highWaterMark: mark });
    return near(stream, source, fromReadableStream(stream, stageOptions(settings)), mark);
  },
};

/** Two events fit into a buffer of the reader. */
const CHUNK_EVENTS = 2;

export const readableStreamBytes: WayIn = {
  name: "ReadableStream, bytes",
  carries: "bytes",
  ...STREAM,
  open(source, settings) {
    const mark = settings.highWaterMark ?? 0;
    const { start, pull, cancel } = scripted(source);
    const stream = new ReadableStream({ type: "bytes", start, pull, cancel } as UnderlyingByteSource, { highWaterMark: mark * EVENT_BYTES });
    const bytes = { chunkSize: CHUNK_EVENTS * EVENT_BYTES };
    return near(stream, source, fromReadableStream(stream, { ...stageOptions(settings), bytes }), mark, CHUNK_EVENTS);
  },
};

function near(stream: ReadableStream<unknown>, source: Source, producer: Near["producer"], mark: number, joins = 1): Near {
  return {
    ...plain(producer),
    ahead: source.comesFull ? Math.max(mark, source.script.count) : mark,
    joins,
    isClosed: () => source.ended !== undefined || source.releases.length > 0,
    residue: () => (stream.locked ? ["the lock of a reader"] : []),
  };
}

type Controller = Pick<ReadableStreamDefaultController<unknown>, "enqueue" | "close" | "error">;

function scripted(source: Source): UnderlyingSource<unknown> {
  const play = (step: Step, controller: Controller): void => {
    if (source.releases.length > 0) source.hasKeptSilent = true;
    else if (step.type === "event") controller.enqueue(step.event);
    else if (step.type === "end") close(controller);
    else if ("isThrown" in step &&  step.isThrown) throw step.error;
    else controller.error(step.error);
  };
  return {
    start(controller) {
      if (!source.comesFull) return;
      source.open();
      while (!source.isAtEnd) play(source.takeNow(), controller);
    },
    pull(controller) {
      if (source.opens === 0) source.open();
      const step = source.take();
      return step instanceof Promise ? step.then((settled) => play(settled, controller)) : play(step, controller);
    },
    cancel: (reason) => source.release(reason),
  };
}

/** A reader's buffer that waits to be filled must be given back. */
function close(controller: Controller & { readonly byobRequest?: ReadableStreamBYOBRequest | null }): void {
  controller.close();
  controller.byobRequest?.respond(0);
}
