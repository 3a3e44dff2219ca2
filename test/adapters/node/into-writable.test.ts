import { createServer, type IncomingMessage } from "node:http";
import { get } from "node:http";
import type { AddressInfo } from "node:net";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, Writable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, fromIterable, pipeline, producer, type Consumer, type ExitReason, type Report } from "sluice";
import { intoWritable, unwrapNullish, type WritableLike } from "sluice/node";
import { ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { closing } from "../support/closing.ts";
import { listeners } from "../support/listeners.ts";
import { Sink } from "../support/streams.ts";

afterEach(() => vi.useRealTimers());

/** A consumer that writes into a stream, and the producer that a test drives it by. */
function writing(stream: WritableLike, options: Parameters<typeof intoWritable>[1] = {}): { probe: ProducerProbe<unknown>; stage: Consumer<unknown> } {
  const probe = new ProducerProbe<unknown>();
  return { probe, stage: intoWritable(stream, { subscribeTo: [probe.producer], ...options }) };
}

describe("writing", () => {
  test("writes all events in order, and ends the stream", async () => {
    const stream = new Sink();
    await pipeline(fromIterable(range(2500)), intoWritable<number>(stream));
    expect(stream.written).toEqual(range(2500));
    expect(stream.writableFinished).toBe(true);
  });

  test("carries 100,000 objects", async () => {
    const stream = new Sink();
    await pipeline(fromIterable(range(100_000)), intoWritable<number>(stream));
    expect(stream.written).toHaveLength(100_000);
  });

  test("hands a list over as one, as far as the high-water mark allows", async () => {
    const stream = new Sink({ highWaterMark: 4 });
    const { probe } = writing(stream);
    await settle();
    await probe.emit(...range(6));
    expect(stream.lists).toEqual([
      [0, 1, 2, 3],
      [4, 5],
    ]);
  });

  test("stops when write returns false, and goes on after drain", async () => {
    const stream = new Sink({ highWaterMark: 3, manual: true });
    const { probe } = writing(stream);
    await settle();
    await probe.emit(...range(5));
    expect(stream.writableLength).toBe(3);
    expect(stream.written).toEqual([0, 1, 2]);
    stream.answer();
    await settle();
    expect(stream.written).toEqual([0, 1, 2, 3, 4]);
  });

  test("never fills a stream beyond its high-water mark", async () => {
    const stream = new Sink({ highWaterMark: 16 });
    let greatest = 0;
    const write = stream.write.bind(stream) as (event: unknown, done: () => void) => boolean;
    stream.write = ((event: unknown, done: () => void): boolean => {
      const hasRoom = write(event, done);
      greatest = Math.max(greatest, stream.writableLength);
      return hasRoom;
    }) as typeof stream.write;
    await pipeline(fromIterable(range(5000)), intoWritable<number>(stream));
    expect(greatest).toBe(16);
  });

  test.each([0, 1, 16])("takes a stream with a high-water mark of %i", async (highWaterMark) => {
    const stream = new Sink({ highWaterMark });
    await pipeline(fromIterable(range(100)), intoWritable<number>(stream));
    expect(stream.written).toEqual(range(100));
  });

  test("goes on when drain comes from within write", async () => {
    const written: unknown[] = [];
    const events: Record<string, (error?: unknown) => void> = {};
    const stream: WritableLike = {
      on: (event, listener) => (events[event] = listener),
      removeListener: () => undefined,
      destroy: () => undefined,
      write(event, done) {
        written.push(event);
        queueMicrotask(done);
        events["drain"]?.();
        return false;
      },
      end: () => queueMicrotask(() => events["finish"]?.()),
    };
    await pipeline(fromIterable(range(100)), intoWritable<number>(stream));
    expect(written).toEqual(range(100));
  });

  test("writes no more after a false of a stream that does not show whether it is full", async () => {
    const callbacks: (() => void)[] = [];
    const stream: WritableLike = {
      on: () => undefined,
      removeListener: () => undefined,
      destroy: () => undefined,
      write: (_event, done) => callbacks.push(done) < 2,
      end: () => undefined,
    };
    const { probe, stage } = writing(stream, { closeWithinMs: 0 });
    await settle();
    await probe.emit(1, 2, 3, 4);
    expect(callbacks).toHaveLength(2);
    await stage.stop();
  });

  test("waits for a drain that others have caused", async () => {
    const stream = new Sink({ highWaterMark: 2, manual: true });
    stream.write("a");
    stream.write("b");
    const { probe } = writing(stream);
    await settle();
    await probe.emit("c");
    expect(stream.writableLength).toBe(2);
    for (let writes = 0; writes < 3; writes += 1) {
      stream.answer();
      await settle();
    }
    expect(stream.written).toEqual(["a", "b", "c"]);
  });

  test("passes on every value that an object stream can hold, unchanged", async () => {
    const frozen = Object.freeze({ done: true });
    const values = [undefined, 0, "", false, frozen, frozen, [1, 2]];
    const stream = new Sink();
    await pipeline(fromIterable<unknown>(values), intoWritable(stream));
    expect(stream.written).toEqual(values);
    expect(stream.written[4]).toBe(frozen);
  });

  test("fails at null with an error that names it, when what came before has been written", async () => {
    const source = new ProducerProbe<unknown>();
    const stream = new Sink({ manual: true });
    const stage = intoWritable(stream, { name: "out", subscribeTo: [source.producer] });
    const { closed } = stage;
    await settle();
    await source.emit(1, 2, null, 3);
    expect(stage.snapshot().state).toBe("running");
    stream.answer();
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_EVENT", message: expect.stringMatching(/the events of out .* got: null$/) } });
    await settle();
    expect(stream.written).toEqual([1, 2]);
    expect(source.cancels).toMatchObject([{ kind: "down", reason: { type: "error", error: { code: "SLUICE_BAD_EVENT" } } }]);
    expect(stream.destroys).toMatchObject([{ code: "SLUICE_BAD_EVENT" }]);
  });

  test("fails at null as the first event of a list, or at the mark", async () => {
    for (const events of [[null], [1, 2, null]]) {
      const stream = new Sink({ highWaterMark: 2 });
      await expect(pipeline(fromIterable<unknown>(events), intoWritable(stream))).rejects.toMatchObject({ code: "SLUICE_BAD_EVENT" });
      expect(stream.written).toEqual(events.slice(0, -1));
    }
  });

  test("wraps null and undefined with nullish: wrap", async () => {
    const stream = new Sink();
    await pipeline(fromIterable<unknown>([null, 1, undefined, null]), intoWritable(stream, { nullish: "wrap" }));
    expect(stream.written.map(unwrapNullish)).toEqual([null, 1, undefined, null]);
    expect(stream.written[0]).toBe(stream.written[3]);
  });

  test("keeps the bytes, in strings, buffers and views with an offset", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-"));
    const file = join(folder, "bytes");
    const view = new Uint8Array(Buffer.from("__cd__").buffer, Buffer.from("__cd__").byteOffset, 6).subarray(2, 4);
    await pipeline(fromIterable<unknown>(["ab", view, "", Buffer.from("é")]), intoWritable(createWriteStream(file)));
    expect(await readFile(file, "utf8")).toBe("abcdé");
    await rm(folder, { recursive: true });
  });
});

describe("demand", () => {
  test("counts events as handled when their callbacks have been called", async () => {
    const stream = new Sink({ manual: true });
    const { probe, stage } = writing(stream, { maxDemand: 4, minDemand: 2 });
    await probe.expectDemand(4);
    await probe.emit(1, 2);
    expect(stage.snapshot().input).toMatchObject({ inCallback: 2, handled: 0 });
    await probe.expectNoDemand();
    stream.answer();
    await probe.expectDemand(2);
    expect(stage.snapshot().input).toMatchObject({ inCallback: 0, handled: 2 });
  });

  test("waits for the callback of each write of a list", async () => {
    const callbacks: (() => void)[] = [];
    const stream = new Writable({ objectMode: true, write: (_event, _encoding, done) => void callbacks.push(done) });
    const { probe, stage } = writing(stream);
    await settle();
    await probe.emit(1, 2, 3);
    for (const _ of range(3)) {
      expect(stage.snapshot().input).toMatchObject({ inCallback: 3, handled: 0 });
      callbacks.shift()?.();
      await settle();
    }
    expect(stage.snapshot().input).toMatchObject({ inCallback: 0, handled: 3 });
  });

  test("asks for 1,000 objects, or for 16 chunks of bytes", async () => {
    const objects = writing(new Sink());
    const bytes = writing(new Sink({ objectMode: false }));
    await settle();
    expect(objects.probe.asks).toEqual([1000]);
    expect(bytes.probe.asks).toEqual([16]);
  });

  test("keeps a fast producer within the window", async () => {
    const stream = new Sink({ highWaterMark: 16 });
    let greatest = 0;
    let made = 0;
    const source = producer({
      handleDemand(demand) {
        const events = range(demand, made);
        made += demand;
        greatest = Math.max(greatest, made - stream.written.length);
        return events;
      },
    });
    const stage = intoWritable(stream, { subscribeTo: [{ to: source, maxDemand: 20 }] });
    // A producer without an end is never quiet.
    while (stream.written.length < 1000) await new Promise((resolve) => setImmediate(resolve));
    await stage.stop();
    expect(greatest).toBeLessThanOrEqual(20);
  });
});

describe("a normal end", () => {
  test("comes when the stream has finished and closed", async () => {
    const finish = deferred();
    const close = deferred();
    const stream = new Sink({
      final: (done) => void finish.promise.then(() => done()),
      destroy: (_error, done) => void close.promise.then(() => done()),
    });
    const { probe, stage } = writing(stream);
    await settle();
    await probe.emit(1);
    await probe.complete();
    expect(stage.snapshot().waitingFor).toBe("callback");
    finish.resolve();
    await settle();
    expect(stream.writableFinished).toBe(true);
    expect(stage.snapshot().state).toBe("stopping");
    close.resolve();
    await settle();
    expect(stage.snapshot().state).toBe("ended");
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("writes an empty stream of no events", async () => {
    const stream = new Sink();
    await pipeline(fromIterable([]), intoWritable(stream));
    expect(stream.writableFinished).toBe(true);
    expect(stream.destroys).toEqual([null]);
  });

  test("leaves the readable half of a Duplex to whoever reads from it", async () => {
    const duplex = new Duplex({ objectMode: true, read() {}, write: (_event, _encoding, done) => done() });
    const before = listeners(duplex);
    await pipeline(fromIterable([1]), intoWritable(duplex));
    expect(duplex.writableFinished).toBe(true);
    expect(duplex.destroyed).toBe(false);
    expect(listeners(duplex)).toEqual(before);
    duplex.destroy();
  });

  test("leaves the stream open with end: false", async () => {
    const stream = new Sink();
    const before = listeners(stream);
    await pipeline(fromIterable([1, 2]), intoWritable(stream, { end: false }));
    expect(stream.writableEnded).toBe(false);
    expect(listeners(stream)).toEqual(before);
    await pipeline(fromIterable([3]), intoWritable(stream));
    expect(stream.written).toEqual([1, 2, 3]);
  });

  test("becomes the error of a stream that cannot finish", async () => {
    const boom = new Error("boom");
    const stream = new Sink({ final: (done) => done(boom) });
    await expect(pipeline(fromIterable([1]), intoWritable(stream))).rejects.toBe(boom);
    expect(stream.destroys).toEqual([boom]);
  });

  test("becomes the error of a stream that cannot close", async () => {
    const boom = new Error("boom");
    const stream = new Sink({ destroy: (_error, done) => done(boom) });
    await expect(pipeline(fromIterable([1]), intoWritable(stream))).rejects.toBe(boom);
  });
});

describe("a failure of the stream", () => {
  const boom = new Error("boom");

  test.each<[string, (stream: Sink) => void]>([
    ["the callback of a write", (stream) => stream.answer(boom)],
    ["'error' before the callback", (stream) => stream.destroy(boom)],
    [
      "both in one turn",
      (stream) => {
        stream.answer(boom);
        stream.destroy(boom);
      },
    ],
  ])("by %s ends the stage once with that error, and cancels the producer with it", async (_how, fail) => {
    const reports: Report[] = [];
    const stream = new Sink({ manual: true });
    const { probe, stage } = writing(stream, { handleReport: (report) => reports.push(report) });
    const { closed } = stage;
    await settle();
    await probe.emit(1, 2, 3);
    fail(stream);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(probe.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: boom } }]);
    expect(stream.destroys).toEqual([boom]);
    expect(reports).toEqual([]);
  });

  test("between two lists ends the stage", async () => {
    const stream = new Sink();
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1);
    stream.destroy(boom);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(probe.cancels).toHaveLength(1);
  });

  test("while it is full ends the wait for drain", async () => {
    const stream = new Sink({ highWaterMark: 1, manual: true });
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1, 2, 3);
    stream.destroy(boom);
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(stream.written).toEqual([1]);
  });

  test("by a close without an error is a premature close, also while it is full", async () => {
    const stream = new Sink({ highWaterMark: 1, manual: true });
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1, 2, 3);
    stream.destroy();
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER", message: expect.stringContaining("premature close") } });
    await settle();
    expect(probe.cancels).toHaveLength(1);
  });

  test("by a destroy in the turn in which the producer ends is no normal end", async () => {
    const stream = new Sink();
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    stream.destroy();
    await probe.complete();
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
  });

  test("by a close is the same for a write that is called back with an error of Node", async () => {
    const stream = new Sink({ destroy: () => undefined });
    const { probe, stage } = writing(stream, { closeWithinMs: 0 });
    const { closed } = stage;
    await settle();
    stream.destroy();
    await probe.emit(1);
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
  });

  test("while it finishes ends the stage", async () => {
    const stream = new Sink({ final: () => undefined });
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.complete();
    stream.destroy();
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
  });

  test("before anybody has subscribed is no uncaught exception, and ends the stage then", async () => {
    const stream = new Sink();
    const stage = intoWritable(stream);
    const { closed } = stage;
    stream.destroy(boom);
    await settle();
    expect(stage.snapshot().state).toBe("running");
    const probe = new ProducerProbe<unknown>();
    stage.subscribe(probe.producer);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(probe.asks).toEqual([]);
    expect(probe.cancels).toHaveLength(1);
  });

  test.each<[string, (stream: Sink) => Promise<void> | undefined, object]>([
    [
      "destroyed",
      (stream) => {
        stream.destroy();
        return closing(stream);
      },
      { code: "SLUICE_BAD_PARTNER" },
    ],
    [
      "failed",
      (stream) => {
        stream.destroy(boom);
        return closing(stream);
      },
      boom,
    ],
    [
      "failed in this very turn",
      (stream) => {
        stream.destroy(boom);
        return undefined;
      },
      boom,
    ],
    [
      "ended",
      (stream) => {
        stream.end();
        return undefined;
      },
      { code: "SLUICE_BAD_PARTNER" },
    ],
  ])("that was %s before pulls nothing", async (_how, prepare, error) => {
    const stream = new Sink();
    await prepare(stream);
    const { probe, stage } = writing(stream);
    expect(await stage.closed).toMatchObject({ type: "error", error });
    await settle();
    expect(probe.asks).toEqual([]);
  });

  test("by somebody who ends it is an error for what follows", async () => {
    const stream = new Sink();
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    stream.end();
    await closing(stream);
    expect(await closed).toMatchObject({ type: "error" });
    expect(probe.cancels).toHaveLength(1);
  });

  test.each<[string, ConstructorParameters<typeof Sink>[0], unknown, object]>([
    ["null", {}, null, { code: "SLUICE_BAD_EVENT" }],
    ["null for bytes", { objectMode: false }, null, { code: "SLUICE_BAD_EVENT" }],
    ["a chunk that is none", { objectMode: false }, 3, { code: "ERR_INVALID_ARG_TYPE" }],
  ])("that refuses an event (%s) ends the stage with its error", async (_what, options, event, error) => {
    const stream = new Sink(options);
    await expect(pipeline(fromIterable<unknown>(["a", event, "b"]), intoWritable(stream))).rejects.toMatchObject(error);
    expect(stream.destroyed).toBe(true);
  });

  test("that throws in a write after drain ends the stage with what it throws", async () => {
    const stream = new Sink({
      highWaterMark: 1,
      write(event, _encoding, done) {
        if (event === 3) throw boom;
        setImmediate(done);
      },
    });
    await expect(pipeline(fromIterable([1, 2, 3]), intoWritable(stream))).rejects.toBe(boom);
    expect(stream.destroys).toEqual([boom]);
  });

  test("that throws in its write ends the stage with what it throws", async () => {
    const stream = new Sink({
      writev: () => {
        throw boom;
      },
    });
    await expect(pipeline(fromIterable([1, 2, 3]), intoWritable(stream))).rejects.toBe(boom);
    expect(stream.destroys).toEqual([boom]);
  });
});

describe("another end of the stage", () => {
  test("destroys the stream with the error of its producer, once", async () => {
    const boom = new Error("boom");
    const stream = new Sink();
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1);
    await probe.fail(boom);
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(stream.written).toEqual([1]);
    expect(stream.destroys).toEqual([boom]);
    expect(stream.writableFinished).toBe(false);
  });

  test.each([undefined, null, 0, ""])("destroys the stream with a StoppedError for an error that Node would take for none: %j", async (error) => {
    const stream = new Sink();
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.fail(error);
    expect(await closed).toEqual({ type: "error", error });
    expect(stream.errored).toBeInstanceOf(StoppedError);
    expect(stream.errored?.cause).toBe(error);
  });

  test("by a stop destroys the stream with a StoppedError", async () => {
    const reason = new Error("enough");
    const stream = new Sink();
    const { probe, stage } = writing(stream, { name: "out" });
    await settle();
    await stage.stop(reason);
    expect(stream.errored).toBeInstanceOf(StoppedError);
    expect(stream.errored).toMatchObject({ message: "out was stopped before its normal end", cause: reason });
    expect(stream.destroys).toHaveLength(1);
    expect(probe.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown", reason } }]);
  });

  test("by the stop of its producer is no normal end of the stream", async () => {
    const source = producer<number>();
    const stream = new Sink();
    const stage = intoWritable(stream, { subscribeTo: [source] });
    await settle();
    await source.stop("enough");
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(stream.errored).toMatchObject({ code: "SLUICE_STOPPED", cause: "enough" });
    expect(stream.writableFinished).toBe(false);
  });

  test("does not wait for a write that is stuck, nor for drain", async () => {
    const stream = new Sink({ highWaterMark: 1, manual: true });
    const { probe, stage } = writing(stream);
    await settle();
    await probe.emit(1, 2);
    await stage.stop();
    expect(stream.destroyed).toBe(true);
  });

  test("does not wait for a stream that is stuck in its end", async () => {
    const stream = new Sink({ final: () => undefined });
    const { probe, stage } = writing(stream);
    await settle();
    await probe.complete();
    expect(stage.snapshot().waitingFor).toBe("callback");
    await stage.stop();
    expect(await stage.closed).toEqual({ type: "shutdown" });
    expect(stream.destroyed).toBe(true);
  });

  test("follows the abort of a pipeline at once, with its reason, while a write is stuck", async () => {
    const controller = new AbortController();
    const reason = new Error("aborted");
    const stream = new Sink({ highWaterMark: 1, manual: true });
    const run = pipeline(fromIterable(range(100)), intoWritable(stream), { signal: controller.signal });
    await settle();
    controller.abort(reason);
    await expect(run).rejects.toBe(reason);
    await settle();
    expect(stream.errored).toMatchObject({ cause: reason });
  });

  test.each<[string, (probe: ProducerProbe<unknown>, stage: Consumer<unknown>) => unknown]>([
    ["an error", (probe) => probe.fail(new Error("boom"))],
    ["a stop", (_probe, stage) => stage.stop()],
  ])("leaves the stream open with end: false (%s)", async (_how, end) => {
    const stream = new Sink();
    const before = listeners(stream);
    const { probe, stage } = writing(stream, { end: false });
    const { closed } = stage;
    await settle();
    await end(probe, stage);
    await closed;
    expect(stream.destroyed).toBe(false);
    expect(listeners(stream)).toEqual(before);
  });

  test("waits for a stream that does not close no longer than closeWithinMs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reports: Report[] = [];
    const stream = new Sink({ destroy: () => undefined });
    const { stage } = writing(stream, { closeWithinMs: 50, handleReport: (report) => reports.push(report) });
    const stopped = stage.stop();
    await settle();
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT" } }]);
  });

  test.each<[string, (probe: ProducerProbe<unknown>, stage: Consumer<unknown>, stream: Sink) => unknown]>([
    ["a normal end", (probe) => probe.complete()],
    ["an error of the producer", (probe) => probe.fail(new Error("boom"))],
    ["an error of the stream", (_probe, _stage, stream) => stream.destroy(new Error("boom"))],
    ["a premature close", (_probe, _stage, stream) => stream.destroy()],
    ["a stop", (_probe, stage) => stage.stop()],
  ])("leaves no listener after %s, and has destroyed the stream once", async (_how, end) => {
    const stream = new Sink();
    const before = listeners(stream);
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1, 2);
    await end(probe, stage, stream);
    await closed;
    await settle();
    expect(listeners(stream)).toEqual(before);
    expect(stream.destroys).toHaveLength(1);
  });
});

describe("a response of node:http", () => {
  test("is written to its end, and left to its server", async () => {
    const ended = deferred<ExitReason>();
    const server = createServer((_request, response) => {
      void intoWritable<string>(response, { subscribeTo: [fromIterable(range(1000).map((n) => `${n}\n`))] }).closed.then(ended.resolve);
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const response = await new Promise<IncomingMessage>((resolve) => get({ port: (server.address() as AddressInfo).port }, resolve));
    let text = "";
    for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
    expect(text.split("\n")).toHaveLength(1001);
    expect(await ended.promise).toEqual({ type: "normal" });
    server.close();
  });

  test("whose client goes away cancels the producer", async () => {
    const ended = deferred<ExitReason>();
    const source = producer<string>({ handleDemand: (demand) => Array.from({ length: demand }, () => "x".repeat(10_000)) });
    const server = createServer((_request, response) => {
      void intoWritable<string>(response, { subscribeTo: [source] }).closed.then(ended.resolve);
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const response = await new Promise<IncomingMessage>((resolve) => get({ port: (server.address() as AddressInfo).port }, resolve));
    response.once("error", () => undefined);
    response.destroy();
    expect(await ended.promise).toMatchObject({ type: "error" });
    expect(await source.closed).toMatchObject({ type: "shutdown" });
    server.close();
  });
});

describe("options", () => {
  test.each<[string, object]>([
    ["end", { end: 1 }],
    ["closeWithinMs", { closeWithinMs: 0.5 }],
    ["maxDemand", { maxDemand: 0 }],
    ["nullish", { nullish: "drop" }],
    ["the options of intoWritable", { handleEvents: () => undefined }],
    ["the options of intoWritable", { handleComplete: () => undefined }],
    ["the options of consumer", { bufferSize: 3 }],
    ["the producer of a subscription", { subscribeTo: [{}] }],
  ])("refuses a bad %s, and leaves the stream alone", (option, options) => {
    const stream = new Sink();
    const before = listeners(stream);
    expect(() => intoWritable(stream, options)).toThrow(expect.objectContaining({ option }));
    expect(listeners(stream)).toEqual(before);
  });

  test("refuses nullish: wrap for a stream of bytes", () => {
    expect(() => intoWritable(new Sink({ objectMode: false }), { nullish: "wrap" })).toThrow(expect.objectContaining({ option: "nullish" }));
  });

  test("refuses what is no Writable", () => {
    expect(() => intoWritable({ write: true } as unknown as WritableLike)).toThrow(BadOptionError);
  });

  test("calls the user's handleSubscribe as well", async () => {
    const names: string[] = [];
    const { stage } = writing(new Sink(), { handleSubscribe: (from) => void names.push(from.name) });
    await settle();
    expect(names).toEqual(["probe"]);
    await stage.stop();
  });
});
