import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, broadcastDispatcher, fromIterable, partitionDispatcher, producer, producerConsumer, type Producer, type PushProducer, type Report } from "sluice";
import { toReadableStream, type ToReadableStreamOptions } from "sluice/web";
import { ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { readAll } from "../support/readable-streams.ts";

afterEach(() => vi.useRealTimers());

/** The integers from 0; `demands` are the calls of its handleDemand. */
function counter(count = Infinity): { stage: Producer<number>; demands: number[] } {
  const demands: number[] = [];
  let next = 0;
  const stage = producer<number>({
    name: "counter",
    handleDemand(demand, self) {
      demands.push(demand);
      const events = range(Math.min(demand, count - next)).map((n) => n + next);
      next += events.length;
      if (next === count) self.complete();
      return events;
    },
  });
  return { stage, demands };
}

/** A stage that is driven by the test and stops when it is left. */
function driven<Event>(): PushProducer<Event> {
  return producer<Event>({ name: "driven", whenUnused: "stop" });
}

describe("demand", () => {
  test("gives the events in order, then closes", async () => {
    const { stage } = counter(5);
    expect(await readAll(toReadableStream(stage))).toEqual({ chunks: [0, 1, 2, 3, 4] });
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("asks for nothing before somebody reads", async () => {
    const { stage, demands } = counter();
    const stream = toReadableStream(stage);
    await settle();
    expect(demands).toEqual([]);
    await stream.cancel();
  });

  test("asks for one event for each read, and reads nothing ahead", async () => {
    const { stage, demands } = counter();
    const reader = toReadableStream(stage).getReader();
    expect(await reader.read()).toEqual({ done: false, value: 0 });
    await settle();
    expect(demands).toEqual([1]);
    expect(await Promise.all([reader.read(), reader.read(), reader.read()])).toMatchObject([{ value: 1 }, { value: 2 }, { value: 3 }]);
    await settle();
    expect(demands).toEqual([1, 1, 1, 1]);
    await reader.cancel();
  });

  test.each([1, 2, 16])("keeps at most a high-water mark of %i events for its reader", async (highWaterMark) => {
    const { stage, demands } = counter();
    const asked = (): number => demands.reduce((sum, demand) => sum + demand, 0);
    const reader = toReadableStream(stage, { highWaterMark }).getReader();
    await settle();
    expect(demands).toEqual([highWaterMark]);
    for (let read = 1; read <= 40; read += 1) {
      expect(await reader.read()).toEqual({ done: false, value: read - 1 });
      await settle();
      expect(asked() - read).toBeLessThanOrEqual(highWaterMark);
    }
    await reader.cancel();
  });

  test("reads ahead by the window of maxDemand, from the first read on", async () => {
    const { stage, demands } = counter();
    const reader = toReadableStream(stage, { maxDemand: 10, minDemand: 4 }).getReader();
    await settle();
    expect(demands).toEqual([]);
    await reader.read();
    await settle();
    expect(demands).toEqual([10]);
    for (let read = 2; read <= 5; read += 1) await reader.read();
    await settle();
    expect(demands).toEqual([10]);
    await reader.read();
    await settle();
    expect(demands).toEqual([10, 6]);
    expect(await reader.read()).toEqual({ done: false, value: 6 });
    await reader.cancel();
  });

  test("adds the window of maxDemand and the high-water mark up", async () => {
    const probe = new ProducerProbe<number>();
    const reader = toReadableStream(probe.producer, { maxDemand: 10, minDemand: 9, highWaterMark: 3 }).getReader();
    await settle();
    expect(probe.asks).toEqual([10]);
    await probe.emit(...range(10));
    // Three are with the stream, seven wait here.
    expect(probe.asks).toEqual([10, 3]);
    await reader.cancel();
  });

  test("gives the stream nothing that it has not pulled", async () => {
    const probe = new ProducerProbe<number>();
    const reader = toReadableStream(probe.producer, { maxDemand: 4, minDemand: 3 }).getReader();
    const read = reader.read();
    await settle();
    await probe.emit(0);
    expect(await read).toEqual({ done: false, value: 0 });
    await probe.emit(1);
    await probe.emit(2);
    expect(probe.asks).toEqual([4, 1]);
    await reader.cancel();
  });

  test("fills up by lists: when half of what the stream may hold has been read", async () => {
    const { stage, demands } = counter();
    const reader = toReadableStream(stage, { highWaterMark: 16 }).getReader();
    for (let read = 1; read <= 24; read += 1) {
      await reader.read();
      await settle();
    }
    expect(demands).toEqual([16, 8, 8, 8]);
    await reader.cancel();
  });

  test("holds what a producer sends beyond what was asked for", async () => {
    const probe = new ProducerProbe<number>();
    const stream = toReadableStream(probe.producer);
    const reader = stream.getReader();
    const read = reader.read();
    await settle();
    await probe.emit(0, 1, 2);
    await probe.complete();
    expect(await read).toEqual({ done: false, value: 0 });
    reader.releaseLock();
    expect(await readAll(stream)).toEqual({ chunks: [1, 2] });
    expect(probe.asks).toEqual([1]);
  });

  test("holds what comes unasked, and gives it on demand", async () => {
    const stage = driven<number>();
    const reader = toReadableStream(stage).getReader();
    const first = reader.read();
    await settle();
    stage.emit([1, 2, 3]);
    expect(await first).toEqual({ done: false, value: 1 });
    await settle();
    expect(stage.bufferedCount).toBe(2);
    expect(await reader.read()).toEqual({ done: false, value: 2 });
    await reader.cancel();
  });

  test("serves reads of a second reader after the first has been released in the middle of a read", async () => {
    const stage = driven<number>();
    const stream = toReadableStream(stage);
    const first = stream.getReader();
    const lost = first.read();
    lost.catch(() => undefined);
    await settle();
    first.releaseLock();
    await expect(lost).rejects.toBeInstanceOf(TypeError);
    stage.emit([1, 2]);
    await settle();
    const second = stream.getReader();
    expect(await second.read()).toEqual({ done: false, value: 1 });
    expect(await second.read()).toEqual({ done: false, value: 2 });
    await second.cancel();
  });

  test.each<ToReadableStreamOptions>([{}, { highWaterMark: 1 }, { highWaterMark: 16 }, { highWaterMark: 100_000 }, { maxDemand: 100_000 }, { maxDemand: 1, minDemand: 0 }])(
    "carries 100,000 events, and lets timers run (%j)",
    async (options) => {
      let ticks = 0;
      const timer = setInterval(() => (ticks += 1), 1);
      let sum = 0;
      for await (const event of toReadableStream(counter(100_000).stage, options)) sum += event;
      clearInterval(timer);
      expect(sum).toBe((100_000 * 99_999) / 2);
      expect(ticks).toBeGreaterThan(2);
    },
  );

  test("lets timers run while a producerConsumer has events buffered", async () => {
    const stage = producerConsumer({ subscribeTo: [{ to: counter(100).stage, maxDemand: 10 }], handleEvents: () => range(1000) });
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    let count = 0;
    for await (const _ of toReadableStream(stage)) count += 1;
    clearInterval(timer);
    expect(count % 1000).toBe(0);
    expect(ticks).toBeGreaterThan(2);
  });

  test("passes on every value, unchanged", async () => {
    const promise = Promise.reject(new Error("an event like any other"));
    promise.catch(() => undefined);
    // oxlint-disable-next-line unicorn/no-thenable
    const thenable = { then: (): never => expect.fail("was awaited") };
    const frozen = Object.freeze({ done: true });
    const values = [undefined, null, NaN, 0, "", false, frozen, frozen, [1, 2], promise, thenable, [][Symbol.iterator]()];
    const { chunks } = await readAll(toReadableStream(fromIterable<unknown>(values)));
    expect(chunks).toHaveLength(values.length);
    for (const [index, value] of values.entries()) expect(Object.is(chunks[index], value)).toBe(true);
  });

  test("gives each stream of a broadcast all events", async () => {
    let next = 0;
    const stage = producer({ dispatcher: broadcastDispatcher<number>(), handleDemand: (demand) => range(demand).map(() => next++) });
    const [first, second] = [toReadableStream(stage).getReader(), toReadableStream(stage).getReader()];
    for (let n = 0; n < 3; n += 1) expect(await Promise.all([first.read(), second.read()])).toEqual([{ done: false, value: n }, { done: false, value: n }]);
    await Promise.all([first.cancel(), second.cancel()]);
  });

  test("takes an event from the buffer of an idle producer in the call of read: nothing runs in it", async () => {
    const stage = producerConsumer({ subscribeTo: [{ to: counter().stage, maxDemand: 10 }], handleEvents: (events) => events });
    const reader = toReadableStream(stage).getReader();
    expect(await reader.read()).toEqual({ done: false, value: 0 });
    await settle();
    const buffered = stage.bufferedCount;
    expect(buffered).toBeGreaterThan(0);
    const read = reader.read();
    expect(stage.bufferedCount).toBe(buffered - 1);
    expect(await read).toEqual({ done: false, value: 1 });
    await reader.cancel();
  });

  test("lets the platform's tee follow the faster branch", async () => {
    const { stage, demands } = counter();
    const [fast, slow] = toReadableStream(stage).tee();
    const reader = fast.getReader();
    for (let read = 0; read < 5; read += 1) await reader.read();
    await settle();
    // Each branch holds one for its reader.
    expect(demands.length).toBeLessThanOrEqual(6);
    const later = slow.getReader();
    expect(await later.read()).toEqual({ done: false, value: 0 });
    // Each waits until both are cancelled.
    await Promise.all([reader.cancel(), later.cancel()]);
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
  });

  test("tells the dispatcher which partition it wants", async () => {
    const stage = producer({
      dispatcher: partitionDispatcher<number, "even" | "odd">({ partitions: ["even", "odd"], hash: (n) => (n % 2 === 0 ? "even" : "odd") }),
      whenUnused: "stop",
    });
    stage.emit([1, 2, 3, 4]);
    stage.complete();
    expect(await Promise.all([readAll(toReadableStream(stage, { partition: "even" })), readAll(toReadableStream(stage, { partition: "odd" }))])).toEqual([{ chunks: [2, 4] }, { chunks: [1, 3] }]);
  });
});

describe("lists as chunks", () => {
  test("gives lists as they come, the same ones", async () => {
    const stage = driven<number>();
    const lists = [[1, 2], [3], [4, 5, 6]];
    const reader = toReadableStream(stage, { lists: true }).getReader();
    const first = reader.read();
    await settle();
    for (const list of lists) stage.emit(list);
    stage.complete();
    const got = [await first, await reader.read(), await reader.read(), await reader.read()];
    for (const [index, list] of lists.entries()) expect(got[index]?.value).toBe(list);
    expect(got[3]).toEqual({ done: true, value: undefined });
  });

  test("asks by a window of 1,000 events", async () => {
    const { stage, demands } = counter(2500);
    const { chunks } = await readAll(toReadableStream(stage, { lists: true }));
    expect(chunks.flat()).toEqual(range(2500));
    expect(demands).toEqual([1000, 1000, 1000]);
  });

  test("counts lists against its high-water mark, and events against its window", async () => {
    const stage = driven<number>();
    const stream = toReadableStream(stage, { lists: true, highWaterMark: 2, maxDemand: 10, minDemand: 9 });
    await settle();
    for (let n = 0; n < 20; n += 1) stage.emit([n]);
    await settle();
    // Two lists in the stream are taken; ten more were asked for.
    expect(stage.bufferedCount).toBe(20 - 12);
    await stream.cancel();
  });
});

describe("the end", () => {
  test("closes without demand, when nothing waits", async () => {
    const stage = driven<number>();
    const reader = toReadableStream(stage).getReader();
    stage.complete();
    expect(await reader.closed).toBeUndefined();
  });

  test("closes behind the events that wait", async () => {
    const stage = driven<number>();
    stage.emit([1, 2, 3]);
    stage.complete();
    expect(await readAll(toReadableStream(stage, { highWaterMark: 2 }))).toEqual({ chunks: [1, 2, 3] });
  });

  test.each([new Error("boom"), undefined, null, "a string", Object.freeze({ code: 1 })])("fails the stream with the error of the producer, as it is: %s", async (error) => {
    const stage = driven<number>();
    const reader = toReadableStream(stage).getReader();
    const got = reader.read().then(
      () => "no error",
      (reason: unknown) => ({ reason }),
    );
    await settle();
    stage.fail(error);
    expect(await got).toEqual({ reason: error });
    expect(((await got) as { reason: unknown }).reason).toBe(error);
  });

  test("tells an error without demand, when nothing waits", async () => {
    const stage = driven<number>();
    const boom = new Error("boom");
    const reader = toReadableStream(stage, { highWaterMark: 2 }).getReader();
    stage.fail(boom);
    await expect(reader.closed).rejects.toBe(boom);
  });

  test.each<ToReadableStreamOptions>([{}, { highWaterMark: 1 }, { highWaterMark: 2 }, { highWaterMark: 16 }, { maxDemand: 2 }, { maxDemand: 16 }, { maxDemand: 16, highWaterMark: 2 }])(
    "tells an error behind the events that came before it (%j)",
    async (options) => {
      const stage = driven<number>();
      const boom = new Error("boom");
      const stream = toReadableStream(stage, options);
      stage.emit([1, 2, 3]);
      stage.fail(boom);
      await settle();
      expect(await readAll(stream)).toEqual({ chunks: [1, 2, 3], error: boom });
    },
  );

  test("tells an error at once with errors: immediate", async () => {
    const stage = driven<number>();
    const boom = new Error("boom");
    const stream = toReadableStream(stage, { highWaterMark: 2, maxDemand: 10, errors: "immediate" });
    await settle();
    stage.emit([1, 2, 3]);
    stage.fail(boom);
    await settle();
    expect(await readAll(stream)).toEqual({ chunks: [], error: boom });
  });

  test("shows a stop as a StoppedError whose cause is the reason", async () => {
    const stage = driven<number>();
    const reader = toReadableStream(stage).getReader();
    const reason = new Error("enough");
    await stage.stop(reason);
    const error: unknown = await reader.closed.catch((each: unknown) => each);
    expect(error).toBeInstanceOf(StoppedError);
    expect((error as StoppedError).cause).toBe(reason);
    expect((error as StoppedError).message).toContain("driven");
  });

  test("gives what a stopped producer had delivered before", async () => {
    const stage = driven<number>();
    const stream = toReadableStream(stage, { highWaterMark: 3 });
    await settle();
    stage.emit([1, 2]);
    await settle();
    await stage.stop();
    expect(await readAll(stream)).toEqual({ chunks: [1, 2], error: expect.any(StoppedError) });
  });

  test("of a producer that has ended before is the same", async () => {
    const boom = new Error("boom");
    const done = driven<number>();
    done.complete();
    await done.closed;
    expect(await readAll(toReadableStream(done))).toEqual({ chunks: [] });
    const failed = driven<number>();
    failed.fail(boom);
    await failed.closed;
    expect(await readAll(toReadableStream(failed))).toEqual({ chunks: [], error: boom });
  });

  test("receives the error of a producer, even when nobody ever reads", async () => {
    const stage = driven<number>();
    toReadableStream(stage);
    stage.fail(new Error("boom"));
    await settle();
    expect(stage.snapshot().state).toBe("ended");
  });
});

describe("cancel", () => {
  test("leaves the producer with the reason, and awaits its clean-up", async () => {
    const reasons: unknown[] = [];
    let isReleased = false;
    const reason = new Error("enough");
    const stage = producer<number>({
      handleDemand: (demand) => range(demand),
      async handleStop(why) {
        reasons.push(why);
        await settle();
        isReleased = true;
      },
    });
    const reader = toReadableStream(stage).getReader();
    await reader.read();
    await reader.cancel(reason);
    expect(reasons).toEqual([{ type: "shutdown", reason }]);
    expect(isReleased).toBe(true);
  });

  test("before the first read is a consumer that came and left", async () => {
    const { stage, demands } = counter();
    await toReadableStream(stage, { highWaterMark: 5 }).cancel();
    expect(stage.snapshot().state).toBe("ended");
    expect(demands).toEqual([]);
    expect(await stage.closed).toEqual({ type: "shutdown" });
  });

  test("unwinds a chain up to its source", async () => {
    const returned: unknown[] = [];
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false as const, value: 1 }),
        return(reason: unknown) {
          returned.push(reason);
          return Promise.resolve({ done: true as const, value: undefined });
        },
      }),
    };
    const stage = producerConsumer({ subscribeTo: [fromIterable(source)], handleEvents: (events) => events });
    for await (const _ of toReadableStream(stage)) break;
    expect(returned).toEqual([undefined]);
  });

  test("leaves a producer alone that others use", async () => {
    const { stage } = counter();
    const kept = toReadableStream(stage).getReader();
    await toReadableStream(stage).cancel();
    expect(await kept.read()).toEqual({ done: false, value: 0 });
    await kept.cancel();
  });

  test("rejects with the failure of the clean-up", async () => {
    const cleanup = new Error("disk gone");
    const stage = producer<number>({ handleDemand: (demand) => range(demand), handleStop: () => Promise.reject(cleanup), handleReport: () => undefined });
    await expect(toReadableStream(stage).cancel()).rejects.toBe(cleanup);
  });

  test("waits for the clean-up no longer than closeWithinMs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const stage = producer<number>({ handleDemand: (demand) => range(demand), handleStop: () => new Promise(() => undefined), handleReport: () => undefined });
    let isCancelled = false;
    const cancelled = toReadableStream(stage, { closeWithinMs: 50 })
      .cancel()
      .then(() => (isCancelled = true));
    await settle();
    await vi.advanceTimersByTimeAsync(49);
    expect(isCancelled).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await cancelled;
    await vi.advanceTimersByTimeAsync(5000);
  });

  test("settles reads in flight and is not held up by a source that is stuck", async () => {
    const stuck = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined), return: () => new Promise<never>(() => undefined) }) };
    const reader = toReadableStream(fromIterable<number>(stuck)).getReader();
    const reads = [reader.read(), reader.read()];
    await settle();
    await reader.cancel();
    expect(await Promise.all(reads)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
  });

  test("after the end of the producer has nothing to cancel", async () => {
    const stage = driven<number>();
    stage.emit([1, 2, 3]);
    stage.complete();
    const reader = toReadableStream(stage, { maxDemand: 10 }).getReader();
    expect(await reader.read()).toEqual({ done: false, value: 1 });
    await stage.closed;
    await reader.cancel();
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  test("after the end of the producer says nothing on its wire, at the end of what waits neither", async () => {
    const probe = new ProducerProbe<number>();
    const reader = toReadableStream(probe.producer, { maxDemand: 10 }).getReader();
    const read = reader.read();
    await settle();
    await probe.emit(1, 2, 3);
    await read;
    await probe.complete();
    await reader.cancel();
    await settle();
    expect(probe.cancels).toEqual([]);
  });

  test("is told to the producer once, with the reason", async () => {
    const probe = new ProducerProbe<number>();
    const reader = toReadableStream(probe.producer).getReader();
    await Promise.all([reader.cancel("enough"), reader.cancel("more")]);
    await settle();
    expect(probe.cancels).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "shutdown", reason: "enough" } }]);
  });

  test("and what comes at the same time: nothing is enqueued any more", async () => {
    const stage = driven<number>();
    const reader = toReadableStream(stage).getReader();
    const read = reader.read();
    await settle();
    stage.emit([1]);
    await reader.cancel();
    expect(await read).toEqual({ done: true, value: undefined });
  });

  test("leaves nothing behind after 1,000 short runs on one signal", async () => {
    const { signal } = new AbortController();
    for (let run = 0; run < 1000; run += 1) {
      let next = 0;
      const stage = producer<number>({ signal, handleDemand: (demand) => range(demand).map(() => next++) });
      for await (const event of toReadableStream(stage)) if (event === run % 3) break;
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("options", () => {
  test.each<[string, object]>([
    ["highWaterMark", { highWaterMark: -1 }],
    ["highWaterMark", { highWaterMark: Infinity }],
    ["highWaterMark", { highWaterMark: 1.5 }],
    ["maxDemand", { maxDemand: 0 }],
    ["minDemand", { maxDemand: 10, minDemand: 10 }],
    ["minDemand", { minDemand: 10 }],
    ["lists", { lists: "yes" }],
    ["type", { type: "owning" }],
    ["type", { type: "bytes", lists: true }],
    ["autoAllocateChunkSize", { type: "bytes", autoAllocateChunkSize: 0 }],
    ["autoAllocateChunkSize", { autoAllocateChunkSize: 10 }],
    ["errors", { errors: "later" }],
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["the options of toReadableStream", { size: () => 1 }],
    ["the options of toReadableStream", { partition: 1 }],
    ["the options of toReadableStream", { onCrash: "redeliver" }],
  ])("refuses a bad %s, and does not subscribe", async (option, options) => {
    const stage = driven<number>();
    let count = 0;
    const watched = { [Symbol.for("sluice.outlet")]: new Proxy(Reflect.get(stage, Symbol.for("sluice.outlet")) as object, { get: (target, key) => (key === "connect" ? () => (count += 1) : Reflect.get(target, key)) }) };
    expect(() => toReadableStream(watched as never, options as ToReadableStreamOptions)).toThrow(expect.objectContaining({ option }));
    expect(count).toBe(0);
    await stage.stop();
  });

  test("refuses what is no producer", () => {
    expect(() => toReadableStream([1, 2] as never)).toThrow(BadOptionError);
    expect(() => toReadableStream(null as never)).toThrow("expected the producer of toReadableStream to be a producer or a producerConsumer, got: null");
  });

  test("uses the ReadableStream of the runtime at the time of the call", async () => {
    const native = globalThis.ReadableStream;
    class Patched extends native<number> {}
    globalThis.ReadableStream = Patched as typeof native;
    try {
      const stream = toReadableStream(counter(1).stage);
      expect(stream).toBeInstanceOf(Patched);
      await stream.cancel();
    } finally {
      globalThis.ReadableStream = native;
    }
  });
});

describe("reports", () => {
  test("says nothing in the usual course of things", async () => {
    const reports: Report[] = [];
    const stage = producer<number>({ handleDemand: (demand) => range(demand), handleReport: (report) => reports.push(report) });
    for await (const event of toReadableStream(stage, { maxDemand: 3 })) if (event === 2) break;
    expect(reports).toEqual([]);
  });
});
