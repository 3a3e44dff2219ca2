import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, consumer, pipeline, producerConsumer, type ExitReason, type Report } from "sluice";
import { fromReadableStream, toReadableStream, type ReadableStreamLike } from "sluice/web";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { CountingStream, HeldStream, readAll } from "../support/readable-streams.ts";

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
  test("gives the chunks of a stream in order, then ends normally", async () => {
    const stage = fromReadableStream(new CountingStream(5).stream);
    expect(await all(stage)).toEqual({ events: [0, 1, 2, 3, 4] });
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("neither locks nor reads the stream before the first demand", async () => {
    const counting = new CountingStream();
    await using stage = fromReadableStream(counting.stream);
    const probe = new ConsumerProbe(stage);
    await settle();
    expect(counting.stream.locked).toBe(false);
    expect(counting.made).toBe(0);
    await probe.ask(1);
    expect(probe.events).toEqual([0]);
    expect(counting.stream.locked).toBe(true);
  });

  test.each([0, 1, 16])("reads what was demanded, and never more (high-water mark %i)", async (highWaterMark) => {
    const counting = new CountingStream(Infinity, { highWaterMark });
    await using stage = fromReadableStream(counting.stream);
    const probe = new ConsumerProbe(stage);
    for (const demand of [3, 1, 4]) {
      const before = probe.events.length;
      await probe.ask(demand);
      expect(probe.events).toEqual(range(before + demand));
      expect(counting.made).toBe(before + demand + highWaterMark);
    }
    expect(stage.bufferedCount).toBe(0);
  });

  test("has as many reads in flight as events are demanded, and takes them in order", async () => {
    const held = new HeldStream<number>();
    await using stage = fromReadableStream(held.stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(4);
    held.hold(1, 2, 3);
    await settle();
    expect(probe.batches).toEqual([[1, 2, 3]]);
    held.hold(4, 5);
    await settle();
    expect(probe.batches).toEqual([[1, 2, 3], [4]]);
    await probe.ask(1);
    expect(probe.events).toEqual([1, 2, 3, 4, 5]);
  });

  test("brings a demand that is greater than one round of reads round by round", async () => {
    await using stage = fromReadableStream(new CountingStream().stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(3000);
    expect(probe.events).toEqual(range(3000));
  });

  test("passes on what comes in one turn in lists, though it comes one by one", async () => {
    await using stage = fromReadableStream(new CountingStream().stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(1000);
    expect(probe.events).toHaveLength(1000);
    expect(probe.batches.length).toBeLessThan(200);
  });

  test("passes on lone events before the event loop turns, however many more are demanded", async () => {
    const held = new HeldStream<number>();
    await using stage = fromReadableStream(held.stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(100);
    for (let count = 1; count <= 10; count += 1) {
      held.hold(count);
      for (let microtasks = 0; microtasks < 20; microtasks += 1) await Promise.resolve();
      expect(probe.events).toEqual(range(count).map((n) => n + 1));
      await settle();
    }
  });

  test("passes on many events of one turn at the end of the turn, though more are demanded", async () => {
    const held = new HeldStream<number>();
    await using stage = fromReadableStream(held.stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(100);
    for (let count = 0; count < 20; count += 1) {
      held.hold(count);
      for (let microtasks = 0; microtasks < 20; microtasks += 1) await Promise.resolve();
    }
    await settle();
    expect(probe.events).toEqual(range(20));
  });

  test("makes a loop that reads one by one wait for no turn of the event loop", async () => {
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    for await (const event of fromReadableStream(new CountingStream().stream)) if (event === 1000) break;
    isOver = true;
    // But for the slices of the run queue.
    expect(turns).toBeLessThan(500);
  });

  test("reads no more for a stage that has failed for another reason and still delivers", async () => {
    const held = new HeldStream<number>();
    const boom = new Error("boom");
    const stage = fromReadableStream(held.stream, {
      handleInfo: () => {
        throw boom;
      },
    });
    const ann = new ConsumerProbe(stage);
    const bob = new ConsumerProbe(stage);
    await ann.ask(4);
    await ann.cancel();
    held.hold(1, 2);
    await settle();
    expect(stage.bufferedCount).toBe(2);
    stage.info("fail");
    // The message is reached behind the first of them.
    await bob.ask(1);
    held.hold(3, 4);
    await bob.ask(3);
    expect(bob.events).toEqual([1, 2]);
    expect(bob.end).toEqual({ type: "error", error: boom });
    expect(held.cancels).toEqual([boom]);
  });

  test("keeps a fast stream within its high-water mark and the demand of a slow consumer", async () => {
    const counting = new CountingStream(2000, { highWaterMark: 16 });
    let handled = 0;
    let greatest = 0;
    await pipeline(
      fromReadableStream(counting.stream),
      consumer<number>({
        maxDemand: 10,
        minDemand: 5,
        async handleEvents(events) {
          greatest = Math.max(greatest, counting.made - handled);
          await Promise.resolve();
          handled += events.length;
        },
      }),
    );
    expect(handled).toBe(2000);
    expect(greatest).toBeLessThanOrEqual(10 + 16);
  });

  test("lets timers run while a stream always has more", async () => {
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    let count = 0;
    for await (const batch of fromReadableStream(new CountingStream(200_000, { highWaterMark: 1000 }).stream).batches({ maxDemand: 200_000, minDemand: 0 })) count += batch.length;
    clearInterval(timer);
    expect(count).toBe(200_000);
    expect(ticks).toBeGreaterThan(2);
  });

  test("passes on every value, unchanged", async () => {
    const promise = Promise.reject(new Error("an event like any other"));
    promise.catch(() => undefined);
    // oxlint-disable-next-line unicorn/no-thenable
    const thenable = { then: (): never => expect.fail("was awaited") };
    const frozen = Object.freeze({ done: true });
    const values = [undefined, null, NaN, 0, "", false, frozen, frozen, [1, 2], promise, thenable, [][Symbol.iterator]()];
    const got: unknown[] = [];
    for await (const batch of fromReadableStream(new HeldStream(20).hold(...values).close().stream).batches()) got.push(...batch);
    expect(got).toHaveLength(values.length);
    for (const [index, value] of values.entries()) expect(Object.is(got[index], value)).toBe(true);
  });
});

describe("a chain of streams and stages", () => {
  test.each([0, 1, 16])("carries all events, and reads no more ahead than the sum of its parts (high-water mark %i)", async (highWaterMark) => {
    const counting = new CountingStream(500, { highWaterMark });
    const out = toReadableStream(fromReadableStream(toReadableStream(fromReadableStream(counting.stream), { highWaterMark })), { highWaterMark });
    const reader = out.getReader();
    for (let read = 1; read <= 500; read += 1) {
      expect(await reader.read()).toEqual({ done: false, value: read - 1 });
      expect(counting.made - read).toBeLessThanOrEqual(3 * highWaterMark);
    }
    expect(await reader.read()).toEqual({ done: true, value: undefined });
  });

  test("passes a cancel on to the first of them, with its reason", async () => {
    const counting = new CountingStream();
    const out = toReadableStream(fromReadableStream(toReadableStream(fromReadableStream(counting.stream))));
    const reader = out.getReader();
    await reader.read();
    await reader.cancel("enough");
    expect(counting.cancels).toEqual(["enough"]);
    expect(counting.stream.locked).toBe(false);
  });

  test("is piped by the platform, which cancels it with the error of the target", async () => {
    const boom = new Error("boom");
    const counting = new CountingStream();
    const target = new WritableStream<number>({
      write(chunk) {
        if (chunk === 2) throw boom;
      },
    });
    await expect(toReadableStream(fromReadableStream(counting.stream)).pipeTo(target)).rejects.toBe(boom);
    expect(counting.cancels).toEqual([boom]);
  });
});

describe("lists as chunks", () => {
  test("reads a chunk for many events, and only while events are missing", async () => {
    const held = new HeldStream<readonly number[]>(5).hold([1, 2, 3], [], [4, 5], [6]);
    await using stage = fromReadableStream(held.stream, { lists: true });
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    await probe.ask(1);
    await probe.ask(1);
    expect(probe.batches).toEqual([[1, 2], [3], [4]]);
    // One more chunk than the events asked for needed would be gone from the stream.
    await probe.ask(2);
    expect(probe.batches).toEqual([[1, 2], [3], [4], [5], [6]]);
  });

  test("hands a list on uncopied when all of it was demanded", async () => {
    const list = [1, 2, 3];
    await using stage = fromReadableStream(new HeldStream<readonly number[]>(1).hold(list).stream, { lists: true });
    const probe = new ConsumerProbe(stage);
    await probe.ask(5);
    expect(probe.batches[0]).toBe(list);
  });

  test.each([
    ["closes", undefined],
    ["fails", new Error("boom")],
  ])("tells the rest of a chunk before it %s", async (_, error) => {
    const held = new HeldStream<readonly number[]>(1).hold([1, 2, 3]);
    const probe = new ConsumerProbe(fromReadableStream(held.stream, { lists: true }));
    await probe.ask(1);
    if (error === undefined) held.close();
    else held.fail(error);
    await settle();
    expect(probe.end).toBeUndefined();
    await probe.ask(2);
    expect(probe.events).toEqual([1, 2, 3]);
    expect(probe.end).toEqual(error === undefined ? { type: "normal" } : { type: "error", error });
  });

  test("fails at a chunk that is none, and cancels the stream with that error", async () => {
    const held = new HeldStream(2).hold([1], 2);
    const stage = fromReadableStream(held.stream as ReadableStream<readonly number[]>, { lists: true });
    const { events, error } = await all(stage);
    await stage.closed;
    expect(events).toEqual([1]);
    expect(error).toMatchObject({ code: "SLUICE_BAD_PARTNER" });
    expect(held.cancels).toEqual([error]);
    expect(held.stream.locked).toBe(false);
  });

  test("lets timers run while a stream always has more", async () => {
    const stream = new ReadableStream<readonly number[]>({ pull: (controller) => controller.enqueue([1, 2, 3]) }, { highWaterMark: 0 });
    await using stage = fromReadableStream(stream, { lists: true });
    let isOver = false;
    setTimeout(() => (isOver = true), 1);
    for await (const _ of stage.batches({ maxDemand: 10_000_000, minDemand: 0 })) if (isOver) break;
    expect(isOver).toBe(true);
  });
});

describe("the end of the stream", () => {
  test.each([0, 1, 499, 500, 501, 999, 1000, 1001, 2000])("gives all of %i events and one end", async (count) => {
    const events: number[] = [];
    const ends: ExitReason[] = [];
    const counting = new CountingStream(count);
    const sink = consumer({
      subscribeTo: [fromReadableStream(counting.stream)],
      handleEvents: (batch) => void events.push(...batch),
      handleStop: (reason) => void ends.push(reason),
    });
    await sink.closed;
    expect(events).toEqual(range(count));
    expect(ends).toEqual([{ type: "normal" }]);
    expect(counting.cancels).toEqual([]);
    expect(counting.stream.locked).toBe(false);
  });

  test("is told without demand, when it comes behind the last event", async () => {
    const held = new HeldStream<number>(3).hold(1, 2);
    const probe = new ConsumerProbe(fromReadableStream(held.stream));
    await probe.ask(2);
    expect(probe.end).toBeUndefined();
    held.close();
    await settle();
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("is not told before the events that were read with it", async () => {
    const held = new HeldStream<number>(3).hold(1, 2).close();
    const probe = new ConsumerProbe(fromReadableStream(held.stream));
    await probe.ask(2);
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toEqual({ type: "normal" });
  });
});

describe("an error of the stream", () => {
  test.each([[new Error("boom")], [undefined], [null], ["a string"], [Object.freeze({ code: 1 })]])("reaches a consumer that waits, as it is: %s", async (reason) => {
    const held = new HeldStream();
    const got = all(fromReadableStream(held.stream));
    await settle();
    held.fail(reason);
    const result = await got;
    expect(result).toHaveProperty("error");
    expect(result.error).toBe(reason);
    expect(held.cancels).toEqual([]);
    expect(held.stream.locked).toBe(false);
  });

  test("survives a reason that throws when it is looked at", async () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error("hands off");
        },
      },
    );
    const held = new HeldStream();
    const got = all(fromReadableStream(held.stream));
    await settle();
    held.fail(hostile);
    expect((await got).error === hostile).toBe(true);
  });

  test("comes after the events that were read before it", async () => {
    const boom = new Error("boom");
    const held = new HeldStream<number>();
    const probe = new ConsumerProbe(fromReadableStream(held.stream));
    await probe.ask(5);
    held.hold(1, 2).fail(boom);
    await settle();
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("is told without demand, once the stream is ours", async () => {
    const boom = new Error("boom");
    const held = new HeldStream<number>(1).hold(1);
    const probe = new ConsumerProbe(fromReadableStream(held.stream));
    await probe.ask(1);
    held.fail(boom);
    await settle();
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("that pull() throws is an error like any other", async () => {
    const boom = new Error("boom");
    let pulls = 0;
    const stream = new ReadableStream<number>(
      {
        pull(controller) {
          pulls += 1;
          if (pulls > 2) throw boom;
          controller.enqueue(pulls);
        },
      },
      { highWaterMark: 0 },
    );
    expect(await all(fromReadableStream(stream).events({ maxDemand: 5 }))).toEqual({ events: [1, 2], error: boom });
  });

  test("that read() throws is an error like any other", async () => {
    const boom = new Error("boom");
    const stream = foreign({
      read: () => {
        throw boom;
      },
    });
    expect(await all(fromReadableStream(stream))).toEqual({ events: [], error: boom });
    expect(await all(fromReadableStream(stream as ReadableStreamLike<never>, { lists: true }))).toEqual({ events: [], error: boom });
  });
});

describe("a stream that has lived before", () => {
  test("that is locked is refused", () => {
    const { stream } = new HeldStream();
    const reader = stream.getReader();
    expect(() => fromReadableStream(stream)).toThrow("expected the stream of fromReadableStream to be unlocked");
    reader.releaseLock();
    expect(() => fromReadableStream(stream)).not.toThrow();
  });

  test("that is locked before the first demand fails the stage with the platform's error, and stays whose it is", async () => {
    const held = new HeldStream();
    const stage = fromReadableStream(held.stream);
    held.stream.getReader();
    expect((await all(stage)).error).toBeInstanceOf(TypeError);
    expect(held.cancels).toEqual([]);
    expect(held.stream.locked).toBe(true);
  });

  test("that gives no reader is not touched any more", async () => {
    const refusal = new TypeError("no reader");
    const cancels: unknown[] = [];
    const stream = {
      ...foreign({ read: () => expect.fail("was read") }),
      cancel: (reason: unknown) => Promise.resolve(cancels.push(reason)),
      getReader: () => {
        throw refusal;
      },
    };
    expect(await all(fromReadableStream<number>(stream))).toEqual({ events: [], error: refusal });
    expect(cancels).toEqual([]);
  });

  test("that is locked by somebody else when the stage is stopped stays whose it is", async () => {
    const held = new HeldStream();
    const reports: Report[] = [];
    const stage = fromReadableStream(held.stream, { handleReport: (report) => reports.push(report) });
    held.stream.getReader();
    await stage.stop();
    expect(held.cancels).toEqual([]);
    expect(reports).toEqual([]);
  });

  test("that is disturbed goes on where it is", async () => {
    const counting = new CountingStream(4);
    const reader = counting.stream.getReader();
    await reader.read();
    reader.releaseLock();
    expect(await all(fromReadableStream(counting.stream))).toEqual({ events: [1, 2, 3] });
  });

  test("that has closed gives no event and a normal end", async () => {
    expect(await all(fromReadableStream(new HeldStream().close().stream))).toEqual({ events: [] });
  });

  test("that has failed gives its error", async () => {
    const boom = new Error("boom");
    expect(await all(fromReadableStream(new HeldStream().fail(boom).stream))).toEqual({ events: [], error: boom });
  });
});

describe("the end of the stage", () => {
  test("cancels the stream once, with the reason of the stop, and releases the lock", async () => {
    const reason = new Error("enough");
    const counting = new CountingStream();
    const stage = fromReadableStream(counting.stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await stage.stop(reason);
    expect(counting.cancels).toEqual([reason]);
    expect(counting.stream.locked).toBe(false);
    expect(await stage.closed).toEqual({ type: "shutdown", reason });
  });

  test("cancels a stream that was never read", async () => {
    const counting = new CountingStream();
    await fromReadableStream(counting.stream).stop();
    expect(counting.cancels).toEqual([undefined]);
    expect(counting.made).toBe(0);
    expect(counting.stream.locked).toBe(false);
  });

  test("follows the last consumer: a break cancels the stream and waits for that", async () => {
    let isCancelled = false;
    const counting = new CountingStream(Infinity, {
      cancel: async () => {
        await settle();
        isCancelled = true;
      },
    });
    for await (const event of fromReadableStream(counting.stream)) if (event === 3) break;
    expect(isCancelled).toBe(true);
    expect(counting.made).toBe(4);
  });

  test("reaches the stream through a producerConsumer", async () => {
    const counting = new CountingStream();
    const doubled = producerConsumer({ subscribeTo: [{ to: fromReadableStream(counting.stream), maxDemand: 4 }], handleEvents: (events) => events.map((n) => 2 * n) });
    for await (const event of doubled) if (event === 2) break;
    expect(counting.cancels).toHaveLength(1);
    expect(counting.made).toBeLessThanOrEqual(2 + 2 + 4);
  });

  test("follows an abort, with its reason", async () => {
    const controller = new AbortController();
    const counting = new CountingStream();
    const stage = fromReadableStream(counting.stream, { signal: controller.signal });
    const reason = new Error("aborted");
    controller.abort(reason);
    await stage.closed;
    expect(counting.cancels).toEqual([reason]);
  });

  test("is told to a stream whose read never comes", async () => {
    const held = new HeldStream();
    const stage = fromReadableStream(held.stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(3);
    await stage.stop();
    expect(held.cancels).toEqual([undefined]);
    expect(held.stream.locked).toBe(false);
    expect(probe.end).toEqual({ type: "shutdown" });
  });

  test("waits for a stream that is not cancelled no longer than closeWithinMs, and reports what comes later", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reports: Report[] = [];
    let fail!: (error: Error) => void;
    const counting = new CountingStream(Infinity, { cancel: () => new Promise((_, reject) => (fail = reject)) });
    const stage = fromReadableStream(counting.stream, { name: "numbers", closeWithinMs: 50, handleReport: (report) => reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    const stopped = stage.stop();
    await settle();
    await vi.advanceTimersByTimeAsync(49);
    expect(reports).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", stage: "numbers", error: { code: "SLUICE_TIMEOUT" } }]);
    expect(counting.stream.locked).toBe(false);
    const late = new Error("late");
    fail(late);
    await settle();
    expect(reports.slice(1)).toEqual([{ kind: "late-failure", stage: "numbers", error: late }]);
  });

  test("gives a loop the error of a clean-up that fails", async () => {
    const cleanup = new Error("disk gone");
    const counting = new CountingStream(Infinity, { cancel: () => Promise.reject(cleanup) });
    const loop = async (): Promise<void> => {
      for await (const _ of fromReadableStream(counting.stream)) break;
    };
    await expect(loop()).rejects.toBe(cleanup);
    expect(counting.stream.locked).toBe(false);
  });

  test("reports a clean-up that fails behind another error, and gives that error", async () => {
    const cleanup = new Error("disk gone");
    const boom = new Error("boom");
    const reports: Report[] = [];
    const counting = new CountingStream(Infinity, { cancel: () => Promise.reject(cleanup) });
    const stage = fromReadableStream(counting.stream, {
      name: "numbers",
      handleReport: (report) => reports.push(report),
      handleInfo: () => {
        throw boom;
      },
    });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    stage.info("fail");
    await settle();
    expect(probe.end).toEqual({ type: "error", error: boom });
    expect(counting.cancels).toEqual([boom]);
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "numbers", error: cleanup }]);
  });

  test("leaves nothing behind after 1,000 short runs on one signal", async () => {
    const { signal } = new AbortController();
    for (let run = 0; run < 1000; run += 1) {
      const { stream } = new CountingStream(2);
      for await (const _ of fromReadableStream(stream, { signal }).events({ signal })) if (run % 2 === 0) break;
      expect(stream.locked).toBe(false);
    }
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("preventCancel", () => {
  test("leaves the stream usable after a break", async () => {
    const counting = new CountingStream(6);
    for await (const event of fromReadableStream(counting.stream, { preventCancel: true })) if (event === 2) break;
    expect(counting.cancels).toEqual([]);
    expect(await readAll(counting.stream)).toEqual({ chunks: [3, 4, 5] });
  });

  test("leaves a stream alone that was never read", async () => {
    const counting = new CountingStream(2);
    await fromReadableStream(counting.stream, { preventCancel: true }).stop();
    expect(await readAll(counting.stream)).toEqual({ chunks: [0, 1] });
  });

  test("leaves the chunks in the stream that reads in flight would have brought, and waits for nothing", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const held = new HeldStream<number>();
    const reports: Report[] = [];
    const stage = fromReadableStream(held.stream, { preventCancel: true, handleReport: (report) => reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(3);
    await stage.stop();
    held.hold(1, 2).close();
    expect(await readAll(held.stream)).toEqual({ chunks: [1, 2] });
    expect(reports).toEqual([]);
  });

  test("reports chunks that had come, and will be missed by whoever reads on", async () => {
    const held = new HeldStream<number>();
    const reports: Report[] = [];
    const stage = fromReadableStream(held.stream, { name: "numbers", preventCancel: true, handleReport: (report) => reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(5);
    const stopped = stage.stop();
    held.hold(1, 2);
    await stopped;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", stage: "numbers", error: { code: "SLUICE_ENDED", message: expect.stringContaining("2 events") } }]);
  });

  test("reports a chunk that had come and is no list", async () => {
    const held = new HeldStream();
    const reports: Report[] = [];
    const stage = fromReadableStream(held.stream as ReadableStream<readonly number[]>, { preventCancel: true, lists: true, handleReport: (report) => reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    const stopped = stage.stop();
    held.hold(1);
    await stopped;
    expect(reports).toMatchObject([{ kind: "late-failure", error: { code: "SLUICE_BAD_PARTNER" } }]);
  });

  test("reports the rest of a list that nobody asked for", async () => {
    const held = new HeldStream<readonly number[]>(1).hold([1, 2, 3, 4]);
    const reports: Report[] = [];
    const stage = fromReadableStream(held.stream, { preventCancel: true, lists: true, handleReport: (report) => reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(3);
    await stage.stop();
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { message: expect.stringContaining("1 event had") } }]);
    expect(held.stream.locked).toBe(false);
  });
});

describe("options", () => {
  test.each<[string, object]>([
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["closeWithinMs", { closeWithinMs: 2 ** 31 }],
    ["preventCancel", { preventCancel: "yes" }],
    ["lists", { lists: 1 }],
    ["chunkSize", { bytes: {} }],
    ["chunkSize", { bytes: { chunkSize: 0 } }],
    ["min", { bytes: { chunkSize: 4, min: 5 } }],
    ["the options of bytes", { bytes: { chunkSize: 4, max: 5 } }],
    ["bytes", { bytes: { chunkSize: 4 }, lists: true }],
    ["the stream of bytes", { bytes: { chunkSize: 4 } }],
    ["the options of fromReadableStream", { handleDemand: () => [] }],
    ["the options of fromReadableStream", { handleStop: () => undefined }],
    ["the options of producer", { highWaterMark: 3 }],
  ])("refuses a bad %s, and leaves the stream alone", (option, options) => {
    const { stream, made } = new CountingStream();
    expect(() => fromReadableStream(stream, options)).toThrow(expect.objectContaining({ option }));
    expect(stream.locked).toBe(false);
    expect(made).toBe(0);
  });

  test("refuses what is no ReadableStream", () => {
    expect(() => fromReadableStream({} as ReadableStream)).toThrow(BadOptionError);
    expect(() => fromReadableStream(null as unknown as ReadableStream)).toThrow("expected the stream of fromReadableStream to be a ReadableStream, got: null");
  });

  test("takes a stream of another library by its shape", async () => {
    let next = 0;
    const stream = foreign({ read: () => Promise.resolve(next < 3 ? { done: false, value: next++ } : { done: true }) });
    expect(await all(fromReadableStream(stream))).toEqual({ events: [0, 1, 2] });
  });
});

/** A stream that has the shape, and nothing else. */
function foreign(reader: { read(): Promise<{ done: boolean; value?: number }> }): ReadableStreamLike<number> {
  return { locked: false, cancel: () => Promise.resolve(), getReader: () => ({ cancel: () => Promise.resolve(), releaseLock: () => undefined, ...reader }) };
}
