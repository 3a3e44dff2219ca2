import { getEventListeners } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, fromIterable, pipeline, producer, type Consumer, type Report } from "sluice";
import { intoWritableStream, type IntoWritableStreamOptions, type WritableStreamLike } from "sluice/web";
import { ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { WebSink, stateOf } from "../support/web-streams.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");

/** A consumer that writes into a stream, and the producer that a test drives it by. */
function writing(stream: WritableStreamLike, options: IntoWritableStreamOptions<unknown> & { readonly lists?: false } = {}): { probe: ProducerProbe<unknown>; stage: Consumer<unknown> } {
  const probe = new ProducerProbe<unknown>();
  return { probe, stage: intoWritableStream(stream, { subscribeTo: [probe.producer], ...options }) };
}

describe("writing", () => {
  test.each([0, 1, 16])("writes all events in order with a high-water mark of %i, and closes the stream", async (highWaterMark) => {
    const sink = new WebSink<number>({ highWaterMark });
    await pipeline(fromIterable(range(1000)), intoWritableStream<number>(sink.stream));
    expect(sink.written).toEqual(range(1000));
    expect(sink.closes).toBe(1);
    expect(sink.stream.locked).toBe(false);
    expect(await stateOf(sink.stream)).toBe("closed");
  });

  test("carries 100,000 events and lets timers fire", async () => {
    const sink = new WebSink<number>({ highWaterMark: 1000 });
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 0);
    await pipeline(fromIterable(range(100_000)), intoWritableStream<number>(sink.stream, { maxDemand: 1000 }));
    clearInterval(timer);
    expect(sink.written).toHaveLength(100_000);
    expect(ticks).toBeGreaterThan(0);
  });

  test("writes a list as far as the stream wants it, without waiting for each write", async () => {
    const sink = new WebSink({ highWaterMark: 3, manual: true });
    let writes = 0;
    const { probe } = writing(watched(sink.stream, () => (writes += 1)));
    await settle();
    await probe.emit(1, 2, 3, 4, 5);
    expect(writes).toBe(3);
    expect(sink.written).toEqual([1]);
    sink.answer();
    await settle();
    expect(writes).toBe(4);
    expect(sink.written).toEqual([1, 2]);
  });

  test.each([1, 3])("never lets a stream hold more than its high-water mark of %i", async (highWaterMark) => {
    const sizes: number[] = [];
    const sink = new WebSink({ highWaterMark });
    await pipeline(fromIterable(range(100)), intoWritableStream(watched(sink.stream, (writer) => sizes.push(writer.desiredSize ?? 0))));
    expect(Math.min(...sizes)).toBe(0);
    expect(sizes).toHaveLength(100);
  });

  test("writes one event at a time into a stream with a high-water mark of 0", async () => {
    const sink = new WebSink({ highWaterMark: 0, manual: true });
    let writes = 0;
    const { probe } = writing(watched(sink.stream, () => (writes += 1)));
    await settle();
    await probe.emit(1, 2, 3);
    expect(writes).toBe(1);
    sink.answer();
    await settle();
    expect(writes).toBe(2);
  });

  test("measures with the size of the stream", async () => {
    const sink = new WebSink<string>({ highWaterMark: 10, size: (text) => text.length, manual: true });
    let writes = 0;
    const { probe } = writing(watched(sink.stream as WritableStream, () => (writes += 1)));
    await settle();
    await probe.emit("12345", "1234567", "1", "2");
    expect(writes).toBe(2);
    sink.answer();
    await settle();
    expect(writes).toBe(4);
  });

  test("writes each list as one chunk with lists", async () => {
    const sink = new WebSink<readonly number[]>();
    await pipeline(fromIterable(range(1200)), intoWritableStream<number>(sink.stream, { lists: true }));
    expect(sink.written.map(({ length }) => length)).toEqual([500, 500, 200]);
    expect(sink.written.flat()).toEqual(range(1200));
  });

  test("passes every value on, unchanged", async () => {
    const frozen = Object.freeze({ done: true });
    const rejected = Promise.reject(boom);
    rejected.catch(() => undefined);
    const values = [undefined, null, Number.NaN, 0, "", false, frozen, frozen, [1, 2], Promise.resolve(1), rejected, [][Symbol.iterator]()];
    const sink = new WebSink();
    await pipeline(fromIterable<unknown>(values), intoWritableStream(sink.stream));
    expect(sink.written).toHaveLength(values.length);
    for (const [index, value] of values.entries()) expect(sink.written[index]).toBe(value);
  });

  test("takes a lock that the stream is free of at the first subscription", async () => {
    const sink = new WebSink();
    const stage = intoWritableStream(sink.stream);
    await settle();
    expect(sink.stream.locked).toBe(false);
    const probe = new ProducerProbe<unknown>();
    stage.subscribe(probe.producer);
    await settle();
    expect(sink.stream.locked).toBe(true);
    await stage.stop();
  });

  test("takes events of several producers, and ends when all have ended", async () => {
    const sink = new WebSink<number>();
    await intoWritableStream<number>(sink.stream, { subscribeTo: [fromIterable([1, 2]), fromIterable([10, 20])] }).closed;
    expect(sink.written.toSorted((a, b) => a - b)).toEqual([1, 2, 10, 20]);
    expect(sink.closes).toBe(1);
  });
});

describe("demand", () => {
  test("is 16 events, or 1,000 for lists", async () => {
    const { probe } = writing(new WebSink().stream);
    const lists = new ProducerProbe<unknown>();
    intoWritableStream(new WebSink<readonly unknown[]>().stream, { lists: true, subscribeTo: [lists.producer] });
    await settle();
    expect(probe.asks).toEqual([16]);
    expect(lists.asks).toEqual([1000]);
  });

  test("counts events as handled when their writes have settled", async () => {
    const sink = new WebSink({ manual: true, highWaterMark: 16 });
    const { probe, stage } = writing(sink.stream, { maxDemand: 4, minDemand: 2 });
    await settle();
    await probe.emit(1, 2);
    expect(stage.snapshot().input).toMatchObject({ inCallback: 2, handled: 0 });
    sink.answer();
    await settle();
    expect(stage.snapshot().input).toMatchObject({ inCallback: 2, handled: 0 });
    expect(probe.asks).toEqual([4]);
    sink.answer();
    await settle();
    expect(stage.snapshot().input).toMatchObject({ inCallback: 0, handled: 2 });
    expect(probe.asks).toEqual([4, 2]);
  });

  test("keeps a fast producer within the window", async () => {
    const sink = new WebSink({ highWaterMark: 4 });
    let greatest = 0;
    let made = 0;
    const source = producer({
      handleDemand(demand) {
        const events = range(demand, made);
        made += demand;
        greatest = Math.max(greatest, made - sink.written.length);
        return events;
      },
    });
    const stage = intoWritableStream(sink.stream, { subscribeTo: [{ to: source, maxDemand: 20 }] });
    // A producer without an end is never quiet.
    while (sink.written.length < 1000) await new Promise((resolve) => setImmediate(resolve));
    await stage.stop();
    expect(greatest).toBeLessThanOrEqual(20);
  });
});

describe("a normal end", () => {
  test("comes when the stream has closed, and gives up the lock", async () => {
    const close = deferred();
    const sink = new WebSink({ sink: { close: () => close.promise } });
    const { probe, stage } = writing(sink.stream);
    await settle();
    await probe.emit(1);
    await probe.complete();
    expect(sink.closes).toBe(1);
    expect(stage.snapshot().waitingFor).toBe("callback");
    expect(sink.stream.locked).toBe(true);
    close.resolve();
    await settle();
    expect(stage.snapshot().state).toBe("ended");
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(sink.stream.locked).toBe(false);
  });

  test("needs no event, and no room", async () => {
    const sink = new WebSink({ highWaterMark: 0 });
    await pipeline(fromIterable([]), intoWritableStream(sink.stream));
    expect(sink.closes).toBe(1);
  });

  test("leaves the stream open with preventClose, for the next", async () => {
    const sink = new WebSink<number>();
    await pipeline(fromIterable([1, 2]), intoWritableStream<number>(sink.stream, { preventClose: true }));
    expect(sink.closes).toBe(0);
    await pipeline(fromIterable([3]), intoWritableStream<number>(sink.stream));
    expect(sink.written).toEqual([1, 2, 3]);
    expect(sink.closes).toBe(1);
  });

  test("becomes the error of a stream that cannot close", async () => {
    const sink = new WebSink({ sink: { close: () => Promise.reject(boom) } });
    await expect(pipeline(fromIterable([1]), intoWritableStream(sink.stream))).rejects.toBe(boom);
    expect(sink.aborts).toEqual([]);
    expect(sink.stream.locked).toBe(false);
  });
});

describe("a failure of the stream", () => {
  test.each<[string, (sink: WebSink) => void]>([
    ["a write", (sink) => sink.fail(boom)],
    [
      "its controller, when the write in progress has settled,",
      (sink) => {
        sink.controller.error(boom);
        sink.answer();
      },
    ],
    [
      "both",
      (sink) => {
        sink.fail(boom);
        sink.controller.error(boom);
      },
    ],
  ])("by %s ends the stage once with that error, and cancels the producer with it", async (_how, fail) => {
    const reports: Report[] = [];
    const sink = new WebSink({ manual: true, highWaterMark: 2 });
    const { probe, stage } = writing(sink.stream, { handleReport: (report) => reports.push(report) });
    const { closed } = stage;
    await settle();
    await probe.emit(1, 2, 3);
    fail(sink);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(probe.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: boom } }]);
    expect(sink.written).toEqual([1]);
    expect(sink.aborts).toEqual([]);
    expect(sink.stream.locked).toBe(false);
    expect(reports).toEqual([]);
  });

  test("is heard while a write is stuck and the stream is full", async () => {
    const sink = new WebSink({ manual: true });
    const { probe, stage } = writing(sink.stream, { closeWithinMs: 0 });
    const { closed } = stage;
    await settle();
    await probe.emit(1, 2);
    sink.controller.error(boom);
    await settle();
    expect(probe.cancels).toMatchObject([{ reason: { type: "error", error: boom } }]);
    expect(await closed).toEqual({ type: "error", error: boom });
  });

  test("between two lists cancels the producer", async () => {
    const sink = new WebSink();
    const { probe, stage } = writing(sink.stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1);
    sink.controller.error(boom);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(probe.cancels).toMatchObject([{ reason: { type: "error", error: boom } }]);
  });

  test("in the turn in which the producer ends is no normal end", async () => {
    const sink = new WebSink();
    const { probe, stage } = writing(sink.stream);
    const { closed } = stage;
    await settle();
    sink.controller.error(boom);
    await probe.complete();
    expect(await closed).toEqual({ type: "error", error: boom });
  });

  test.each<[string, (sink: WebSink) => unknown, object]>([
    ["failed", (sink) => sink.controller.error(boom), boom],
    ["aborted", (sink) => sink.stream.abort(boom), boom],
    ["closed", (sink) => sink.stream.close(), { code: "SLUICE_BAD_PARTNER", message: expect.stringContaining("somebody else has closed") }],
  ])("that was %s before pulls nothing, and cancels the producer with the error", async (_how, prepare, error) => {
    const sink = new WebSink();
    await prepare(sink);
    const { probe, stage } = writing(sink.stream);
    expect(await stage.closed).toMatchObject({ type: "error", error });
    await settle();
    expect(probe.asks).toEqual([]);
    expect(probe.cancels).toMatchObject([{ kind: "down", reason: { type: "error", error } }]);
    expect(sink.stream.locked).toBe(false);
  });

  test.each<[string, (sink: WebSink) => unknown]>([
    ["fails", (sink) => sink.controller.error(boom)],
    ["closes", (sink) => void sink.stream.close()],
  ])("that %s in the turn of the subscription pulls nothing", async (_how, act) => {
    const sink = new WebSink();
    act(sink);
    const { probe, stage } = writing(sink.stream);
    const { closed } = stage;
    await settle();
    expect(await closed).toMatchObject({ type: "error" });
    expect(probe.asks).toEqual([]);
  });

  test("that is closing for long refuses the first event", async () => {
    const sink = new WebSink({ sink: { close: () => new Promise(() => undefined) } });
    void sink.stream.close();
    const { probe, stage } = writing(sink.stream, { closeWithinMs: 0 });
    const { closed } = stage;
    await settle();
    await probe.emit(1);
    expect(await closed).toMatchObject({ type: "error", error: expect.any(Error) });
    expect(probe.cancels).toHaveLength(1);
  });

  test.each([undefined, null, "text", Object.freeze({ code: 1 })])("may be anything: %s", async (reason) => {
    const sink = new WebSink({ sink: { write: () => Promise.reject(reason) } });
    const { probe, stage } = writing(sink.stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1);
    expect(await closed).toEqual({ type: "error", error: reason });
    expect(probe.cancels).toMatchObject([{ reason: { type: "error", error: reason } }]);
  });

  test("of its size function is an error of the stage", async () => {
    const sink = new WebSink({
      size: () => {
        throw boom;
      },
    });
    await expect(pipeline(fromIterable([1]), intoWritableStream(sink.stream))).rejects.toBe(boom);
  });

  test("before anybody has subscribed ends the stage then", async () => {
    const sink = new WebSink();
    const stage = intoWritableStream(sink.stream);
    const { closed } = stage;
    sink.controller.error(boom);
    await settle();
    expect(stage.snapshot().state).toBe("running");
    const probe = new ProducerProbe<unknown>();
    stage.subscribe(probe.producer);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(probe.asks).toEqual([]);
  });

  test("that a TransformStream makes by terminate() ends the pipeline", async () => {
    const { readable, writable } = new TransformStream<number, number>({
      transform(event, controller) {
        controller.enqueue(event);
        if (event === 3) controller.terminate();
      },
    });
    const read = collect(readable);
    const source = producer<number>({ handleDemand: (demand) => range(demand, 1) });
    await expect(pipeline(source, intoWritableStream<number>(writable))).rejects.toBeInstanceOf(TypeError);
    expect(await read).toEqual([1, 2, 3]);
  });
});

describe("another end of the stage", () => {
  test("aborts the stream with the error of its producer, once, behind the events before it", async () => {
    const sink = new WebSink({ manual: true });
    const { probe, stage } = writing(sink.stream);
    const { closed } = stage;
    await settle();
    void probe.emit(1, 2);
    await probe.fail(boom);
    expect(sink.aborts).toEqual([]);
    sink.answer();
    await settle();
    sink.answer();
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(sink.written).toEqual([1, 2]);
    expect(sink.aborts).toEqual([boom]);
    expect(sink.closes).toBe(0);
    expect(await stateOf(sink.stream)).toEqual({ error: boom });
  });

  test.each([undefined, null, "text"])("aborts it with whatever the producer failed with: %s", async (reason) => {
    const sink = new WebSink();
    const { probe, stage } = writing(sink.stream);
    const { closed } = stage;
    await settle();
    await probe.fail(reason);
    expect(await closed).toEqual({ type: "error", error: reason });
    expect(sink.aborts).toEqual([reason]);
  });

  test("by a stop aborts it with the reason itself", async () => {
    const sink = new WebSink();
    const { probe, stage } = writing(sink.stream);
    await settle();
    await stage.stop(boom);
    expect(sink.aborts).toEqual([boom]);
    expect(probe.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown", reason: boom } }]);
    expect(sink.stream.locked).toBe(false);
  });

  test("by a stop without a reason aborts it with a StoppedError", async () => {
    const sink = new WebSink();
    const { stage } = writing(sink.stream, { name: "out" });
    await settle();
    await stage.stop();
    expect(sink.aborts).toEqual([expect.any(StoppedError)]);
    expect(sink.aborts).toMatchObject([{ message: "out was stopped before its normal end" }]);
  });

  test("by the stop of its producer is no normal end of the stream", async () => {
    const source = producer<number>();
    const sink = new WebSink<number>();
    const stage = intoWritableStream<number>(sink.stream, { subscribeTo: [source] });
    await settle();
    await source.stop("enough");
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(sink.aborts).toEqual(["enough"]);
    expect(sink.closes).toBe(0);
  });

  test("before the first subscription aborts the stream, too", async () => {
    const sink = new WebSink();
    await intoWritableStream(sink.stream).stop(boom);
    expect(sink.aborts).toEqual([boom]);
    expect(sink.stream.locked).toBe(false);
  });

  test("before the first subscription leaves a stream alone that somebody else has locked since", async () => {
    const reports: Report[] = [];
    const sink = new WebSink();
    const stage = intoWritableStream(sink.stream, { handleReport: (report) => reports.push(report) });
    const writer = sink.stream.getWriter();
    await stage.stop(boom);
    expect(sink.aborts).toEqual([]);
    expect(reports).toEqual([]);
    await writer.close();
  });

  test("is told to a stream that is stuck at once, and waits for it no longer than closeWithinMs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reports: Report[] = [];
    const sink = new WebSink({ manual: true });
    const { probe, stage } = writing(sink.stream, { closeWithinMs: 50, handleReport: (report) => reports.push(report) });
    await settle();
    await probe.emit(1, 2);
    const stopped = stage.stop(boom);
    await settle();
    expect(sink.abortedWith).toBe(boom);
    expect(probe.cancels).toHaveLength(1);
    expect(stage.snapshot().state).toBe("stopping");
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(sink.stream.locked).toBe(false);
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT" } }]);
    sink.answer();
    await settle();
    expect(sink.aborts).toEqual([boom]);
  });

  test("does not wait for a close that is stuck", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const sink = new WebSink({ sink: { close: () => new Promise(() => undefined) } });
    const { probe, stage } = writing(sink.stream, { closeWithinMs: 50 });
    await settle();
    await probe.complete();
    const stopped = stage.stop(boom);
    await settle();
    expect(sink.abortedWith).toBe(boom);
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(await stage.closed).toEqual({ type: "shutdown", reason: boom });
  });

  test("lets a write in progress finish, and throws away what waits in the stream, as abort does", async () => {
    const sink = new WebSink({ manual: true, highWaterMark: 4 });
    const { probe, stage } = writing(sink.stream);
    await settle();
    await probe.emit(1, 2, 3);
    const stopped = stage.stop(boom);
    await settle();
    expect(sink.aborts).toEqual([]);
    sink.answer();
    await stopped;
    expect(sink.written).toEqual([1]);
    expect(sink.aborts).toEqual([boom]);
  });

  test("follows the abort of a pipeline at once, with its reason, while a write is stuck", async () => {
    const controller = new AbortController();
    const sink = new WebSink<number>({ manual: true });
    const stage = intoWritableStream<number>(sink.stream);
    const run = pipeline(fromIterable(range(100)), stage, { signal: controller.signal });
    await settle();
    controller.abort(boom);
    await expect(run).rejects.toBe(boom);
    await settle();
    expect(sink.abortedWith).toBe(boom);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    sink.answer();
    await stage.closed;
    expect(sink.aborts).toEqual([boom]);
  });

  test("follows an abort that came before the start, and nothing is pulled", async () => {
    const sink = new WebSink<number>();
    let isPulled = false;
    const source = producer<number>({ handleDemand: () => void (isPulled = true) });
    await expect(pipeline(source, intoWritableStream<number>(sink.stream), { signal: AbortSignal.abort(boom) })).rejects.toBe(boom);
    await settle();
    expect(isPulled).toBe(false);
    expect(sink.aborts).toEqual([boom]);
  });

  test.each<[string, (probe: ProducerProbe<unknown>, stage: Consumer<unknown>) => unknown]>([
    ["an error", (probe) => probe.fail(boom)],
    ["a stop", (_probe, stage) => stage.stop()],
  ])("leaves the stream as it is with preventAbort (%s)", async (_how, end) => {
    const sink = new WebSink();
    const { probe, stage } = writing(sink.stream, { preventAbort: true });
    const { closed } = stage;
    await settle();
    await probe.emit(1);
    await end(probe, stage);
    await closed;
    expect(sink.aborts).toEqual([]);
    expect(sink.stream.locked).toBe(false);
    expect(await stateOf(sink.stream)).toBe("open");
  });

  test("waits with preventAbort for what has been written, and writes no more", async () => {
    const sink = new WebSink({ manual: true, highWaterMark: 2 });
    const { probe, stage } = writing(sink.stream, { preventAbort: true });
    await settle();
    await probe.emit(1, 2, 3);
    const stopped = stage.stop(boom);
    await settle();
    sink.answer();
    await settle();
    expect(stage.snapshot().state).toBe("stopping");
    expect(sink.stream.locked).toBe(true);
    sink.answer();
    await stopped;
    expect(sink.written).toEqual([1, 2]);
    expect(sink.stream.locked).toBe(false);
  });

  test("reports an abort that fails, and ends with its own cause", async () => {
    const reports: Report[] = [];
    const other = new Error("other");
    const sink = new WebSink({ sink: { abort: () => Promise.reject(other) } });
    const { probe, stage } = writing(sink.stream, { handleReport: (report) => reports.push(report) });
    const { closed } = stage;
    await settle();
    await probe.fail(boom);
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(reports.filter(({ kind }) => kind === "cleanup-failed")).toMatchObject([{ error: other }]);
    expect(sink.stream.locked).toBe(false);
  });

  test("says nothing of an abort that fails with the very reason", async () => {
    const reports: Report[] = [];
    const sink = new WebSink({ sink: { abort: (reason) => Promise.reject(reason) } });
    const { stage } = writing(sink.stream, { handleReport: (report) => reports.push(report) });
    await settle();
    await stage.stop(boom);
    expect(reports).toEqual([]);
  });

  test("by both sides in one turn has one cause, and tells the other", async () => {
    const other = new Error("other");
    const sink = new WebSink();
    const { probe, stage } = writing(sink.stream);
    const { closed } = stage;
    await settle();
    sink.controller.error(other);
    await probe.fail(boom);
    expect([boom, other]).toContainEqual(((await closed) as { error: unknown }).error);
    expect(sink.stream.locked).toBe(false);
  });
});

describe("redelivery", () => {
  test("gives back what was not written when the stage is stopped", async () => {
    const source = producer<number>({ whenUnused: "wait" });
    source.emit([1, 2, 3]);
    const bad = new WebSink<number>({ manual: true, highWaterMark: 4 });
    const good = new WebSink<number>();
    const first = intoWritableStream<number>(bad.stream, { closeWithinMs: 0, subscribeTo: [{ to: source, onCrash: "redeliver" }] });
    await settle();
    expect(first.snapshot().input).toMatchObject({ inCallback: 3 });
    await first.stop();
    expect(first.snapshot().input).toMatchObject({ handled: 0, returned: 3 });
    source.complete();
    await intoWritableStream<number>(good.stream, { subscribeTo: [{ to: source, onCrash: "redeliver" }] }).closed;
    expect(good.written).toEqual([1, 2, 3]);
  });

  test("gives back what a failed write did not take", async () => {
    const source = producer<number>({ whenUnused: "wait" });
    source.emit([1, 2, 3]);
    const bad = new WebSink<number>({ manual: true, highWaterMark: 4 });
    const good = new WebSink<number>();
    const first = intoWritableStream<number>(bad.stream, { subscribeTo: [{ to: source, onCrash: "redeliver" }] });
    await settle();
    const { closed } = first;
    bad.fail(boom);
    await closed;
    source.complete();
    await intoWritableStream<number>(good.stream, { subscribeTo: [{ to: source, onCrash: "redeliver" }] }).closed;
    expect(good.written).toEqual([1, 2, 3]);
  });
});


describe("options", () => {
  test.each<[string, object]>([
    ["preventClose", { preventClose: 1 }],
    ["preventAbort", { preventAbort: "yes" }],
    ["closeWithinMs", { closeWithinMs: 0.5 }],
    ["lists", { lists: 3 }],
    ["maxDemand", { maxDemand: 0 }],
    ["the options of intoWritableStream", { handleEvents: () => undefined }],
    ["the options of intoWritableStream", { handleComplete: () => undefined }],
    ["the options of consumer", { bufferSize: 3 }],
    ["the options of consumer", { preventCancel: true }],
    ["the producer of a subscription", { subscribeTo: [{}] }],
  ])("refuses a bad %s, and leaves the stream alone", (option, options) => {
    const sink = new WebSink();
    expect(() => intoWritableStream(sink.stream, options)).toThrow(expect.objectContaining({ option }));
    expect(sink.stream.locked).toBe(false);
  });

  test("refuses what is no WritableStream, and one that is locked", () => {
    expect(() => intoWritableStream({ getWriter: true } as unknown as WritableStreamLike)).toThrow(BadOptionError);
    const sink = new WebSink();
    sink.stream.getWriter();
    expect(() => intoWritableStream(sink.stream)).toThrow("expected the stream of intoWritableStream to be a WritableStream that nobody has locked");
  });

  test("fails at the first subscription when the stream has been locked since, and leaves it alone", async () => {
    const sink = new WebSink();
    const stage = intoWritableStream(sink.stream);
    const writer = sink.stream.getWriter();
    const probe = new ProducerProbe<unknown>();
    stage.subscribe(probe.producer);
    expect(await stage.closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
    await settle();
    expect(probe.asks).toEqual([]);
    expect(probe.cancels).toHaveLength(1);
    expect(sink.aborts).toEqual([]);
    await writer.close();
  });

  test("calls the user's handleSubscribe as well, and waits for it", async () => {
    const opened = deferred();
    const names: string[] = [];
    const { probe, stage } = writing(new WebSink().stream, {
      handleSubscribe(from) {
        names.push(from.name);
        return opened.promise;
      },
    });
    await settle();
    expect(names).toEqual(["probe"]);
    expect(probe.asks).toEqual([]);
    opened.resolve();
    await settle();
    expect(probe.asks).toEqual([16]);
    await stage.stop();
  });
});

async function collect<Event>(readable: ReadableStream<Event>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of readable) events.push(event);
  return events;
}

/** A stream that shows its writer behind each write. */
function watched<Event>(stream: WritableStream<Event>, look: (writer: WritableStreamDefaultWriter<Event>) => void): WritableStreamLike<Event> {
  return {
    get locked() {
      return stream.locked;
    },
    getWriter() {
      const writer = stream.getWriter();
      const write = writer.write.bind(writer);
      writer.write = (event) => {
        const promise = write(event);
        look(writer);
        return promise;
      };
      return writer;
    },
  };
}
