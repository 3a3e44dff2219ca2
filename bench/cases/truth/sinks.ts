import { Writable } from "node:stream";
import { WritableStream } from "node:stream/web";

import { consumer, type Target } from "sluice";

import type { Account } from "../../measures/truth.ts";

/** A loop that takes its time for each event, until it has had enough. */
export async function readSlowly(events: AsyncIterable<number>, account: Account): Promise<void> {
  for await (const event of events) if (!(await account.consume(event))) break;
}

export async function readListsSlowly(lists: AsyncIterable<readonly number[]>, account: Account): Promise<void> {
  for await (const list of lists) if (!(await account.consumeList(list))) break;
}

/** A stage that handles its events one after the other. */
export async function handleSlowly(target: Target<number>, account: Account): Promise<void> {
  const reason = await consumer<readonly Target<number>[]>({
    subscribeTo: [target],
    async handleEvents(events, _, self) {
      if (!(await account.consumeList(events))) self.stop();
    },
  }).closed;
  if (reason.type === "error") throw reason.error;
}

/** Has taken an event when it calls back. Calls `done` when it has had enough. */
export function slowWritable(account: Account, highWaterMark: number, done: () => void): Writable {
  return new Writable({
    objectMode: true,
    highWaterMark,
    write(event: number, _encoding, callback) {
      account.consume(event).then((wantsMore) => {
        callback();
        if (!wantsMore) done();
      }, callback);
    },
  });
}

/** Has taken an event when the promise of `write` resolves. */
export function slowWritableStream(account: Account, highWaterMark: number, done: () => void): WritableStream<number> {
  return new WritableStream(
    {
      async write(event) {
        if (!(await account.consume(event))) done();
      },
    },
    { highWaterMark },
  );
}
