import { TransformStream } from "node:stream/web";

import { producerConsumer } from "sluice";
import { asTransformStream, asWritableStream, fromReadableStream, intoWritableStream, throughTransformStream, toReadableStream } from "sluice/web";

import type { SlowRun } from "../../measures/truth.ts";
import { readListsSlowly, readSlowly, slowWritableStream } from "./sinks.ts";
import { readableStreamOf, stageOf } from "./sources.ts";

export const toReadableForAwait =
  (options: Readonly<{ highWaterMark: number; maxDemand?: number }>): SlowRun =>
  (account) =>
    readSlowly(toReadableStream(stageOf(account), options), account);

export const toReadableOfLists =
  (maxDemand: number): SlowRun =>
  (account) =>
    readListsSlowly(toReadableStream(stageOf(account), { lists: true, maxDemand }), account);

export const fromReadableForAwait =
  (highWaterMark: number): SlowRun =>
  (account) =>
    readSlowly(fromReadableStream<number>(readableStreamOf(account, highWaterMark)), account);

export const into =
  (options: Readonly<{ highWaterMark: number; maxDemand: number }>): SlowRun =>
  async (account) => {
    const { highWaterMark, maxDemand } = options;
    const stage = intoWritableStream(slowWritableStream(account, highWaterMark, () => void stage.stop()), { subscribeTo: [stageOf(account)], maxDemand });
    await stage.closed;
  };

export const through =
  (maxDemand: number): SlowRun =>
  (account) =>
    readSlowly(throughTransformStream<number, number>(new TransformStream<number, number>(), { subscribeTo: [stageOf(account)], maxDemand }), account);

/** Written when the stream is ready, without waiting for each write. */
export const writtenForAwait =
  (options: Readonly<{ highWaterMark: number; processed?: boolean }>): SlowRun =>
  async (account) => {
    const { writable, producer } = asWritableStream<number>(options);
    const writer = writable.getWriter();
    const write = async (): Promise<void> => {
      while (!account.isDone) {
        await writer.ready;
        writer.write(account.produce()).catch(() => undefined);
      }
    };
    const writing = write().catch(() => undefined);
    await readSlowly(producer, account);
    await writing;
  };

/** A ReadableStream, a stage dressed as a TransformStream, a WritableStream. */
export const transformInPipe =
  (options: Readonly<{ highWaterMark: number; maxDemand: number }>): SlowRun =>
  async (account) => {
    const { highWaterMark, maxDemand } = options;
    const transform = asTransformStream<number, number>((numbers) =>
      producerConsumer({ subscribeTo: [{ to: numbers, maxDemand }], handleEvents: (events: readonly number[]) => events }),
    );
    const controller = new AbortController();
    const { signal } = controller;
    const piped = readableStreamOf(account, highWaterMark)
      .pipeThrough(transform, { signal })
      .pipeTo(slowWritableStream(account, highWaterMark, () => controller.abort()), { signal });
    await piped.catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  };
