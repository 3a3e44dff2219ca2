import { TransformStream, WritableStream } from "node:stream/web";

import { intoWritableStream, throughTransformStream, toReadableStream } from "sluice/web";

import type { WayOut } from "./way-out.ts";

/** What the stream holds, and how far it asks ahead beside that. */
type Ahead = Readonly<{ highWaterMark?: number; maxDemand?: number }>;

export const forAwait =
  (ahead: Ahead = {}): WayOut =>
  async (numbers) => {
    let sum = 0;
    for await (const n of toReadableStream(numbers, ahead)) sum += n;
    return sum;
  };

export const readLoop =
  (ahead: Ahead = {}): WayOut =>
  async (numbers) => {
    let sum = 0;
    const reader = toReadableStream(numbers, ahead).getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return sum;
      sum += value;
    }
  };

/** A chunk is a list. */
export const lists: WayOut = async (numbers) => {
  let sum = 0;
  for await (const list of toReadableStream(numbers, { lists: true })) for (const n of list) sum += n;
  return sum;
};

export const writable: WayOut = async (numbers) => {
  let sum = 0;
  const total = new WritableStream<number>({
    write(n) {
      sum += n;
    },
  });
  await intoWritableStream(total, { subscribeTo: [numbers] }).closed;
  return sum;
};

export const writableOfLists: WayOut = async (numbers) => {
  let sum = 0;
  const total = new WritableStream<readonly number[]>({
    write(list) {
      let part = 0;
      for (const n of list) part += n;
      sum += part;
    },
  });
  await intoWritableStream<number>(total, { subscribeTo: [numbers], lists: true }).closed;
  return sum;
};

/** Through a TransformStream that does nothing, and into a loop over lists. */
export const transform: WayOut = async (numbers) => {
  let sum = 0;
  const same = new TransformStream<number, number>();
  for await (const list of throughTransformStream<number, number>(same, { subscribeTo: [numbers] }).batches({ maxDemand: 1000 })) for (const n of list) sum += n;
  return sum;
};
