import { ReadableStream } from "node:stream/web";

import { asWritableStream, fromReadableStream } from "sluice/web";

import { LIST, numbers } from "../numbers.ts";
import type { WayIn } from "./way-in.ts";

export const readable: WayIn = (events) => {
  let next = 0;
  const stream = new ReadableStream<number>({
    pull(controller) {
      if (next < events) controller.enqueue(next++);
      else controller.close();
    },
  });
  return fromReadableStream<number>(stream);
};

/** A chunk is a list. */
export const lists: WayIn = (events) => {
  let next = 0;
  const stream = new ReadableStream<number[]>({
    pull(controller) {
      const list = numbers(next, Math.min(next + LIST, events));
      next += list.length;
      controller.enqueue(list);
      if (next === events) controller.close();
    },
  });
  return fromReadableStream<number>(stream, { lists: true });
};

export const writable: WayIn = (events) => {
  const { writable: stream, producer } = asWritableStream<number>();
  const write = async (): Promise<void> => {
    const writer = stream.getWriter();
    for (let next = 0; next < events; next++) {
      await writer.ready;
      void writer.write(next);
    }
    await writer.close();
  };
  void write();
  return producer;
};

/** A chunk is a list. */
export const writableOfLists: WayIn = (events) => {
  const { writable: stream, producer } = asWritableStream<number>({ lists: true });
  const write = async (): Promise<void> => {
    const writer = stream.getWriter();
    for (let next = 0; next < events; next += LIST) await writer.write(numbers(next, Math.min(next + LIST, events)));
    await writer.close();
  };
  void write();
  return producer;
};
