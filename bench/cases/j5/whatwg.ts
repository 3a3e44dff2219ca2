import { ReadableStream } from "node:stream/web";

import { countAsync } from "../count-async.ts";
import { LIST, numbers as numbersFrom } from "../numbers.ts";

export async function forAwait(events: number): Promise<number> {
  let sum = 0;
  for await (const n of ReadableStream.from(countAsync(events))) sum += n;
  return sum;
}

export async function readLoop(events: number): Promise<number> {
  let sum = 0;
  const reader = ReadableStream.from(countAsync(events)).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return sum;
    sum += value;
  }
}

/** Enqueues while the stream wants more. */
export const enqueued =
  (highWaterMark: number) =>
  async (events: number): Promise<number> => {
    let next = 0;
    const numbers = new ReadableStream<number>(
      {
        pull(controller) {
          while (next < events && (controller.desiredSize ?? 0) > 0) controller.enqueue(next++);
          if (next === events) controller.close();
        },
      },
      { highWaterMark },
    );
    let sum = 0;
    const reader = numbers.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return sum;
      sum += value;
    }
  };

/** A chunk is a list. */
export async function lists(events: number): Promise<number> {
  let next = 0;
  const chunks = new ReadableStream<number[]>({
    pull(controller) {
      const list = numbersFrom(next, Math.min(next + LIST, events));
      next += list.length;
      controller.enqueue(list);
      if (next === events) controller.close();
    },
  });
  let sum = 0;
  for await (const list of chunks) for (const n of list) sum += n;
  return sum;
}
