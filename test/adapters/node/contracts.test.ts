/** The adapters of Node streams keep the contracts of their kind. */
import { Readable, Writable } from "node:stream";
import { describe, test } from "vitest";
import type { Consumer, Producer } from "sluice";
import { asWritable, fromReadable, fromStreamIter, intoStreamIterWriter, intoWritable, toReadable, toStreamIter } from "sluice/node";
import { wayInContract, wayOutContract, type WayInSettings, type WayInSource, type WrittenSink } from "sluice/testing";
import { asyncIterable } from "../../testing/support/native-iterables.ts";

/** A stream that does what a contract says. */
class Played extends Readable {
  readonly #source: WayInSource<unknown>;

  constructor(source: WayInSource<unknown>, highWaterMark: number) {
    super({ objectMode: true, highWaterMark });
    this.#source = source;
  }

  override _read(): void {
    this.#play();
  }

  #play(): void {
    const step = this.#source.take(() => this.#play());
    if (step.type === "event") this.push(step.event);
    else if (step.type === "end") this.push(null);
    else if (step.type === "error") this.destroy(step.error as Error);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#source.release(error).then(
      () => done(error),
      (failure: Error) => done(failure),
    );
  }
}

/** Node takes what is false for no error, and looks at all others. */
const canDestroyWith = (error: unknown, what: string): boolean => Boolean(error) && what !== "an object whose getters throw";

describe.each([0, 1, 16])("fromReadable with a high-water mark of %i keeps the contract: it", (highWaterMark) => {
  const cases = wayInContract<unknown, "end" | "error" | "wait">({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: highWaterMark,
    awaitsRelease: true,
    errors: canDestroyWith,
    odd: (value) => value !== null,
    open: (source, settings) => fromReadable(new Played(source, highWaterMark), settings),
  });
  for (const { name, run } of cases) test(name, run);
});

/** A stream that is written into, and hears what a contract wants to know. */
class Heard extends Writable {
  readonly #sink: WrittenSink<unknown>;

  constructor(sink: WrittenSink<unknown>, highWaterMark: number) {
    super({ objectMode: true, highWaterMark });
    this.#sink = sink;
  }

  override _write(event: unknown, _: string, done: () => void): void {
    this.#sink.event(event, done);
  }

  override _final(done: () => void): void {
    this.#sink.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (error !== null) this.#sink.error(error);
    done(error);
  }
}

describe.each([
  { highWaterMark: 1, maxDemand: 1 },
  { highWaterMark: 16, maxDemand: 4 },
  { highWaterMark: 4, maxDemand: 16 },
])("intoWritable with a window of $maxDemand and a high-water mark of $highWaterMark keeps the contract: it", ({ highWaterMark, maxDemand }) => {
  const cases = wayOutContract<unknown, { readonly stage: Consumer<unknown>; readonly stream: Heard }>({
    by: "writing",
    event: (n) => n,
    // What is in the stream counts as in the window: it is acknowledged when it was written.
    prefetch: maxDemand,
    errors: canDestroyWith,
    odd: (value) => value !== null,
    open(producer, sink, { signal, closeWithinMs }) {
      const stream = new Heard(sink, highWaterMark);
      return { stream, stage: intoWritable(stream, { subscribeTo: [{ to: producer, maxDemand }], signal, closeWithinMs }) };
    },
    fail: ({ stream }, error) => stream.destroy(error as Error),
    stage: ({ stage }) => stage,
  });
  for (const { name, run } of cases) test(name, run);
});

/** Somebody who writes what a contract says, as long as there is room. */
function written(source: WayInSource<unknown>, highWaterMark: number, { signal, handleReport }: WayInSettings): Producer<unknown> {
  const { writable, producer } = asWritable({ highWaterMark, signal, handleReport });
  let hasEnded = false;
  let inFlight = 0;
  let failure: { readonly error: unknown } | undefined;
  /** `destroy` throws away what has not been called back. */
  const fail = (): void => {
    if (failure !== undefined && inFlight === 0) writable.destroy(failure.error as Error);
  };
  const write = (): void => {
    while (!writable.writableNeedDrain && !writable.destroyed && !hasEnded) {
      const step = source.take(write);
      if (step.type === "wait") return;
      if (step.type === "event") {
        inFlight += 1;
        writable.write(step.event, () => {
          inFlight -= 1;
          fail();
        });
      } else {
        hasEnded = true;
        if (step.type === "end") writable.end();
        else {
          failure = step;
          fail();
        }
      }
    }
  };
  writable.on("drain", write);
  writable.on("error", (error) => (hasEnded ? undefined : void source.release(error)));
  write();
  return producer;
}

describe.each([1, 4])("asWritable with a high-water mark of %i keeps the contract: it", (highWaterMark) => {
  const cases = wayInContract<unknown>({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: highWaterMark,
    errors: canDestroyWith,
    odd: (value) => value !== null,
    open: (source, settings) => written(source, highWaterMark, settings),
  });
  for (const { name, run } of cases) test(name, run);
});

/** Reads one event in paused mode. */
async function readOne(stream: Readable): Promise<IteratorResult<unknown, undefined>> {
  for (;;) {
    const event: unknown = stream.read();
    if (event !== null) return { value: event, done: false };
    if (stream.readableEnded || (stream.closed && stream.errored === null)) return { value: undefined, done: true };
    if (stream.errored !== null) throw stream.errored;
    await new Promise<void>((resolve) => {
      const names = ["readable", "end", "error", "close"];
      const go = (): void => {
        for (const name of names) stream.removeListener(name, go);
        resolve();
      };
      for (const name of names) stream.on(name, go);
    });
  }
}

describe.each([1, 16])("toReadable with a high-water mark of %i keeps the contract: it", (highWaterMark) => {
  const cases = wayOutContract<unknown, Readable>({
    by: "reading",
    event: (n) => n,
    prefetch: highWaterMark,
    isAbortable: false,
    errors: canDestroyWith,
    odd: () => true,
    open(producer, { closeWithinMs }) {
      const stream = toReadable(producer, { highWaterMark, closeWithinMs });
      stream.on("error", () => undefined);
      return stream;
    },
    read: readOne,
    leave: (stream) => new Promise<void>((resolve) => (stream.closed ? resolve() : stream.once("close", resolve).destroy())),
    fail: (stream, error) => new Promise<void>((resolve) => stream.once("close", resolve).destroy(error as Error)),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("fromStreamIter keeps the contract: it", () => {
  const cases = wayInContract<unknown>({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: 0,
    odd: () => true,
    open(source, settings) {
      const events = asyncIterable(source);
      const lists = {
        [Symbol.asyncIterator]() {
          const iterator = events[Symbol.asyncIterator]();
          return {
            next: async (): Promise<IteratorResult<unknown[], undefined>> => {
              const result = await iterator.next();
              return result.done === true ? { value: undefined, done: true } : { value: [result.value], done: false };
            },
            return: async (reason?: unknown): Promise<IteratorResult<unknown[], undefined>> => {
              await iterator.return?.(reason);
              return { value: undefined, done: true };
            },
          };
        },
      };
      return fromStreamIter<unknown>(lists, settings);
    },
  });
  for (const { name, run } of cases) test(name, run);
});

/** Lists, read one by one. */
interface Lists {
  readonly iterator: AsyncIterator<unknown[]>;
  readonly rest: unknown[];
}

describe("toStreamIter keeps the contract: it", () => {
  const cases = wayOutContract<unknown, Lists>({
    by: "reading",
    event: (n) => n,
    prefetch: 16,
    odd: () => true,
    open: (producer, { signal }) => ({ iterator: toStreamIter<unknown>(producer, { signal })[Symbol.asyncIterator](), rest: [] }),
    async read({ iterator, rest }) {
      if (rest.length === 0) {
        const result = await iterator.next();
        if (result.done === true) return { value: undefined, done: true };
        rest.push(...result.value);
      }
      return { value: rest.shift(), done: false };
    },
    leave: ({ iterator }) => iterator.return?.(),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("intoStreamIterWriter keeps the contract: it", () => {
  const cases = wayOutContract<unknown, Consumer<unknown>>({
    by: "writing",
    event: (n) => n,
    prefetch: 4,
    odd: () => true,
    open(producer, sink, { signal, closeWithinMs }) {
      const writer = {
        write: (event: unknown) => new Promise<void>((done) => sink.event(event, done)),
        end: () => new Promise<number>((done) => sink.end(() => done(0))),
        fail: (error: unknown) => sink.error(error),
      };
      return intoStreamIterWriter(writer, { subscribeTo: [{ to: producer, maxDemand: 4 }], signal, closeWithinMs });
    },
    stage: (stage) => stage,
  });
  for (const { name, run } of cases) test(name, run);
});
