import { PassThrough } from "node:stream";
import { pipeline } from "node:stream/promises";

import { producerConsumer } from "sluice";
import { asDuplex, asWritable, fromReadable, intoWritable, throughDuplex, toReadable } from "sluice/node";

import type { SlowRun } from "../../measures/truth.ts";
import { readSlowly, slowWritable } from "./sinks.ts";
import { readableOf, stageOf } from "./sources.ts";

export const toReadableForAwait =
  (options: Readonly<{ highWaterMark: number; maxDemand?: number }>): SlowRun =>
  (account) =>
    readSlowly(toReadable(stageOf(account), options), account);

/** A pipeline of Node's, which ends when the Writable has had enough. */
export const toReadablePipeline =
  (highWaterMark: number): SlowRun =>
  async (account) => {
    const readable = toReadable(stageOf(account), { highWaterMark });
    await untilDone((done, signal) => pipeline(readable, slowWritable(account, highWaterMark, done), { signal }));
  };

export const fromReadableForAwait =
  (highWaterMark: number): SlowRun =>
  (account) =>
    readSlowly(fromReadable<number>(readableOf(account, highWaterMark)), account);

export const into =
  (options: Readonly<{ highWaterMark: number; maxDemand: number }>): SlowRun =>
  async (account) => {
    const { highWaterMark, maxDemand } = options;
    const stage = intoWritable(slowWritable(account, highWaterMark, () => void stage.stop()), { subscribeTo: [stageOf(account)], maxDemand });
    await stage.closed;
  };

export const through =
  (options: Readonly<{ highWaterMark: number; maxDemand: number }>): SlowRun =>
  (account) => {
    const { highWaterMark, maxDemand } = options;
    const duplex = new PassThrough({ objectMode: true, highWaterMark });
    return readSlowly(throughDuplex<number, number>(duplex, { subscribeTo: [stageOf(account)], maxDemand }), account);
  };

/** Written until `write` says no, and on after 'drain'. */
export const writtenForAwait =
  (options: Readonly<{ highWaterMark: number; processed?: boolean }>): SlowRun =>
  async (account) => {
    const { writable, producer } = asWritable<number>(options);
    const write = (): void => {
      while (!account.isDone && writable.write(account.produce())) continue;
    };
    writable.on("drain", write);
    writable.on("error", () => undefined);
    write();
    await readSlowly(producer, account);
  };

/** A Readable, a stage dressed as a Duplex, a Writable, all with the same high-water mark. */
export const duplexInPipeline =
  (options: Readonly<{ highWaterMark: number; maxDemand: number }>): SlowRun =>
  async (account) => {
    const { highWaterMark, maxDemand } = options;
    const duplex = asDuplex<number, number>(
      (numbers) => producerConsumer({ subscribeTo: [{ to: numbers, maxDemand }], handleEvents: (events: readonly number[]) => events }),
      { readableHighWaterMark: highWaterMark, writableHighWaterMark: highWaterMark },
    );
    const source = readableOf(account, highWaterMark);
    await untilDone((done, signal) => pipeline(source, duplex, slowWritable(account, highWaterMark, done), { signal }));
  };

/** Aborts when it is done; fails with what else goes wrong. */
async function untilDone(start: (done: () => void, signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  try {
    await start(() => controller.abort(), controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  }
}
