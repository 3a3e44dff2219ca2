/** The adapters of Node streams keep the contracts of their kind. */
import { Readable, Writable } from "node:stream";
import { describe, test } from "vitest";
import type { Consumer } from "sluice";
import { fromReadable, intoWritable } from "sluice/node";
import { wayInContract, wayOutContract, type WayInSource, type WrittenSink } from "sluice/testing";

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
