import { getEventListeners } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createReadStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough, Readable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, consumer, pipeline, producerConsumer, type ExitReason, type Report } from "sluice";
import { fromReadable, wrapNullish, type ReadableLike } from "sluice/node";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { closing } from "../support/closing.ts";
import { listeners } from "../support/listeners.ts";
import { Counter, Source } from "../support/streams.ts";

afterEach(() => vi.useRealTimers());

/** What a loop over a stage got, and how it ended. */
async function all<Event>(stage: AsyncIterable<Event>): Promise<{ events: Event[]; error?: unknown }> {
  const events: Event[] = [];
  try {
    for await (const event of stage) events.push(event);
    return { events };
  } catch (error) {
    return { events, error };
  }
}

describe("demand", () => {
  test("gives the objects of a stream in order, then ends normally", async () => {
    const stage = fromReadable<number>(new Counter(5));
    expect(await all(stage)).toEqual({ events: [0, 1, 2, 3, 4] });
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("does not touch the stream before the first demand", async () => {
    const stream = new Counter();
    await using stage = fromReadable<number>(stream);
    const probe = new ConsumerProbe(stage);
    await settle();
    expect(stream.made).toBe(0);
    expect(stream.listenerCount("readable")).toBe(0);
    await probe.ask(1);
    expect(probe.events).toEqual([0]);
  });

  test("reads what was demanded, and never more", async () => {
    const stream = new Counter();
    await using stage = fromReadable<number>(stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(3);
    await probe.ask(4);
    expect(probe.batches).toEqual([
      [0, 1, 2],
      [3, 4, 5, 6],
    ]);
    expect(stage.bufferedCount).toBe(0);
  });

  test("reads on when more arrives, as far as it is owed", async () => {
    const stream = new Source().hold(1, 2);
    await using stage = fromReadable<number>(stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(4);
    stream.hold(3, 4, 5);
    await settle();
    expect(probe.batches).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(stream.readableLength).toBe(1);
  });

  test.each([
    { highWaterMark: 0, ahead: 0 },
    { highWaterMark: 1, ahead: 1 },
    { highWaterMark: 16, ahead: 16 },
  ])("leaves the read-ahead to the stream: $ahead with a high-water mark of $highWaterMark", async ({ highWaterMark, ahead }) => {
    const stream = new Counter(Infinity, { highWaterMark });
    await using stage = fromReadable<number>(stream);
    const probe = new ConsumerProbe(stage);
    for (let asked = 1; asked <= 3; asked += 1) {
      await probe.ask(1);
      expect(probe.events).toHaveLength(asked);
      expect(stream.made - asked).toBeLessThanOrEqual(ahead);
    }
  });

  test("keeps a fast stream within its high-water mark and the demand of a slow consumer", async () => {
    const stream = new Counter(2000, { highWaterMark: 16 });
    const stage = fromReadable<number>(stream);
    let handled = 0;
    let greatest = 0;
    await pipeline(
      stage,
      consumer<number>({
        maxDemand: 10,
        minDemand: 5,
        async handleEvents(events) {
          greatest = Math.max(greatest, stream.made - handled);
          await Promise.resolve();
          handled += events.length;
        },
      }),
    );
    expect(handled).toBe(2000);
    expect(greatest).toBeLessThanOrEqual(10 + 16);
  });

  test("carries 100,000 objects", async () => {
    let sum = 0;
    for await (const batch of fromReadable<number>(new Counter(100_000)).batches()) for (const event of batch) sum += event;
    expect(sum).toBe((100_000 * 99_999) / 2);
  });

  test("lets timers run while a stream always has more", async () => {
    const stream = new Counter(200_000, { highWaterMark: 1000 });
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    let count = 0;
    for await (const batch of fromReadable<number>(stream).batches({ maxDemand: 200_000, minDemand: 0 })) count += batch.length;
    clearInterval(timer);
    expect(count).toBe(200_000);
    expect(ticks).toBeGreaterThan(2);
  });

  test("brings a demand that is greater than one list list by list", async () => {
    const stream = new Source({ highWaterMark: 5000 }).hold(...range(3000));
    await using stage = fromReadable<number>(stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(3000);
    expect(probe.events).toEqual(range(3000));
    expect(probe.batches.length).toBeGreaterThan(1);
  });
});

describe("values", () => {
  test("passes on every value that an object stream can hold, unchanged", async () => {
    const promise = Promise.reject(new Error("an event like any other"));
    promise.catch(() => undefined);
    // oxlint-disable-next-line unicorn/no-thenable
    const thenable = { then: (): never => expect.fail("was awaited") };
    const frozen = Object.freeze({ done: true });
    const values = [undefined, NaN, 0, "", false, frozen, frozen, [1, 2], promise, thenable];
    const stage = fromReadable(new Source().hold(...values, null));
    const got: unknown[] = [];
    for await (const batch of stage.batches()) got.push(...batch);
    expect(got).toHaveLength(values.length);
    for (const [index, value] of values.entries()) expect(Object.is(got[index], value)).toBe(true);
  });

  test("unwraps null and undefined with nullish: wrap, and leaves them wrapped without", async () => {
    const values = [null, 1, undefined];
    const held = (): Source => new Source().hold(...values.map(wrapNullish), null);
    expect((await all(fromReadable(held(), { nullish: "wrap" }))).events).toEqual(values);
    expect((await all(fromReadable(held()))).events).toEqual(values.map(wrapNullish));
  });

  test("counts what one read of a stream of bytes gives as one event", async () => {
    // All that it holds; from Node 26 on the first chunk.
    const stream = new Source({ objectMode: false }).hold(Buffer.from("ab"), Buffer.from("cd"));
    await using stage = fromReadable<Buffer>(stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    expect(["abcd", "ab"]).toContain(probe.events.join());
    stream.hold(Buffer.from("ef"));
    await settle();
    expect(probe.events).toHaveLength(1);
    await probe.ask(2);
    expect(probe.events.join("")).toBe("abcdef");
  });

  test("keeps the bytes of a file", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-"));
    const bytes = Buffer.from(range(300_000).map((n) => n % 251));
    await writeFile(join(folder, "bytes"), bytes);
    const { events } = await all(fromReadable<Buffer>(createReadStream(join(folder, "bytes"), { highWaterMark: 1000 })));
    expect(Buffer.concat(events).equals(bytes)).toBe(true);
    await rm(folder, { recursive: true });
  });

  test("gives strings after setEncoding, and splits no character", async () => {
    const bytes = Buffer.from("grüße €");
    const stream = new Source({ objectMode: false }).setEncoding("utf8");
    const stage = fromReadable<string>(stream);
    const got = all(stage);
    for (const byte of bytes) {
      stream.hold(Buffer.of(byte));
      await settle();
    }
    stream.hold(null);
    expect((await got).events.join("")).toBe("grüße €");
  });

  test("neither ends nor stalls at an empty chunk", async () => {
    const stream = new Source({ objectMode: false });
    const got = all(fromReadable<Buffer>(stream));
    stream.hold(Buffer.from("a"), Buffer.alloc(0));
    await settle();
    stream.hold(Buffer.alloc(0), Buffer.from("b"), null);
    expect(Buffer.concat((await got).events).toString()).toBe("ab");
  });
});

describe("the end of the stream", () => {
  test("passes on an end that comes right after the last demanded event, without further demand", async () => {
    const stage = fromReadable<number>(new Counter(3));
    const probe = new ConsumerProbe(stage);
    await probe.ask(3);
    expect(probe.events).toEqual([0, 1, 2]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("passes on an end that comes late, without further demand", async () => {
    const stream = new Source().hold(1);
    const probe = new ConsumerProbe(fromReadable<number>(stream));
    await probe.ask(1);
    expect(probe.end).toBeUndefined();
    stream.hold(null);
    await settle();
    expect(probe.end).toEqual({ type: "normal" });
  });

  test.each([0, 1, 499, 500, 501, 999, 1000, 1001, 2000])("gives all of %i events and one end", async (count) => {
    const events: number[] = [];
    const ends: ExitReason[] = [];
    const sink = consumer({
      subscribeTo: [fromReadable<number>(new Counter(count))],
      handleEvents: (batch) => void events.push(...batch),
      handleStop: (reason) => void ends.push(reason),
    });
    await sink.closed;
    expect(events).toEqual(range(count));
    expect(ends).toEqual([{ type: "normal" }]);
  });

  test("waits until a stream that destroys itself has closed", async () => {
    let finish!: () => void;
    const stream = new Counter(1, { destroy: (_error, done) => void (finish = () => done()) });
    const stage = fromReadable<number>(stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    expect(probe.end).toBeUndefined();
    finish();
    await settle();
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("ends with the error of a clean-up that follows a normal end", async () => {
    const cleanup = new Error("disk gone");
    const stream = new Counter(1, { destroy: (_error, done) => done(cleanup) });
    const { events, error } = await all(fromReadable<number>(stream));
    expect(events).toEqual([0]);
    expect(error).toBe(cleanup);
  });
});

describe("an error of the stream", () => {
  test("reaches a consumer that waits, as the same object", async () => {
    const boom = new Error("boom");
    const stream = new Source();
    const probe = new ConsumerProbe(fromReadable(stream));
    await probe.ask(1);
    stream.destroy(boom);
    await settle();
    expect(probe.end).toEqual({ type: "error", error: boom });
    expect((probe.end as { error: unknown }).error).toBe(boom);
  });

  test("comes after the events that the stream holds, on demand", async () => {
    const boom = new Error("boom");
    const stream = new Source().hold(1, 2, 3);
    const stage = fromReadable<number>(stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    stream.destroy(boom);
    await settle();
    expect(probe.end).toBeUndefined();
    await probe.ask(1);
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toBeUndefined();
    await probe.ask(1);
    expect(probe.events).toEqual([1, 2, 3]);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("comes at once with errors: immediate", async () => {
    const boom = new Error("boom");
    const stream = new Source().hold(1, 2, 3);
    const probe = new ConsumerProbe(fromReadable<number>(stream, { errors: "immediate" }));
    await probe.ask(1);
    stream.destroy(boom);
    await settle();
    expect(probe.events).toEqual([1]);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("comes after events that arrived in the same turn for a demand that was open", async () => {
    const boom = new Error("boom");
    const stream = new Source();
    const probe = new ConsumerProbe(fromReadable<number>(stream));
    await probe.ask(5);
    stream.hold(1, 2);
    stream.destroy(boom);
    await settle();
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("before anybody has subscribed is no uncaught exception, and is told to the first who does", async () => {
    const boom = new Error("boom");
    const stream = new Source();
    const stage = fromReadable(stream);
    stream.destroy(boom);
    await settle();
    const probe = new ConsumerProbe(stage);
    await settle();
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("that nobody ever heard of is reported when the stage is stopped", async () => {
    const boom = new Error("boom");
    const reports: Report[] = [];
    const stream = new Source();
    const stage = fromReadable(stream, { name: "numbers", handleReport: (report) => reports.push(report) });
    stream.destroy(boom);
    await settle();
    await stage.stop();
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "numbers", error: boom }]);
  });

  test.each([["a string"], [Object.freeze({ code: 1 })], [Symbol("reason")]])("may be anything: %s", async (reason) => {
    const stream = new Source();
    const got = all(fromReadable(stream));
    await settle();
    stream.emit("error", reason);
    expect((await got).error).toBe(reason);
  });

  test("that read() throws is an error like any other", async () => {
    const boom = new Error("boom");
    const stream = new Source().hold(1, 2);
    const read = stream.read.bind(stream);
    let calls = 0;
    stream.read = (size) => {
      // Node itself looks with a size of 0 for more to make.
      if (size !== 0) calls += 1;
      if (calls > 2) throw boom;
      return read(size);
    };
    const { events, error } = await all({ [Symbol.asyncIterator]: () => fromReadable<number>(stream).events({ maxDemand: 5 }) });
    expect(events).toEqual([1, 2]);
    expect(error).toBe(boom);
  });

  test("counts once, whatever comes after it", async () => {
    const boom = new Error("boom");
    const reports: Report[] = [];
    const stream = new Source({ autoDestroy: false });
    const probe = new ConsumerProbe(fromReadable(stream, { name: "numbers", handleReport: (report) => reports.push(report) }));
    const another = new Error("another");
    await probe.ask(1);
    stream.emit("error", boom);
    stream.emit("error", another);
    stream.emit("end");
    await settle();
    expect(probe.ends).toHaveLength(1);
    expect(probe.end).toEqual({ type: "error", error: boom });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "numbers", error: another }]);
  });

  test("stays the first when the clean-up that follows fails as well: that one is reported", async () => {
    const boom = new Error("boom");
    const cleanup = new Error("disk gone");
    const reports: Report[] = [];
    const stream = new (class extends Source {
      override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
        done(cleanup);
      }
    })();
    const probe = new ConsumerProbe(fromReadable(stream, { name: "numbers", handleReport: (report) => reports.push(report) }));
    await probe.ask(1);
    stream.destroy(boom);
    await settle();
    expect(probe.end).toEqual({ type: "error", error: boom });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "numbers", error: cleanup }]);
  });
});

describe("a close before the end", () => {
  test("is an error", async () => {
    const stream = new Source();
    const got = all(fromReadable(stream));
    await settle();
    stream.destroy();
    expect((await got).error).toMatchObject({ code: "SLUICE_BAD_PARTNER", message: expect.stringContaining("premature close") });
  });

  test("comes after what the stream holds", async () => {
    const stream = new Source().hold(1, 2);
    const probe = new ConsumerProbe(fromReadable<number>(stream));
    await probe.ask(1);
    stream.destroy();
    await settle();
    await probe.ask(2);
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
  });
});

describe("a stream that has lived before", () => {
  test("that has ended gives no event and a normal end", async () => {
    const stream = new Counter(3);
    stream.resume();
    await closing(stream);
    expect(await all(fromReadable(stream))).toEqual({ events: [] });
  });

  test("that has failed gives its error", async () => {
    const boom = new Error("boom");
    const stream = new Source();
    stream.once("error", () => undefined);
    stream.destroy(boom);
    await closing(stream);
    expect((await all(fromReadable(stream))).error).toBe(boom);
  });

  test("that fails in this very turn gives its error", async () => {
    const boom = new Error("boom");
    const stream = new Source();
    stream.destroy(boom);
    expect((await all(fromReadable(stream))).error).toBe(boom);
  });

  test("that is about to fail gives the error of its clean-up, not a premature close", async () => {
    const cleanup = new Error("disk gone");
    const stream = new Counter(3, { destroy: (_error, done) => void setImmediate(() => done(cleanup)) });
    stream.destroy();
    expect((await all(fromReadable(stream))).error).toBe(cleanup);
  });

  test("that was destroyed gives a premature close", async () => {
    const stream = new Source();
    stream.destroy();
    await closing(stream);
    expect((await all(fromReadable(stream))).error).toMatchObject({ code: "SLUICE_BAD_PARTNER" });
  });

  test("that flows is read on demand from the first demand on", async () => {
    const seen: number[] = [];
    const stream = new Source();
    stream.on("data", (event: number) => seen.push(event));
    await using stage = fromReadable<number>(stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    stream.hold(1, 2, 3, 4);
    await settle();
    expect(probe.events).toEqual([1, 2]);
    expect(seen).toEqual([1, 2]);
    await probe.ask(1);
    expect(probe.events).toEqual([1, 2, 3]);
  });

  test.each([0, 16])("that flows loses nothing of what comes after the first demand (high-water mark %i)", async (highWaterMark) => {
    const stream = new Source({ highWaterMark });
    stream.on("data", () => undefined);
    const probe = new ConsumerProbe(fromReadable<number>(stream));
    await probe.ask(1);
    stream.hold(1, 2, 3, null);
    await settle();
    await probe.ask(2);
    expect(probe.events).toEqual([1, 2, 3]);
    expect(probe.end).toEqual({ type: "normal" });
  });
});

describe("the end of the stage", () => {
  test("destroys the stream once, with the reason of the stop", async () => {
    const reason = new Error("enough");
    const stream = new Counter();
    const stage = fromReadable<number>(stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await stage.stop(reason);
    expect(stream.destroys).toEqual([reason]);
    expect(stream.errored).toBe(reason);
    expect(await stage.closed).toEqual({ type: "shutdown", reason });
  });

  test("without a reason is no error for the stream", async () => {
    const stream = new Counter();
    const errors: unknown[] = [];
    stream.on("error", (error) => errors.push(error));
    const stage = fromReadable<number>(stream);
    await stage.stop();
    expect(stream.destroys).toEqual([null]);
    expect(errors).toEqual([]);
  });

  test("survives a reason that throws when it is looked at", async () => {
    const reason = {
      get stack(): never {
        throw new Error("hands off");
      },
    };
    const stream = new Counter();
    const stage = fromReadable<number>(stream);
    await stage.stop(reason);
    expect(stream.destroyed).toBe(true);
    expect(stream.errored).toBeInstanceOf(StoppedError);
    expect(stream.errored?.cause).toBe(reason);
  });

  test("follows the last consumer: a break destroys the stream and waits until it has closed", async () => {
    const stream = new Counter(Infinity, { destroy: (error, done) => void setImmediate(() => done(error)) });
    let hasClosed = false;
    stream.on("close", () => (hasClosed = true));
    for await (const event of fromReadable<number>(stream)) if (event === 3) break;
    expect(hasClosed).toBe(true);
  });

  test("reaches the stream through a producerConsumer", async () => {
    const stream = new Counter();
    const doubled = producerConsumer({ subscribeTo: [{ to: fromReadable<number>(stream), maxDemand: 4 }], handleEvents: (events) => events.map((n) => 2 * n) });
    for await (const event of doubled) if (event === 2) break;
    expect(stream.closed).toBe(true);
    // Two were consumed, two more handled with them, four are in flight, and the stream holds 16.
    expect(stream.made).toBeLessThanOrEqual(2 + 2 + 4 + 16);
  });

  test("follows an abort, with its reason", async () => {
    const controller = new AbortController();
    const stream = new Counter();
    const stage = fromReadable<number>(stream, { signal: controller.signal });
    const reason = new Error("aborted");
    controller.abort(reason);
    await stage.closed;
    expect(stream.errored).toBe(reason);
  });

  test("is told to a stream whose read never comes, and waits for its close only", async () => {
    const stream = new Source();
    const stage = fromReadable(stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await stage.stop();
    expect(stream.destroyed).toBe(true);
    expect(probe.end).toEqual({ type: "shutdown" });
  });

  test("waits for a stream that does not close no longer than closeWithinMs, and listens until it does", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reports: Report[] = [];
    let finish!: (error?: Error) => void;
    const stream = new Counter(Infinity, { destroy: (_error, done) => void (finish = done) });
    const before = listeners(stream);
    const stage = fromReadable<number>(stream, { name: "numbers", closeWithinMs: 50, handleReport: (report) => reports.push(report) });
    const stopped = stage.stop();
    await settle();
    await vi.advanceTimersByTimeAsync(49);
    expect(reports).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", stage: "numbers", error: { code: "SLUICE_TIMEOUT" } }]);
    const late = new Error("late");
    finish(late);
    await settle();
    expect(reports.slice(1)).toEqual([{ kind: "late-failure", stage: "numbers", error: late }]);
    expect(listeners(stream)).toEqual(before);
  });

  test("does not wait for the event of a stream that emits no close", async () => {
    const stream = new Counter(Infinity, { emitClose: false });
    await fromReadable(stream).stop();
    expect(stream.destroyed).toBe(true);
  });

  test("reports a clean-up that fails", async () => {
    const cleanup = new Error("disk gone");
    const reports: Report[] = [];
    const stream = new Counter(Infinity, { destroy: (_error, done) => done(cleanup) });
    await fromReadable(stream, { name: "numbers", handleReport: (report) => reports.push(report) }).stop();
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "numbers", error: cleanup }]);
  });

  test("leaves the stream open and usable with preventCancel", async () => {
    const stream = new Counter();
    const before = listeners(stream);
    const stage = fromReadable<number>(stream, { preventCancel: true });
    for await (const event of stage) if (event === 2) break;
    expect(stream.destroyed).toBe(false);
    expect(listeners(stream)).toEqual(before);
    expect(await all(Readable.from(takeFrom(stream, 2)))).toEqual({ events: [3, 4] });
    stream.destroy();
  });

  test("leaves a Duplex that has ended normally to whoever writes to it", async () => {
    const duplex = new Duplex({ objectMode: true, read() {}, write: (_event, _encoding, done) => done() });
    const before = listeners(duplex);
    duplex.push(1);
    duplex.push(null);
    expect(await all(fromReadable(duplex))).toEqual({ events: [1] });
    expect(duplex.destroyed).toBe(false);
    expect(listeners(duplex)).toEqual(before);
    duplex.destroy();
  });

  test.each<[string, (stage: ReturnType<typeof fromReadable>, stream: Counter) => unknown]>([
    ["a normal end", (stage) => all(stage)],
    ["an error", (stage, stream) => Promise.all([all(stage), settle().then(() => stream.destroy(new Error("boom")))])],
    ["a premature close", (stage, stream) => Promise.all([all(stage), settle().then(() => stream.destroy())])],
    ["a stop", (stage) => stage.stop()],
    ["a stop with an error", (stage) => stage.stop(new Error("enough"))],
  ])("leaves no listener after %s, and has destroyed the stream once", async (how, end) => {
    const stream = how === "a normal end" ? new Counter(5) : (new Source() as unknown as Counter);
    const before = listeners(stream);
    const stage = fromReadable(stream);
    await end(stage, stream);
    await settle();
    expect(listeners(stream)).toEqual(before);
    expect(stream.destroys).toHaveLength(1);
  });

  test("leaves nothing behind after 1,000 short runs on one signal", async () => {
    const { signal } = new AbortController();
    for (let run = 0; run < 1000; run += 1) {
      const stream = new Counter(2);
      for await (const _ of fromReadable(stream, { signal }).events({ signal })) if (run % 2 === 0) break;
      expect(stream.listenerCount("error")).toBe(0);
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("reads no more for a stage that has failed for another reason and still delivers", async () => {
    const stream = new Source();
    const boom = new Error("boom");
    const stage = fromReadable<number>(stream, {
      handleInfo: () => {
        throw boom;
      },
    });
    const ann = new ConsumerProbe(stage);
    const bob = new ConsumerProbe(stage);
    await ann.ask(3);
    await ann.cancel();
    stream.hold(1, 2);
    await settle();
    expect(stage.bufferedCount).toBe(2);
    stage.info("fail");
    // The message is reached behind the buffer.
    await bob.ask(1);
    stream.hold(3);
    await bob.ask(1);
    expect(bob.events).toEqual([1, 2]);
    stream.hold(4);
    await bob.ask(1);
    expect(bob.end).toEqual({ type: "error", error: boom });
    expect(stream.destroyed).toBe(true);
  });
});

describe("options", () => {
  test.each<[string, object]>([
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["closeWithinMs", { closeWithinMs: 2 ** 31 }],
    ["preventCancel", { preventCancel: "yes" }],
    ["errors", { errors: "later" }],
    ["nullish", { nullish: "drop" }],
    ["the options of fromReadable", { handleDemand: () => [] }],
    ["the options of fromReadable", { handleStop: () => undefined }],
    ["the options of producer", { highWaterMark: 3 }],
  ])("refuses a bad %s, and leaves the stream alone", (option, options) => {
    const stream = new Source();
    const before = listeners(stream);
    expect(() => fromReadable(stream, options)).toThrow(expect.objectContaining({ option }));
    expect(listeners(stream)).toEqual(before);
  });

  test("refuses what is no Readable", () => {
    expect(() => fromReadable({} as ReadableLike)).toThrow(BadOptionError);
    expect(() => fromReadable(null as unknown as ReadableLike)).toThrow("expected the readable of fromReadable to be a Node Readable, got: null");
  });

  test("takes a stream of another library by its shape", async () => {
    const inner = new PassThrough({ objectMode: true });
    inner.write(1);
    inner.end(2);
    const foreign: ReadableLike = {
      on: (event, listener) => inner.on(event, listener),
      removeListener: (event, listener) => inner.removeListener(event, listener),
      read: () => inner.read() as unknown,
      destroy: (error) => inner.destroy(error),
    };
    expect(await all(fromReadable(foreign))).toEqual({ events: [1, 2] });
  });

  test("calls the user's handleSubscribe as well", async () => {
    const names: string[] = [];
    await using stage = fromReadable<number>(new Counter(), { handleSubscribe: (from) => void names.push(from.name) });
    const probe = new ConsumerProbe(stage, { name: "ann" });
    await probe.ask(1);
    expect(names).toEqual(["ann"]);
  });
});

async function* takeFrom(stream: Readable, count: number): AsyncGenerator {
  const iterator = stream.iterator({ destroyOnReturn: false });
  for (let taken = 0; taken < count; taken += 1) yield ((await iterator.next()) as IteratorResult<unknown>).value;
}
