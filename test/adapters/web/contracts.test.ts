/** The adapters of WHATWG streams keep the contracts of their kind. */
import { describe, test } from "vitest";
import type { Consumer, Producer } from "sluice";
import { asWritableStream, fromReadableStream, intoWritableStream, toReadableStream } from "sluice/web";
import { wayInContract, wayOutContract, type WayInAbility, type WayInSettings, type WayInSource } from "sluice/testing";

/** A stream that does what a contract says when it pulls. */
function readable(source: WayInSource<unknown>, highWaterMark: number): ReadableStream<unknown> {
  let isCancelled = false;
  return new ReadableStream(
    {
      pull: (controller) =>
        new Promise<void>((resolve) => {
          const play = (): void => {
            if (isCancelled) return;
            const step = source.take(play);
            if (step.type === "wait") return;
            if (step.type === "event") controller.enqueue(step.event);
            else if (step.type === "end") controller.close();
            else controller.error(step.error);
            resolve();
          };
          play();
        }),
      cancel(reason) {
        isCancelled = true;
        return source.release(reason);
      },
    },
    { highWaterMark },
  );
}

describe.each([
  { highWaterMark: 0, can: ["end", "error", "wait"] },
  { highWaterMark: 1, can: ["end", "error", "wait"] },
  // A stream that fails throws away what it holds: that is not in our hands.
  { highWaterMark: 16, can: ["end", "wait"] },
] satisfies { highWaterMark: number; can: WayInAbility[] }[])("fromReadableStream with a high-water mark of $highWaterMark keeps the contract: it", ({ highWaterMark, can }) => {
  const cases = wayInContract<unknown>({
    event: (n) => n,
    can,
    prefetch: highWaterMark,
    awaitsRelease: true,
    odd: () => true,
    open: (source, settings) => fromReadableStream(readable(source, highWaterMark), settings),
  });
  for (const { name, run } of cases) test(name, run);
});

/** Somebody who writes what a contract says, whenever there is room. */
function written(source: WayInSource<unknown>, highWaterMark: number, { signal, handleReport }: WayInSettings): Producer<unknown> {
  const { writable, producer } = asWritableStream<unknown>({ highWaterMark, signal, handleReport });
  const writer = writable.getWriter();
  // Whoever ends it himself hears of that, too.
  let hasEnded = false;
  writer.closed.catch((reason: unknown) => (hasEnded ? undefined : source.release(reason)));
  const writes: Promise<void>[] = [];
  const write = async (): Promise<void> => {
    for (;;) {
      await writer.ready;
      const step = source.take(() => void write().catch(() => undefined));
      if (step.type === "wait") return;
      if (step.type === "event") {
        const taken = writer.write(step.event);
        taken.catch(() => undefined);
        writes.push(taken);
      } else {
        hasEnded = true;
        // An abort throws away what has not been taken.
        await Promise.all(writes);
        return step.type === "end" ? writer.close() : writer.abort(step.error);
      }
    }
  };
  write().catch(() => undefined);
  return producer;
}

describe.each([1, 4])("asWritableStream with a high-water mark of %i keeps the contract: it", (highWaterMark) => {
  const cases = wayInContract<unknown>({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: highWaterMark,
    // An abort without a reason has none.
    errors: (error) => error !== undefined,
    odd: () => true,
    open: (source, settings) => written(source, highWaterMark, settings),
  });
  for (const { name, run } of cases) test(name, run);
});

describe.each([0, 1, 16])("toReadableStream with a high-water mark of %i keeps the contract: it", (highWaterMark) => {
  const cases = wayOutContract<unknown, ReadableStreamDefaultReader<unknown>>({
    by: "reading",
    event: (n) => n,
    prefetch: highWaterMark,
    isAbortable: false,
    odd: () => true,
    open: (producer, { closeWithinMs }) => toReadableStream(producer, { highWaterMark, closeWithinMs }).getReader(),
    read: (reader) => reader.read(),
    leave: (reader) => reader.cancel(),
    cancel: (reader, reason) => reader.cancel(reason),
  });
  for (const { name, run } of cases) test(name, run);
});

describe.each([
  { highWaterMark: 0, maxDemand: 4 },
  { highWaterMark: 1, maxDemand: 1 },
  { highWaterMark: 16, maxDemand: 4 },
  { highWaterMark: 4, maxDemand: 16 },
])("intoWritableStream with a window of $maxDemand and a high-water mark of $highWaterMark keeps the contract: it", ({ highWaterMark, maxDemand }) => {
  interface Native {
    readonly stage: Consumer<unknown>;
    readonly controller: WritableStreamDefaultController;
  }
  const cases = wayOutContract<unknown, Native>({
    by: "writing",
    event: (n) => n,
    // What is in the stream counts as in the window: it is acknowledged when it was written.
    prefetch: maxDemand,
    odd: () => true,
    open(producer, sink, { signal, closeWithinMs }) {
      let controller!: WritableStreamDefaultController;
      const stream = new WritableStream<unknown>(
        {
          start: (given) => void (controller = given),
          write: (event) => new Promise<void>((done) => sink.event(event, done)),
          close: () => new Promise<void>((done) => sink.end(done)),
          abort: (reason) => sink.error(reason),
        },
        { highWaterMark },
      );
      return { stage: intoWritableStream(stream, { subscribeTo: [{ to: producer, maxDemand }], signal, closeWithinMs }), controller };
    },
    fail: ({ controller }, error) => controller.error(error),
    stage: ({ stage }) => stage,
  });
  for (const { name, run } of cases) test(name, run);
});
