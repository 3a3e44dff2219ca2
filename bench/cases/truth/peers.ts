import { on } from "node:events";
import { Readable, Transform } from "node:stream";
import { ReadableStream } from "node:stream/web";

import { concatMap, from, mergeMap, type ObservableInput, type OperatorFunction } from "rxjs";

import type { SlowRun } from "../../measures/truth.ts";
import { readSlowly } from "./sinks.ts";
import { asyncGeneratorOf, Numbers, readableStreamOf } from "./sources.ts";

async function* passing(source: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const event of source) yield event;
}

/** One behind the other. */
export const asyncGenerators: SlowRun = (account) => readSlowly(passing(asyncGeneratorOf(account)), account);

const rxjs =
  (operator: (work: (event: number) => ObservableInput<boolean>) => OperatorFunction<number, boolean>): SlowRun =>
  (account) =>
    new Promise((resolve, reject) => {
      const subscription = from(asyncGeneratorOf(account))
        .pipe(operator((event) => account.consume(event)))
        .subscribe({
          next(wantsMore) {
            if (wantsMore) return;
            subscription.unsubscribe();
            resolve();
          },
          error: reject,
        });
    });

export const rxjsConcatMap: SlowRun = rxjs((work) => concatMap(work));

export const rxjsMergeMap = (concurrent: number): SlowRun => rxjs((work) => mergeMap(work, concurrent));

export const readableFrom =
  (highWaterMark: number): SlowRun =>
  (account) =>
    readSlowly(Readable.from(asyncGeneratorOf(account), { highWaterMark }) as AsyncIterable<number>, account);

/** Two Transforms that do nothing, with the default high-water marks. */
export const nodeTransforms: SlowRun = (account) => {
  const same = (): Transform =>
    new Transform({
      objectMode: true,
      transform(event: number, _encoding, callback) {
        callback(null, event);
      },
    });
  return readSlowly(Readable.from(asyncGeneratorOf(account)).pipe(same()).pipe(same()) as AsyncIterable<number>, account);
};

export const readableStreamFrom: SlowRun = (account) => readSlowly(ReadableStream.from(asyncGeneratorOf(account)), account);

export const readableStreamPull =
  (highWaterMark: number): SlowRun =>
  (account) =>
    readSlowly(readableStreamOf(account, highWaterMark), account);

/** One branch is read as fast as it goes. */
export const tee: SlowRun = async (account) => {
  const [fast, slow] = readableStreamOf(account, 0).tee();
  const readAll = async (): Promise<void> => {
    const reader = fast.getReader();
    while (!account.isExhausted && !account.isDone) await reader.read();
    // Settles when the other branch is cancelled, too.
    await reader.cancel();
  };
  await Promise.all([readAll(), readSlowly(slow, account)]);
};

export const eventsOn: SlowRun = async (account) => {
  const source = new Numbers(account);
  async function* numbers(): AsyncGenerator<number> {
    for await (const [event] of on(source, "number")) yield event as number;
  }
  await readSlowly(numbers(), account);
  source.stop();
};
