import { ReadableStream } from "node:stream/web";

/** One event for each `pull`. */
export function countWhatwg(events: number): ReadableStream<number> {
  let next = 0;
  return new ReadableStream<number>({
    pull(controller) {
      if (next < events) controller.enqueue(next++);
      else controller.close();
    },
  });
}
