import { ReadableStream, TransformStream, WritableStream } from "node:stream/web";

/** ReadableStream, two TransformStreams, WritableStream, all with the default strategies. */
export async function run(events: number): Promise<number> {
  let next = 0;
  let sum = 0;
  const count = new ReadableStream<number>({
    pull(controller) {
      if (next < events) controller.enqueue(next++);
      else controller.close();
    },
  });
  const map = new TransformStream<number, number>({
    transform(n, controller) {
      controller.enqueue(n + 1);
    },
  });
  const filter = new TransformStream<number, number>({
    transform(n, controller) {
      if (n % 2 === 0) controller.enqueue(n);
    },
  });
  const total = new WritableStream<number>({
    write(n) {
      sum += n;
    },
  });
  await count.pipeThrough(map).pipeThrough(filter).pipeTo(total);
  return sum;
}
