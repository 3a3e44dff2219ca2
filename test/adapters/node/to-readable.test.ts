import { getEventListeners } from "node:events";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable, Transform, Writable, addAbortSignal, finished, pipeline } from "node:stream";
import { finished as finishing, pipeline as piping } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, broadcastDispatcher, fromIterable, partitionDispatcher, producer, producerConsumer, setReporter, type ExitReason, type Producer, type PushProducer, type Report } from "sluice";
import { fromReadable, toReadable, unwrapNullish, type ToReadableOptions } from "sluice/node";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { Uncaught } from "../../core/support/uncaught.ts";
import { listeners } from "../support/listeners.ts";
import { WAYS, read, watching, type Way } from "../support/reading.ts";
import { Sink } from "../support/streams.ts";

afterEach(() => vi.useRealTimers());

/** A producer of the integers from 0 that makes what it is asked for; `made` counts them. */
function counter(count = Infinity): { readonly stage: Producer<number>; readonly made: () => number } {
  let next = 0;
  const stage = producer<number>({
    name: "counter",
    handleDemand(demand, self) {
      const events = range(Math.min(demand, count - next), next);
      next += events.length;
      if (next === count) self.complete();
      return events;
    },
  });
  return { stage, made: () => next };
}

/** A stream of a producer that a test drives. */
function probing(options: ToReadableOptions = {}): { readonly probe: ProducerProbe<unknown>; readonly stream: Readable } {
  const probe = new ProducerProbe<unknown>();
  return { probe, stream: toReadable(probe.producer, options) };
}

describe("reading", () => {
  test.each(WAYS)("gives all events in order, then 'end', then 'close' (%s)", async (way) => {
    const { stage } = counter(1000);
    const { events, signals } = await read(toReadable(stage), way);
    expect(events).toEqual(range(1000));
    expect(signals).toEqual(["end", "close"]);
  });

  test.each(WAYS.flatMap((way) => [0, 1, 2, 16, 1000].map((highWaterMark): [Way, number] => [way, highWaterMark])))(
    "gives all events with %s at a high-water mark of %i, and with a window beside it",
    async (way, highWaterMark) => {
      for (const window of [{}, { maxDemand: 1 }, { maxDemand: 7, minDemand: 6 }, { maxDemand: 100 }, { minDemand: 0 }]) {
        const { stage } = counter(300);
        const { events, signals } = await read(toReadable(stage, { highWaterMark, ...window }), way);
        expect(events).toEqual(range(300));
        expect(signals).toEqual(["end", "close"]);
      }
    },
  );

  test("is an instance of Readable with the marks of Node", () => {
    const objects = toReadable(counter().stage);
    const bytes = toReadable(counter().stage, { objectMode: false });
    expect(objects).toBeInstanceOf(Readable);
    expect([objects.readableObjectMode, objects.readableHighWaterMark]).toEqual([true, new Readable({ objectMode: true }).readableHighWaterMark]);
    expect([bytes.readableObjectMode, bytes.readableHighWaterMark]).toEqual([false, new Readable().readableHighWaterMark]);
    objects.destroy();
    bytes.destroy();
  });

  test("carries 100,000 events into a slow Writable by pipeline, and holds both marks at most", async () => {
    const { stage, made } = counter(100_000);
    let written = 0;
    let greatest = 0;
    const sink = new Writable({
      objectMode: true,
      highWaterMark: 8,
      write(event: number, _encoding, done) {
        expect(event).toBe(written);
        written += 1;
        greatest = Math.max(greatest, made() - written);
        if (event % 100 === 0) setImmediate(done);
        else done();
      },
    });
    await piping(toReadable(stage, { highWaterMark: 16 }), sink);
    expect(written).toBe(100_000);
    expect(greatest).toBeLessThanOrEqual(16 + 8);
  });

  test.each(WAYS)("lets the event loop turn while a stream always has more (%s)", async (way) => {
    using turns = new Turns();
    await read(toReadable(counter(500_000).stage, { maxDemand: 1000 }), way);
    expect(turns.count).toBeGreaterThan(3);
  });

  test("lets the event loop turn between events that take long", async () => {
    using turns = new Turns();
    const stream = toReadable(counter(40).stage, { maxDemand: 1000 });
    stream.on("data", () => {
      for (const from = performance.now(); performance.now() - from < 1; );
    });
    await finishing(stream);
    expect(turns.count).toBeGreaterThan(5);
  });

  test("does not recurse for a listener that reads", async () => {
    const stream = toReadable(counter(50_000).stage, { maxDemand: 50_000 });
    const seen: unknown[] = [];
    stream.on("data", (event) => {
      seen.push(event);
      stream.read();
    });
    await finishing(stream);
    expect(seen).toEqual(range(50_000));
  });

  test("can be read by two, who share it as Node has it", async () => {
    const stream = toReadable(counter(10).stage);
    const seen: number[][] = [[], []];
    stream.on("data", (event: number) => seen[0]?.push(event));
    stream.on("data", (event: number) => seen[1]?.push(event));
    await finishing(stream);
    expect(seen).toEqual([range(10), range(10)]);
  });
});

describe("demand", () => {
  test("is nothing before the first read", async () => {
    const { stage, made } = counter();
    const stream = toReadable(stage, { maxDemand: 100 });
    await settle();
    expect(made()).toBe(0);
    stream.destroy();
  });

  test.each([
    [1, [1]],
    [2, [2]],
    [16, [16]],
  ])("is what is missing to a high-water mark of %i", async (highWaterMark, asks) => {
    const { probe, stream } = probing({ highWaterMark });
    stream.read(0);
    await settle();
    expect(probe.asks).toEqual(asks);
    stream.destroy();
  });

  test("comes again when half of the mark has been read", async () => {
    const { probe, stream } = probing({ highWaterMark: 10 });
    stream.read(0);
    await settle();
    await probe.emit(...range(10));
    for (let reads = 1; reads <= 4; reads += 1) {
      stream.read();
      await settle();
      expect(probe.asks).toEqual([10]);
    }
    stream.read();
    await settle();
    expect(probe.asks).toEqual([10, 5]);
    stream.destroy();
  });

  test("does not count twice what is on its way", async () => {
    const { probe, stream } = probing({ highWaterMark: 10 });
    stream.read(0);
    await settle();
    await probe.emit(1, 2, 3, 4);
    for (let reads = 0; reads < 4; reads += 1) stream.read();
    await settle();
    // Six are on their way, more than half.
    expect(probe.asks).toEqual([10]);
    await probe.emit(5);
    stream.read();
    await settle();
    expect(probe.asks).toEqual([10, 5]);
    stream.destroy();
  });

  test.each([0, 1, 16])("at a high-water mark of %i makes no more than that ahead of a reader", async (highWaterMark) => {
    const { stage, made } = counter();
    const stream = toReadable(stage, { highWaterMark });
    let seen = 0;
    let greatest = 0;
    for await (const _ of stream) {
      seen += 1;
      greatest = Math.max(greatest, made() - seen);
      if (seen === 100) break;
    }
    expect(greatest).toBeLessThanOrEqual(highWaterMark);
    await settle();
    expect(made() - seen).toBeLessThanOrEqual(highWaterMark);
  });

  test("at 0 reads nothing ahead of a flowing stream that is paused", async () => {
    const { stage, made } = counter();
    const stream = toReadable(stage, { highWaterMark: 0 });
    let seen = 0;
    stream.on("data", () => {
      seen += 1;
      if (seen === 5) stream.pause();
    });
    await settle();
    expect(seen).toBe(5);
    expect(made()).toBe(5);
    expect(stream.readableLength).toBe(0);
    stream.destroy();
  });

  test("with a window is maxDemand at the first read, and more when minDemand are left to be pushed", async () => {
    const { probe, stream } = probing({ highWaterMark: 2, maxDemand: 10, minDemand: 4 });
    stream.read(0);
    await settle();
    expect(probe.asks).toEqual([10]);
    await probe.emit(...range(10));
    // Two were pushed.
    expect(stream.readableLength).toBe(2);
    expect(probe.asks).toEqual([10]);
    for (let reads = 0; reads < 4; reads += 1) stream.read();
    await settle();
    expect(probe.asks).toEqual([10, 6]);
    stream.destroy();
  });

  test("with a window holds it and the mark, for a reader that has read once", async () => {
    const { stage, made } = counter();
    const stream = toReadable(stage, { highWaterMark: 4, maxDemand: 20 });
    stream.once("readable", () => stream.read());
    await settle();
    expect(made()).toBeLessThanOrEqual(1 + 4 + 20);
    expect(stream.readableLength).toBeLessThanOrEqual(4);
    stream.destroy();
  });

  test("stays within the mark while it flows into a listener that pauses at every event", async () => {
    const { stage } = counter(200);
    const stream = toReadable(stage, { highWaterMark: 4, maxDemand: 10 });
    const seen: number[] = [];
    stream.on("data", (event: number) => {
      seen.push(event);
      stream.pause();
      expect(stream.readableLength).toBeLessThanOrEqual(4);
      setImmediate(() => stream.resume());
    });
    await finishing(stream);
    expect(seen).toEqual(range(200));
  });

  test("for bytes is one chunk after the other", async () => {
    const { probe, stream } = probing({ objectMode: false, highWaterMark: 10 });
    stream.read(0);
    await settle();
    expect(probe.asks).toEqual([1]);
    await probe.emit("12345");
    expect(probe.asks).toEqual([1, 1]);
    await probe.emit("67890-more than the mark");
    expect(probe.asks).toEqual([1, 1]);
    let all = "";
    for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null) all += chunk.toString();
    expect(all).toBe("1234567890-more than the mark");
    await settle();
    expect(probe.asks).toEqual([1, 1, 1]);
    stream.destroy();
  });

  test("is not made for a stream that has been destroyed", async () => {
    const { probe, stream } = probing();
    stream.destroy();
    stream.read();
    await settle();
    expect(probe.asks).toEqual([]);
  });

  test("survives a producer that sends more than was asked for", async () => {
    const { probe, stream } = probing({ highWaterMark: 2 });
    const got = read(stream, "readable");
    await settle();
    await probe.emit(...range(20));
    await probe.emit(...range(20, 20));
    await probe.complete();
    expect((await got).events).toEqual(range(40));
  });

  test("keeps the lists of a window in order, however they come", async () => {
    const { probe, stream } = probing({ highWaterMark: 1, maxDemand: 12, minDemand: 11 });
    stream.read(0);
    await settle();
    await probe.emit(0, 1, 2);
    await probe.emit(3);
    await probe.emit(4, 5, 6, 7);
    await probe.emit(8, 9);
    const seen: unknown[] = [];
    for (let event: unknown = stream.read(); event !== null; event = stream.read()) seen.push(event);
    await probe.emit(10, 11);
    for (let event: unknown = stream.read(); event !== null; event = stream.read()) seen.push(event);
    expect(seen).toEqual(range(12));
    stream.destroy();
  });
});

describe("values", () => {
  test("pass unchanged, but for null and undefined", async () => {
    const promise = Promise.reject(new Error("an event like any other"));
    promise.catch(() => undefined);
    // oxlint-disable-next-line unicorn/no-thenable
    const thenable = { then: (): never => expect.fail("was awaited") };
    const frozen = Object.freeze({ done: true });
    const values = [NaN, 0, "", false, frozen, frozen, [1, 2], promise, thenable];
    const { events } = await read(toReadable(fromIterable<unknown>(values)), "data");
    expect(events).toHaveLength(values.length);
    for (const [index, value] of values.entries()) expect(Object.is(events[index], value)).toBe(true);
  });

  test.each([null, undefined])("%s is an error that names it, after the events before it, and cancels the producer with it", async (value) => {
    const { probe, stream } = probing({ maxDemand: 10 });
    const got = watching(stream);
    stream.read(0);
    await settle();
    await probe.emit(1, 2, value, 3);
    expect(probe.cancels).toMatchObject([{ kind: "down", reason: { type: "error", error: { code: "SLUICE_BAD_EVENT" } } }]);
    expect(got.signals).toEqual([]);
    expect([stream.read(), stream.read(), stream.read()]).toEqual([1, 2, null]);
    await settle();
    expect(got.errors).toMatchObject([{ code: "SLUICE_BAD_EVENT", message: expect.stringMatching(new RegExp(`the events of probe .*got: ${String(value)}$`)) }]);
    expect(got.signals).toEqual(["error", "close"]);
  });

  test("null and undefined travel wrapped with nullish: wrap, and are unwrapped by the same option", async () => {
    const values = [1, null, undefined, 2, null];
    const wrapped = await read(toReadable(fromIterable<unknown>(values), { nullish: "wrap" }), "for await");
    expect(wrapped.events.map(unwrapNullish)).toEqual(values);
    expect(wrapped.events[1]).toBe(wrapped.events[4]);
    expect(Object.isFrozen(wrapped.events[1])).toBe(true);
    const back: unknown[] = [];
    for await (const event of fromReadable(toReadable(fromIterable<unknown>(values), { nullish: "wrap" }), { nullish: "wrap" })) back.push(event);
    expect(back).toEqual(values);
  });
});

describe("bytes", () => {
  test("are kept in strings, buffers, and views with an offset", async () => {
    const view = new Uint8Array(Buffer.from("__cd__")).subarray(2, 4);
    const stream = toReadable(fromIterable<unknown>(["ab", view, Buffer.from("é"), "grüße €"]), { objectMode: false });
    expect(await text(stream)).toBe("abcdégrüße €");
  });

  test("that are larger than the mark go through", async () => {
    const large = Buffer.alloc(1_000_000, 7);
    const { events } = await read(toReadable(fromIterable([large, large]), { objectMode: false, highWaterMark: 10 }), "data");
    expect(Buffer.concat(events as Buffer[]).equals(Buffer.concat([large, large]))).toBe(true);
  });

  test.each(WAYS)("that are none neither end nor stall the stream (%s)", async (way) => {
    const chunks = ["", "a", Buffer.alloc(0), "", "b", new Uint8Array(0)];
    for (const options of [{}, { maxDemand: 4 }, { highWaterMark: 0 }]) {
      const { events, signals } = await read(toReadable(fromIterable<unknown>(chunks), { objectMode: false, ...options }), way);
      expect(events.map(String).join("")).toBe("ab");
      expect(signals).toEqual(["end", "close"]);
    }
  });

  test("split in the middle of a character are joined by setEncoding", async () => {
    const bytes = Buffer.from("grüße €");
    const stream = toReadable(fromIterable(Array.from(bytes, (byte) => Buffer.of(byte))), { objectMode: false }).setEncoding("utf8");
    let all = "";
    for await (const chunk of stream) all += String(chunk);
    expect(all).toBe("grüße €");
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["undefined", undefined],
    ["a number", 7],
    ["an object", {}],
    ["a view of another kind", new Float64Array(1)],
  ])("do not hold %s: an error, after the chunks before it", async (_what, value) => {
    const { events, errors } = await read(toReadable(fromIterable<unknown>(["a", "b", value, "c"]), { objectMode: false }), "data");
    expect(events.map(String)).toEqual(["a", "b"]);
    expect(errors).toMatchObject([{ code: "SLUICE_BAD_EVENT" }]);
  });

  test("are the body of an HTTP response", async () => {
    const lines = range(1000).map((n) => `${n}\n`);
    const server = createServer((_request, response) => void pipeline(toReadable(fromIterable(lines), { objectMode: false }), response, () => undefined));
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const response = await new Promise<IncomingMessage>((resolve) => get({ port: (server.address() as AddressInfo).port }, resolve));
    expect(await text(response)).toBe(lines.join(""));
    server.close();
  });

  test("are the body of an HTTP response whose client goes away: that cancels the producer", async () => {
    const ended = deferred<ExitReason>();
    const server = createServer((_request, response) => {
      const source = producer<string>({ handleDemand: (demand) => Array.from({ length: demand }, () => "x".repeat(10_000)) });
      void source.closed.then(ended.resolve);
      pipeline(toReadable(source, { objectMode: false }), response, () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const response = await new Promise<IncomingMessage>((resolve) => get({ port: (server.address() as AddressInfo).port }, resolve));
    response.once("error", () => undefined);
    response.destroy();
    expect(await ended.promise).toMatchObject({ type: "shutdown" });
    server.close();
  });
});

describe("a normal end", () => {
  test.each(WAYS)("of no events is 'end' (%s)", async (way) => {
    const { events, signals } = await read(toReadable(fromIterable([])), way);
    expect(events).toEqual([]);
    expect(signals).toEqual(["end", "close"]);
  });

  test("needs no demand: it follows the last event", async () => {
    const { probe, stream } = probing();
    const got = watching(stream);
    stream.on("data", () => undefined);
    await settle();
    await probe.emit(1);
    await probe.complete();
    expect(got.signals).toEqual(["end", "close"]);
  });

  test("of a producer that ended before the stream was made is 'end'", async () => {
    const stage = producer<number>();
    stage.complete();
    await stage.closed;
    expect((await read(toReadable(stage), "for await")).signals).toEqual(["end", "close"]);
  });

  test("waits behind what was not read", async () => {
    const { probe, stream } = probing({ highWaterMark: 1, maxDemand: 4 });
    const got = watching(stream);
    stream.read(0);
    await settle();
    await probe.emit(1, 2, 3);
    await probe.complete();
    expect(got.signals).toEqual([]);
    const seen: unknown[] = [];
    stream.on("data", (event) => seen.push(event));
    await settle();
    expect(seen).toEqual([1, 2, 3]);
    expect(got.signals).toEqual(["end", "close"]);
  });

  test.each([0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33])("comes once after %i events", async (count) => {
    const { events, signals } = await read(toReadable(counter(count).stage), "readable");
    expect(events).toEqual(range(count));
    expect(signals).toEqual(["end", "close"]);
  });

  test("whose clean-up fails is that error, after all events", async () => {
    const cleanup = new Error("disk gone");
    const stage = fromIterable(range(20));
    const last = producerConsumer({
      subscribeTo: [stage],
      handleEvents: (events) => events,
      handleStop: () => {
        throw cleanup;
      },
    });
    const { events, errors, signals } = await read(toReadable(last), "for await");
    expect(events).toEqual(range(20));
    expect(errors).toEqual([cleanup]);
    expect(signals).toEqual(["error", "close"]);
  });

  test("counts once, whatever the producer says after it", async () => {
    const { probe, stream } = probing();
    const got = watching(stream);
    stream.on("data", () => undefined);
    await settle();
    await probe.emit(1);
    await probe.complete();
    await probe.wire.end("down", { type: "error", error: new Error("late") });
    await probe.emit(2);
    await settle();
    expect(got.signals).toEqual(["end", "close"]);
  });
});

describe("an error of the producer", () => {
  const boom = new Error("boom");

  test.each(WAYS.flatMap((way) => [0, 1, 16].map((highWaterMark): [Way, number] => [way, highWaterMark])))(
    "comes as the same object after the events before it (%s, high-water mark %i)",
    async (way, highWaterMark) => {
      for (const maxDemand of [undefined, 3, 100]) {
        const stage = fromIterable(failing(10, boom));
        const { events, signals, errors } = await read(toReadable(stage, { highWaterMark, maxDemand }), way);
        expect(events).toEqual(range(10));
        expect(errors).toEqual([boom]);
        expect(errors[0]).toBe(boom);
        expect(signals).toEqual(["error", "close"]);
      }
    },
  );

  test("waits until a paused stream has been read, and then comes without a further read", async () => {
    const { probe, stream } = probing();
    const got = watching(stream);
    stream.read(0);
    await settle();
    await probe.emit(1, 2, 3);
    await probe.fail(boom);
    expect(got.signals).toEqual([]);
    expect([stream.read(), stream.read()]).toEqual([1, 2]);
    await settle();
    expect(got.signals).toEqual([]);
    expect(stream.read()).toBe(3);
    expect(stream.destroyed).toBe(true);
    await settle();
    expect(got.errors).toEqual([boom]);
  });

  test("waits while a flowing stream is paused", async () => {
    const { probe, stream } = probing();
    const got = watching(stream);
    const seen: unknown[] = [];
    stream.on("data", (event) => {
      seen.push(event);
      if (event === 1) stream.pause();
    });
    await settle();
    await probe.emit(1, 2, 3);
    await probe.fail(boom);
    expect(seen).toEqual([1]);
    expect(got.signals).toEqual([]);
    stream.resume();
    await settle();
    expect(seen).toEqual([1, 2, 3]);
    expect(got.errors).toEqual([boom]);
  });

  test("comes at once, without demand, when nothing is held", async () => {
    const { probe, stream } = probing();
    const got = watching(stream);
    await probe.fail(boom);
    expect(got.errors).toEqual([boom]);
    expect(got.signals).toEqual(["error", "close"]);
  });

  test("that nobody listens to is an uncaught exception, as of any stream", async () => {
    using uncaught = new Uncaught();
    const { probe } = probing();
    await probe.fail(boom);
    expect(uncaught.errors).toEqual([boom]);
  });

  test("comes at once with errors: immediate, before what is held", async () => {
    const { probe, stream } = probing({ errors: "immediate", highWaterMark: 1, maxDemand: 10 });
    const got = watching(stream);
    stream.read(0);
    await settle();
    await probe.emit(1, 2, 3);
    await probe.fail(boom);
    expect(got.signals).toEqual(["error", "close"]);
    expect(got.errors).toEqual([boom]);
  });

  test("does not leave a reader waiting who wants more bytes than there are", async () => {
    const { probe, stream } = probing({ objectMode: false });
    const got = watching(stream);
    stream.read(0);
    await settle();
    await probe.emit("12345");
    await probe.fail(boom);
    expect(got.signals).toEqual([]);
    expect(stream.read(10)).toBeNull();
    await settle();
    expect(got.errors).toEqual([boom]);
  });

  test("tells a reader who waits for more bytes to look again, and comes when there is nothing for it", async () => {
    const { probe, stream } = probing({ objectMode: false });
    const got = watching(stream);
    const lengths: number[] = [];
    stream.on("readable", () => {
      lengths.push(stream.readableLength);
      stream.read(10);
    });
    await settle();
    await probe.emit("12345");
    expect(lengths).toEqual([5]);
    await probe.fail(boom);
    expect(lengths).toEqual([5, 5]);
    expect(got.errors).toEqual([boom]);
  });

  test("waits for bytes that are read in pieces", async () => {
    const { probe, stream } = probing({ objectMode: false });
    const got = watching(stream);
    stream.read(0);
    await settle();
    await probe.emit("12345");
    await probe.fail(boom);
    expect(String(stream.read(3))).toBe("123");
    await settle();
    expect(got.signals).toEqual([]);
    expect(String(stream.read(2))).toBe("45");
    await settle();
    expect(got.errors).toEqual([boom]);
  });

  test.each<[string, unknown]>([
    ["a string", "boom"],
    ["a number", 7],
    ["a frozen object", Object.freeze({ code: 7 })],
  ])("that is %s arrives as it is", async (_what, error) => {
    const { probe, stream } = probing();
    const got = watching(stream);
    await probe.fail(error);
    expect(got.errors).toEqual([error]);
    expect(got.errors[0]).toBe(error);
  });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["false", false],
    ["an empty string", ""],
    [
      "an object whose stack throws",
      {
        get stack(): never {
          throw new Error("hands off");
        },
      },
    ],
  ])("that is %s, which Node cannot carry, is the cause of a StoppedError", async (_what, error) => {
    const { probe, stream } = probing();
    const got = watching(stream);
    await probe.fail(error);
    expect(got.errors).toHaveLength(1);
    expect(got.errors[0]).toBeInstanceOf(StoppedError);
    expect((got.errors[0] as Error).cause).toBe(error);
    expect(got.signals).toEqual(["error", "close"]);
  });

  test("of the producer's stop is a StoppedError with its reason, never 'end'", async () => {
    const reason = new Error("enough");
    const { stage } = counter();
    const stream = toReadable(stage);
    const got = watching(stream);
    stream.read(0);
    await settle();
    await stage.stop(reason);
    const seen: unknown[] = [];
    for (let event: unknown = stream.read(); event !== null; event = stream.read()) seen.push(event);
    await settle();
    expect(seen).toEqual(range(16));
    expect(got.errors[0]).toBeInstanceOf(StoppedError);
    expect(got.errors).toMatchObject([{ cause: reason, message: "counter was stopped before its normal end" }]);
    expect(got.signals).toEqual(["error", "close"]);
  });

  test("is received: the stage does not throw it", async () => {
    const stage = producer<number>({
      handleDemand: () => {
        throw boom;
      },
    });
    expect((await read(toReadable(stage), "for await")).errors).toEqual([boom]);
    await settle();
  });
});

describe("destroy", () => {
  const reason = new Error("enough");

  test("cancels the subscription once, with the error", async () => {
    const { probe, stream } = probing();
    const got = watching(stream);
    stream.read(0);
    await settle();
    stream.destroy(reason);
    stream.destroy(new Error("another"));
    await settle();
    expect(probe.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: reason } }]);
    expect(got.errors).toEqual([reason]);
    expect(got.signals).toEqual(["error", "close"]);
  });

  test("without an error is a shutdown", async () => {
    const { probe, stream } = probing();
    const got = watching(stream);
    stream.destroy();
    await settle();
    expect(probe.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "shutdown" } }]);
    expect(got.signals).toEqual(["close"]);
  });

  test("before the first read counts as a consumer that came and left", async () => {
    const { stage, made } = counter();
    const stream = toReadable(stage);
    stream.destroy();
    expect(await stage.closed).toEqual({ type: "shutdown" });
    expect(made()).toBe(0);
  });

  test("stops what it leaves unused, with its error", async () => {
    const { stage } = counter();
    const doubled = producerConsumer({ subscribeTo: [stage], handleEvents: (events) => events.map((n) => 2 * n) });
    const stream = toReadable(doubled);
    const got = watching(stream);
    stream.read(0);
    await settle();
    stream.destroy(reason);
    expect(await doubled.closed).toEqual({ type: "shutdown", reason });
    expect(await stage.closed).toEqual({ type: "shutdown", reason });
    await settle();
    expect(got.errors).toEqual([reason]);
  });

  test("leaves the producer to its other consumers", async () => {
    const { stage } = counter();
    const stream = toReadable(stage);
    const other = new ConsumerProbe(stage);
    stream.read(0);
    await settle();
    stream.destroy();
    await other.ask(2);
    expect(other.events).toHaveLength(2);
    expect(stage.snapshot().state).toBe("running");
    await other.cancel();
  });

  test("closes when what it stopped has been released", async () => {
    const released = deferred();
    const stage = producer<number>({ handleDemand: (demand) => range(demand), handleStop: () => released.promise });
    const stream = toReadable(stage);
    const got = watching(stream);
    stream.read(0);
    await settle();
    stream.destroy();
    await settle();
    expect(got.signals).toEqual([]);
    released.resolve();
    await settle();
    expect(got.signals).toEqual(["close"]);
  });

  test("waits for that no longer than closeWithinMs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const stage = producer<number>({ handleDemand: (demand) => range(demand), handleStop: () => new Promise(() => undefined), handleReport: () => undefined });
    const stream = toReadable(stage, { closeWithinMs: 50 });
    const got = watching(stream);
    stream.read(0);
    await settle();
    stream.destroy(reason);
    await settle();
    await vi.advanceTimersByTimeAsync(49);
    expect(got.signals).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(got.signals).toEqual(["error", "close"]);
    expect(got.errors).toEqual([reason]);
    await vi.advanceTimersByTimeAsync(10_000);
    await stage.closed;
  });

  test.each<[string, Error | undefined, unknown]>([
    ["its error", undefined, "clean-up"],
    ["the error of destroy", reason, reason],
  ])("whose clean-up fails tells %s", async (_what, error, expected) => {
    const cleanup = new Error("disk gone");
    const stage = producer<number>({
      handleDemand: (demand) => range(demand),
      handleStop: () => {
        throw cleanup;
      },
      handleReport: () => undefined,
    });
    const stream = toReadable(stage);
    const got = watching(stream);
    stream.read(0);
    await settle();
    stream.destroy(error);
    await settle();
    expect(got.errors).toEqual([expected === "clean-up" ? cleanup : expected]);
  });

  test.each(WAYS.filter((way) => way !== "readable"))("by a break out of '%s' ends the subscription", async (way) => {
    const { stage } = counter();
    const stream = toReadable(stage);
    let seen = 0;
    if (way === "data") {
      stream.on("data", () => {
        seen += 1;
        if (seen === 3) stream.destroy();
      });
    } else for await (const _ of stream) if ((seen += 1) === 3) break;
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
    expect(seen).toBe(3);
    expect(stream.destroyed).toBe(true);
  });

  test("inside 'data' is the last of it, even in the middle of a list", async () => {
    for (const how of ["destroy", "pause and destroy"]) {
      const { stage } = counter();
      const stream = toReadable(stage, { maxDemand: 100 });
      const got = watching(stream);
      const seen: unknown[] = [];
      stream.on("data", (event) => {
        seen.push(event);
        if (event !== 20) return;
        if (how !== "destroy") stream.pause();
        stream.destroy(reason);
      });
      await stage.closed;
      await settle();
      expect(seen).toEqual(range(21));
      expect(got.signals).toEqual(["error", "close"]);
    }
  });

  test("inside 'data' is the last of it when the stream holds more", async () => {
    const { probe, stream } = probing();
    const seen: unknown[] = [];
    stream.read(0);
    await settle();
    await probe.emit(...range(10));
    expect(stream.readableLength).toBe(10);
    stream.on("data", (event) => {
      seen.push(event);
      if (event === 3) stream.destroy();
    });
    await settle();
    expect(seen).toEqual(range(4));
    expect(stream.read()).toBeNull();
  });

  test("by a loop that throws ends the subscription, and the loop gets its own error", async () => {
    const { stage } = counter();
    const run = (async () => {
      for await (const _ of toReadable(stage)) throw reason;
    })();
    await expect(run).rejects.toBe(reason);
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
  });

  test("by iterator({ destroyOnReturn: false }) does not happen: the stream can be read on", async () => {
    const stream = toReadable(counter(10).stage);
    const seen: unknown[] = [];
    for await (const event of stream.iterator({ destroyOnReturn: false })) {
      seen.push(event);
      if (event === 3) break;
    }
    for await (const event of stream) seen.push(event);
    expect(seen).toEqual(range(10));
  });

  test("with another error as the producer fails reports the producer's, and one with the same does not", async () => {
    const reports: Report[] = [];
    const before = setReporter((report) => reports.push(report));
    const boom = new Error("boom");
    for (const error of [boom, reason]) {
      const { probe, stream } = probing();
      const got = watching(stream);
      await settle();
      stream.destroy(error);
      await probe.fail(boom);
      expect(got.errors).toEqual([error]);
      expect(reports).toHaveLength(error === boom ? 0 : 1);
    }
    setReporter(before);
    expect(reports).toEqual([{ kind: "late-failure", stage: "a stream of probe", error: boom }]);
  });

  test("in the turn in which the producer ends is one end", async () => {
    for (const isFirst of [true, false]) {
      const { probe, stream } = probing();
      const got = watching(stream);
      stream.read(0);
      await settle();
      if (isFirst) stream.destroy();
      const ended = probe.complete();
      if (!isFirst) stream.destroy();
      await ended;
      await settle();
      expect(got.signals).toEqual(["close"]);
      expect(probe.cancels.length).toBeLessThanOrEqual(1);
    }
  });

  test("while a listener throws lets the stream go on, as Node does", async () => {
    using uncaught = new Uncaught();
    const stream = toReadable(counter(10).stage, { maxDemand: 5 });
    const seen: unknown[] = [];
    stream.on("data", (event) => {
      seen.push(event);
      if (event === 3) throw reason;
    });
    await finishing(stream);
    expect(uncaught.errors).toEqual([reason]);
    expect(seen).toEqual(range(10));
  });

  test("by await using is an end like any other", async () => {
    const { stage } = counter();
    {
      await using stream = toReadable(stage);
      stream.on("error", () => undefined);
      stream.read(0);
    }
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
  });
});

describe("a signal", () => {
  test("destroys the stream with its reason, and cancels the subscription with it", async () => {
    const controller = new AbortController();
    const reason = new Error("aborted");
    const { probe, stream } = probing({ signal: controller.signal });
    const got = watching(stream);
    stream.read(0);
    await settle();
    controller.abort(reason);
    await settle();
    expect(got.errors).toEqual([reason]);
    expect(probe.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "shutdown", reason } }]);
  });

  test("that has aborted destroys the stream, and nothing is demanded", async () => {
    const reason = new Error("aborted");
    const { stage, made } = counter();
    const { errors } = await read(toReadable(stage, { signal: AbortSignal.abort(reason) }), "for await");
    expect(errors).toEqual([reason]);
    expect(await stage.closed).toEqual({ type: "shutdown", reason });
    expect(made()).toBe(0);
  });

  test("ends a loop that waits, at once, whatever the producer has to release", async () => {
    const controller = new AbortController();
    const reason = new Error("aborted");
    const released = deferred();
    const outcomes: unknown[] = [];
    const stage = producer<number>({ handleDemand: () => undefined, handleStop: () => released.promise });
    const loop = async (): Promise<void> => {
      for await (const _ of toReadable(stage, { signal: controller.signal })) expect.fail("nothing comes");
    };
    loop().catch((error: unknown) => outcomes.push(error));
    await settle();
    controller.abort(reason);
    await settle();
    expect(outcomes).toEqual([reason]);
    expect(stage.snapshot().state).toBe("stopping");
    released.resolve();
    await stage.closed;
  });

  test.each<[string, (stream: Readable, stage: PushProducer<number>) => unknown]>([
    ["the end", (_stream, stage) => stage.complete()],
    ["an error", (_stream, stage) => stage.fail(new Error("boom"))],
    ["destroy", (stream) => stream.destroy()],
  ])("has no listener after %s", async (_how, end) => {
    const { signal } = new AbortController();
    const stage = producer<number>();
    const stream = toReadable(stage, { signal });
    watching(stream);
    stream.resume();
    await settle();
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    end(stream, stage);
    await settle();
    expect(stream.closed).toBe(true);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    await stage.stop();
  });

  test("serves 1,000 short runs with one listener at a time", async () => {
    const { signal } = new AbortController();
    for (let run = 0; run < 1000; run += 1) {
      for await (const _ of toReadable(counter(2).stage, { signal })) if (run % 2 === 0) break;
    }
    await settle();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("of addAbortSignal cancels the subscription", async () => {
    const controller = new AbortController();
    const { stage } = counter();
    const stream = addAbortSignal(controller.signal, toReadable(stage));
    const got = watching(stream);
    stream.read(0);
    await settle();
    controller.abort();
    await settle();
    expect(got.errors).toMatchObject([{ name: "AbortError" }]);
    expect(await stage.closed).toMatchObject({ type: "shutdown", reason: { name: "AbortError" } });
  });
});

describe("among Node's own", () => {
  test("pipe ends the target, and unpipe stops it", async () => {
    const sink = new Sink();
    toReadable(counter(100).stage).pipe(sink);
    await finishing(sink);
    expect(sink.written).toEqual(range(100));
  });

  test("pipeline passes an error of the producer on to the target", async () => {
    const boom = new Error("boom");
    const sink = new Sink();
    await expect(piping(toReadable(fromIterable(failing(3, boom))), sink)).rejects.toBe(boom);
    expect(sink.destroys).toEqual([boom]);
  });

  test("pipeline passes an error of the target back to the producer", async () => {
    const boom = new Error("boom");
    const { stage } = counter();
    const sink = new Writable({ objectMode: true, write: (event, _encoding, done) => done(event === 5 ? boom : null) });
    await expect(piping(toReadable(stage), sink)).rejects.toBe(boom);
    expect(await stage.closed).toMatchObject({ type: "shutdown", reason: boom });
  });

  test("compose and the helpers of Readable take it", async () => {
    const double = new Transform({ objectMode: true, transform: (event: number, _encoding, done) => done(null, 2 * event) });
    const composed = toReadable(counter(20).stage).compose(double) as unknown as Readable;
    expect(await composed.toArray()).toEqual(range(20).map((n) => 2 * n));
    const some = await toReadable(counter(100).stage)
      .filter((n: number) => n % 2 === 0)
      .map((n: number) => n + 1, { concurrency: 4 })
      .take(5)
      .toArray();
    expect(some).toEqual([1, 3, 5, 7, 9]);
  });

  test("finished hears of each end", async () => {
    const boom = new Error("boom");
    const ends: unknown[] = [];
    for (const end of [(stage: PushProducer<number>) => stage.complete(), (stage: PushProducer<number>) => stage.fail(boom), (_: PushProducer<number>, stream: Readable) => stream.destroy()]) {
      const stage = producer<number>();
      const stream = toReadable(stage).resume();
      finished(stream, (error) => ends.push((error as { code?: string } | undefined)?.code ?? error));
      await settle();
      end(stage, stream);
      await settle();
      await stage.stop();
    }
    expect(ends).toEqual([undefined, boom, "ERR_STREAM_PREMATURE_CLOSE"]);
  });

  test("Readable.toWeb reads it, and cancels the producer", async () => {
    const { stage } = counter();
    const reader = Readable.toWeb(toReadable(stage)).getReader();
    expect([await reader.read(), await reader.read()]).toEqual([
      { value: 0, done: false },
      { value: 1, done: false },
    ]);
    await reader.cancel();
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
  });

  test("a chain of streams of both kinds holds the sum of their marks, and its end comes through", async () => {
    const { stage, made } = counter(200);
    const there = Readable.toWeb(toReadable(stage, { highWaterMark: 2 }), { strategy: { highWaterMark: 3 } });
    const back = toReadable(fromReadable<number>(Readable.fromWeb(there, { objectMode: true, highWaterMark: 4 })), { highWaterMark: 5 });
    let seen = 0;
    let greatest = 0;
    for await (const _ of back) {
      seen += 1;
      await new Promise((resolve) => setImmediate(resolve));
      greatest = Math.max(greatest, made() - seen);
    }
    expect(seen).toBe(200);
    // The adapters of Node hold one more each, on its way.
    expect(greatest).toBeLessThanOrEqual(2 + 3 + 4 + 5 + 2);
  });

  test("flows while the timers are faked", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
    for (const way of WAYS) expect((await read(toReadable(counter(1000).stage, { maxDemand: 10 }), way)).events).toHaveLength(1000);
  });

  test("fromReadable makes it a producer again, with exact demand", async () => {
    const { stage, made } = counter();
    await using back = fromReadable<number>(toReadable(stage, { highWaterMark: 0 }));
    const probe = new ConsumerProbe(back);
    await probe.ask(3);
    expect(probe.events).toEqual([0, 1, 2]);
    expect(made()).toBe(3);
  });

  test.each(["end", "error", "destroy"])("leaves no listener but those of others after %s", async (how) => {
    const stage = producer<number>();
    const stream = toReadable(stage);
    const before = listeners(stream);
    stream.on("error", () => undefined);
    stream.resume();
    await settle();
    if (how === "end") stage.complete();
    else if (how === "error") stage.fail(new Error("boom"));
    else stream.destroy();
    await settle();
    expect(listeners(stream)).toEqual({ ...before, error: 1 });
    await stage.stop();
  });
});

describe("dispatchers", () => {
  test("a broadcast gives each stream all events, by its selector", async () => {
    const stage = producer<number>({ dispatcher: broadcastDispatcher() });
    const all = read(toReadable(stage), "for await");
    const even = read(toReadable(stage, { selector: (n: number) => n % 2 === 0 }), "data");
    await settle();
    stage.emit(range(10));
    stage.complete();
    expect((await all).events).toEqual(range(10));
    expect((await even).events).toEqual([0, 2, 4, 6, 8]);
  });

  test("a stream is the consumer of its partition", async () => {
    const stage = producer<number>({ dispatcher: partitionDispatcher({ partitions: 2, hash: (n: number) => n % 2 }) });
    const odd = read(toReadable(stage, { partition: 1 }), "for await");
    const even = read(toReadable(stage, { partition: 0 }), "for await");
    await settle();
    stage.emit(range(10));
    stage.complete();
    expect((await odd).events).toEqual([1, 3, 5, 7, 9]);
    expect((await even).events).toEqual([0, 2, 4, 6, 8]);
  });

  test("a refusal of the dispatcher is the error of the stream", async () => {
    const stage = producer<number>({ dispatcher: partitionDispatcher({ partitions: 2, hash: () => 0 }), handleReport: () => undefined });
    const { errors } = await read(toReadable(stage, { partition: 7 }), "for await");
    expect(errors).toMatchObject([{ message: expect.stringContaining("partition") }]);
    await stage.stop();
  });
});

describe("options", () => {
  test.each<[string, object]>([
    ["objectMode", { objectMode: 1 }],
    ["highWaterMark", { highWaterMark: -1 }],
    ["highWaterMark", { highWaterMark: 1.5 }],
    ["maxDemand", { maxDemand: 0 }],
    ["minDemand", { maxDemand: 5, minDemand: 5 }],
    ["minDemand", { minDemand: 1000 }],
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["errors", { errors: "later" }],
    ["nullish", { nullish: "drop" }],
    ["nullish", { nullish: "wrap", objectMode: false }],
    ["signal", { signal: {} }],
    ["the options of toReadable", { partition: 1 }],
    ["the options of toReadable", { onCrash: "redeliver" }],
    ["the options of toReadable", { highWatermark: 1 }],
  ])("refuses a bad %s (%j), and subscribes to nothing", async (option, options) => {
    const stage = producer<number>();
    expect(() => toReadable(stage, options)).toThrow(expect.objectContaining({ option }));
    expect(() => toReadable(stage, options)).toThrow(BadOptionError);
    await settle();
    expect(stage.snapshot().output?.consumers).toEqual([]);
  });

  test("refuses what is no producer", () => {
    expect(() => toReadable({} as Producer<number>)).toThrow("expected the producer of toReadable to be a producer, got: an object");
  });

  test("names the stream in the producer's snapshot", async () => {
    const { stage } = counter();
    const stream = toReadable(stage);
    await settle();
    expect(stage.snapshot().output?.consumers).toEqual(["a stream of counter"]);
    stream.destroy();
  });
});

function* failing(count: number, error: unknown): Generator<number> {
  yield* range(count);
  throw error;
}

/** Counts the turns of the event loop. */
class Turns implements Disposable {
  count = 0;
  #isOver = false;

  constructor() {
    const turn = (): void => {
      this.count += 1;
      if (!this.#isOver) setImmediate(turn);
    };
    setImmediate(turn);
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }
}
