import { createServer, createConnection, type AddressInfo } from "node:net";
import { Duplex, PassThrough, Readable, Writable, finished } from "node:stream";
import { finished as finishing, pipeline as piping } from "node:stream/promises";
import { text } from "node:stream/consumers";
import { createGunzip, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { BadOptionError, StoppedError, broadcastDispatcher, consumer, fromIterable, producer, producerConsumer, setReporter, type Producer, type ProducerConsumer, type Report } from "sluice";
import { asDuplex, throughDuplex, toReadable, unwrapNullish, type AsDuplexOptions } from "sluice/node";
import { ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { listeners } from "../support/listeners.ts";
import { read, watching } from "../support/reading.ts";
import { watchingWrites } from "../support/writing.ts";
import { Counter, Sink } from "../support/streams.ts";

/** A stage that doubles numbers. */
function doubler(options: { readonly whenUnused?: "wait" } = {}): ProducerConsumer<number, number> {
  return producerConsumer<number, number>({ name: "doubler", ...options, handleEvents: (events: readonly number[]) => events.map((n) => 2 * n) });
}

const doubling = (input: Producer<number>): Producer<number> => producerConsumer({ subscribeTo: [input], handleEvents: (events) => events.map((n) => 2 * n) });

/** Lets `count` events through, then ends normally and leaves its producer. */
const taking =
  (count: number) =>
  (input: Producer<number>): Producer<number> => {
    let left = count;
    return producerConsumer({
      subscribeTo: [{ to: input, maxDemand: 1 }],
      handleEvents: (events, _from, self) => {
        left -= events.length;
        if (left === 0) self.complete();
        return events;
      },
    });
  };

/** All that the readable half gives until 'end'. `toArray` would destroy a Duplex that is still written to. */
function readOut(duplex: Duplex): Promise<unknown[]> {
  const events: unknown[] = [];
  duplex.on("data", (event) => events.push(event));
  return new Promise((resolve) => duplex.once("end", () => resolve(events)));
}

/** The ends of both halves, in the order in which they came. */
function halves(duplex: Duplex): string[] {
  const signals: string[] = [];
  for (const name of ["finish", "end", "error", "close"]) duplex.on(name, () => signals.push(name));
  return signals;
}

describe("between two streams", () => {
  test.each<[string, () => Duplex]>([
    ["a stage", () => asDuplex(doubler())],
    ["a function of the input", () => asDuplex(doubling)],
    ["a chain", () => asDuplex((input: Producer<number>) => producerConsumer({ subscribeTo: [doubling(input)], handleEvents: (events) => events }))],
  ])("%s is a part of a pipeline", async (_what, make) => {
    const sink = new Sink();
    const duplex = make();
    const signals = halves(duplex);
    await piping(new Counter(1000), duplex, sink);
    expect(sink.written).toEqual(range(1000).map((n) => 2 * n));
    expect(signals.toSorted()).toEqual(["close", "end", "finish"]);
  });

  test.each([0, 1, 2, 16].flatMap((highWaterMark) => [{}, { maxDemand: 10 }, { processed: true }].map((options) => ({ highWaterMark, ...options }))))("carries 500 events with %j", async (options) => {
    const sink = new Sink({ highWaterMark: 3 });
    const isProcessed = "processed" in options;
    const stage = (input: Producer<number>): Producer<number> => producerConsumer({ subscribeTo: [{ to: input, maxDemand: isProcessed ? 1 : 100 }], handleEvents: (events) => events.map((n) => 2 * n) });
    await piping(new Counter(500), asDuplex(stage, options), sink);
    expect(sink.written).toEqual(range(500).map((n) => 2 * n));
  });

  test("with processed: true calls a write back when the stage has handled its event", async () => {
    const gate = deferred();
    const stage = producerConsumer<number, number>({
      async handleEvents(events: readonly number[]) {
        await gate.promise;
        return events;
      },
    });
    const duplex = asDuplex(stage, { processed: true });
    const { called } = watchingWrites(duplex, [1, 2]);
    duplex.resume();
    await settle();
    expect(called).toEqual([]);
    gate.resolve();
    await settle();
    expect(called).toEqual([1, 2]);
    duplex.end();
  });

  test("holds no more than the marks, a list, and the window of the stage twice, as it handles one ahead", async () => {
    const source = new Counter(20_000, { highWaterMark: 4 });
    let written = 0;
    let greatest = 0;
    const sink = new Writable({
      objectMode: true,
      highWaterMark: 4,
      write(_event, _encoding, done) {
        written += 1;
        greatest = Math.max(greatest, source.made - written);
        if (written % 100 === 0) setImmediate(done);
        else done();
      },
    });
    const stage = (input: Producer<number>): Producer<number> => producerConsumer({ subscribeTo: [{ to: input, maxDemand: 10 }], handleEvents: (events) => events });
    await piping(source, asDuplex(stage, { highWaterMark: 4 }), sink);
    expect(written).toBe(20_000);
    expect(greatest).toBeLessThanOrEqual(4 + 4 + 4 + 10 + 10 + 4 + 4);
  });

  test("composes with others, and with itself", async () => {
    const composed = Readable.from(range(10)).compose(asDuplex(doubling)).compose(asDuplex(doubler())) as unknown as Readable;
    expect(await composed.toArray()).toEqual(range(10).map((n) => 4 * n));
  });

  test("may drop events, make many of one, and make the last at the end", async () => {
    const stage = (input: Producer<number>): Producer<string> => {
      let sum = 0;
      return producerConsumer({
        subscribeTo: [input],
        handleEvents: (events) => {
          for (const event of events) sum += event;
          return events.flatMap((n) => (n % 10 === 0 ? [`${n}`, `${n}!`] : []));
        },
        handleComplete: () => [`sum ${sum}`],
      });
    };
    const sink = new Sink();
    await piping(new Counter(30), asDuplex(stage), sink);
    expect(sink.written).toEqual(["0", "0!", "10", "10!", "20", "20!", "sum 435"]);
  });

  test("takes a chain with a Duplex of Node in it", async () => {
    const gunzip = (input: Producer<Buffer>): Producer<Buffer> => throughDuplex<Buffer, Buffer>(createGunzip(), { subscribeTo: [input] });
    const zipped = gzipSync("x".repeat(200_000));
    const chunks = range(Math.ceil(zipped.length / 10)).map((n) => zipped.subarray(10 * n, 10 * n + 10));
    const out = new PassThrough();
    const got = text(out);
    await piping(Readable.from(chunks), asDuplex(gunzip, { objectMode: false }), out);
    expect(await got).toBe("x".repeat(200_000));
  });

  test("makes objects of bytes, and bytes of objects", async () => {
    const parse = (input: Producer<Buffer>): Producer<object> => producerConsumer({ subscribeTo: [input], handleEvents: (events) => events.map((bytes) => ({ bytes: bytes.length })) });
    const show = (input: Producer<object>): Producer<string> => producerConsumer({ subscribeTo: [input], handleEvents: (events) => events.map((event) => JSON.stringify(event)) });
    const out = new PassThrough();
    const got = text(out);
    await piping(Readable.from([Buffer.from("abc"), Buffer.from("de")]), asDuplex(parse, { writableObjectMode: false }), asDuplex(show, { readableObjectMode: false }), out);
    expect(await got).toBe('{"bytes":3}{"bytes":2}');
  });

  test("carries null in the half of objects only, with nullish: wrap", async () => {
    const show = (input: Producer<unknown>): Producer<string> => producerConsumer({ subscribeTo: [input], handleEvents: (events) => events.map((event) => `${JSON.stringify(event)};`) });
    const source = toReadable(fromIterable<unknown>([null, 1]), { nullish: "wrap" });
    const out = new PassThrough();
    const got = text(out);
    await piping(source, asDuplex(show, { readableObjectMode: false, nullish: "wrap" }), out);
    expect(await got).toBe("null;1;");
    expect(() => asDuplex(show, { objectMode: false, nullish: "wrap" })).toThrow(expect.objectContaining({ option: "nullish" }));
  });

  test("serves a socket", async () => {
    const upper = (input: Producer<Buffer>): Producer<string> => producerConsumer({ subscribeTo: [input], handleEvents: (events) => events.map((bytes) => bytes.toString().toUpperCase()) });
    const server = createServer((socket) => void piping(socket, asDuplex(upper, { objectMode: false }), socket).catch(() => undefined));
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const socket = createConnection({ port: (server.address() as AddressInfo).port, allowHalfOpen: true });
    socket.end("hello");
    expect(await text(socket)).toBe("HELLO");
    server.close();
  });

  test("carries null and undefined with nullish: wrap", async () => {
    const seen: unknown[] = [];
    const same = (input: Producer<unknown>): Producer<unknown> =>
      producerConsumer({
        subscribeTo: [input],
        handleEvents: (events) => {
          seen.push(...events);
          return events;
        },
      });
    const first = asDuplex(same, { nullish: "wrap" });
    const wrapped = producer<unknown>({ handleDemand: (_demand, self) => (self.complete(), [null, 1, undefined]) });
    const sink = new Sink();
    await piping(toReadable(wrapped, { nullish: "wrap" }), first, sink);
    expect(seen).toEqual([null, 1, undefined]);
    expect(sink.written.map(unwrapNullish)).toEqual([null, 1, undefined]);
  });
});

describe("the four orders of a normal end", () => {
  test("the writer ends first: 'finish' comes when the stages have taken all", async () => {
    const duplex = asDuplex(doubling, { highWaterMark: 1 });
    const signals = halves(duplex);
    duplex.write(1);
    duplex.end(2);
    await settle();
    expect(signals).toEqual(["finish"]);
    expect(await readOut(duplex)).toEqual([2, 4]);
    await settle();
    expect(signals).toEqual(["finish", "end", "close"]);
  });

  test.each([true, false])("the writer ends first, and nobody reads until then (allowHalfOpen %s)", async (allowHalfOpen) => {
    const duplex = asDuplex(doubling, { allowHalfOpen });
    const signals = halves(duplex);
    for (const event of range(5)) duplex.write(event);
    duplex.end();
    await settle();
    expect(signals).not.toContain("close");
    expect(await readOut(duplex)).toEqual(range(5).map((n) => 2 * n));
    await settle();
    expect(signals.toSorted()).toEqual(["close", "end", "finish"]);
  });

  test("the output ends first: what is written after it is dropped, and called back", async () => {
    const duplex = asDuplex(taking(2));
    const signals = halves(duplex);
    const got = readOut(duplex);
    const { called, failed } = watchingWrites(duplex, range(10));
    expect(await got).toEqual([0, 1]);
    await settle();
    expect(called).toEqual(range(10));
    expect(failed).toEqual([]);
    expect(signals).toEqual(["end"]);
    duplex.end();
    await settle();
    expect(signals).toEqual(["end", "finish", "close"]);
  });

  test("the output ends first with allowHalfOpen: false: that ends the writable half", async () => {
    const duplex = asDuplex(taking(2), { allowHalfOpen: false });
    const signals = halves(duplex);
    const got = readOut(duplex);
    watchingWrites(duplex, [0, 1]);
    expect(await got).toEqual([0, 1]);
    await settle();
    expect(signals).toEqual(["end", "finish", "close"]);
  });

  test("the output ends first in a pipeline with a finite source: all settle, and the rest is dropped", async () => {
    const source = new Counter(10_000);
    const sink = new Sink();
    await piping(source, asDuplex(taking(3)), sink);
    expect(sink.written).toEqual([0, 1, 2]);
    expect(source.made).toBe(10_000);
  });

  test("the output ends while the writer is ending", async () => {
    for (const count of [0, 1, 2, 3]) {
      const duplex = asDuplex(taking(2));
      const signals = halves(duplex);
      watchingWrites(duplex, range(count));
      duplex.end();
      expect(await readOut(duplex)).toEqual(range(Math.min(2, count)));
      await settle();
      expect(signals.toSorted()).toEqual(["close", "end", "finish"]);
    }
  });

  test("an output that does not listen to its input: writes wait until it ends, then the input is stopped", async () => {
    const other = producer<string>();
    let input: Producer<unknown> | undefined;
    const duplex = asDuplex((from) => {
      input = from;
      return other;
    });
    const signals = halves(duplex);
    const got = readOut(duplex);
    const { called } = watchingWrites(duplex, [1, 2]);
    other.emit(["a"]);
    await settle();
    expect(called).toEqual([]);
    other.complete();
    expect(await got).toEqual(["a"]);
    await settle();
    expect(called).toEqual([1, 2]);
    expect(input?.snapshot().state).toBe("ended");
    duplex.end();
    await settle();
    expect(signals).toEqual(["end", "finish", "close"]);
  });

  test.each([true, false])("none of which is reported, whoever ends first (allowHalfOpen %s)", async (allowHalfOpen) => {
    const reports: Report[] = [];
    const before = setReporter((report) => reports.push(report));
    for (const stage of [doubling, taking(1), taking(2)]) {
      const duplex = asDuplex(stage, { allowHalfOpen });
      const got = readOut(duplex);
      watchingWrites(duplex, [1, 2]);
      duplex.end();
      await got;
      await settle();
      expect(duplex.closed).toBe(true);
    }
    const destroyed = asDuplex(taking(1)).on("error", () => undefined);
    destroyed.on("end", () => destroyed.destroy());
    destroyed.on("data", () => undefined);
    destroyed.write(1);
    await settle();
    setReporter(before);
    expect(reports.filter(({ kind }) => kind !== "consumer-stopping")).toEqual([]);
  });
});

describe("an error", () => {
  const boom = new Error("boom");

  test("of a stage comes after what it made before, and reaches both halves and its producers", async () => {
    let input: Producer<number> | undefined;
    const duplex = asDuplex((from: Producer<number>) => {
      input = from;
      return producerConsumer({
        subscribeTo: [{ to: from, maxDemand: 1 }],
        handleEvents: (events) => {
          if (events[0] === 3) throw boom;
          return events;
        },
      });
    });
    const signals = halves(duplex);
    const { failed } = watchingWrites(duplex, range(30));
    const got = watching(duplex);
    await settle();
    expect(signals).toEqual([]);
    const seen: unknown[] = [];
    duplex.on("data", (event) => seen.push(event));
    await settle();
    expect(seen).toEqual([0, 1, 2]);
    expect(got.errors).toEqual([boom]);
    expect(signals).toEqual(["error", "close"]);
    expect(failed[0]).toBe(boom);
    expect(await input?.closed).toMatchObject({ type: "shutdown", reason: boom });
  });

  test("of a stage fails a pipeline with the same object, and its source and its target", async () => {
    const source = new Counter(Infinity);
    const sink = new Sink();
    const failing = (input: Producer<number>): Producer<number> =>
      producerConsumer({
        subscribeTo: [input],
        handleEvents: (events) => {
          if (events.includes(20)) throw boom;
          return events;
        },
      });
    await expect(piping(source, asDuplex(failing), sink)).rejects.toBe(boom);
    expect(source.destroyed).toBe(true);
    expect(sink.destroys).toEqual([boom]);
  });

  test("of the source of a pipeline reaches the stages as the same object", async () => {
    const stage = doubler();
    const { closed } = stage;
    const source = new Counter(Infinity, { highWaterMark: 1 });
    const run = piping(source, asDuplex(stage), new Sink({ manual: true, highWaterMark: 1 }));
    for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    source.destroy(boom);
    await expect(run).rejects.toBe(boom);
    expect(["error", "shutdown"]).toContain((await closed).type);
    expect(JSON.stringify(Object.values(await closed).includes(boom))).toBe("true");
  });

  test("of the target of a pipeline stops the stages and the source", async () => {
    const stage = doubler();
    const source = new Counter(Infinity);
    const sink = new Writable({ objectMode: true, write: (event, _encoding, done) => done(event === 20 ? boom : null) });
    await expect(piping(source, asDuplex(stage), sink)).rejects.toBe(boom);
    expect(source.destroyed).toBe(true);
    expect(await stage.closed).toMatchObject({ reason: boom });
  });

  test("of the input alone, whose dispatcher throws, reaches both", async () => {
    const failing = (input: Producer<number>): Producer<number> => producerConsumer({ subscribeTo: [{ to: input, maxDemand: 3 }], handleEvents: (events) => events });
    const duplex = asDuplex(failing);
    const got = watching(duplex);
    duplex.resume();
    await settle();
    duplex.destroy(boom);
    await settle();
    expect(got.errors).toEqual([boom]);
  });

  test("of the input that no stage passes on is told when the output ends normally", async () => {
    const other = producer<number>();
    const careless = (input: Producer<number>): Producer<number> =>
      producerConsumer({
        subscribeTo: [
          { to: input, cancel: "temporary" },
          { to: other, cancel: "permanent" },
        ],
        handleEvents: (events) => events,
      });
    // It asks for many, and so the input fails.
    const duplex = asDuplex(careless, { processed: true });
    const got = watching(duplex);
    const seen: unknown[] = [];
    duplex.on("data", (event) => seen.push(event));
    const { failed } = watchingWrites(duplex, [1]);
    other.emit([7]);
    await settle();
    expect(got.signals).toEqual([]);
    other.complete();
    await settle();
    expect(seen).toEqual([7]);
    expect(got.errors).toMatchObject([{ code: "SLUICE_BAD_PARTNER" }]);
    expect(failed).toEqual(got.errors);
  });

  test("of a stop is a StoppedError, never 'end'", async () => {
    const stage = doubler();
    const duplex = asDuplex(stage);
    const signals = halves(duplex);
    const got = watching(duplex);
    duplex.resume();
    duplex.write(1);
    await settle();
    await stage.stop(boom);
    await settle();
    expect(got.errors[0]).toBeInstanceOf(StoppedError);
    expect(got.errors).toMatchObject([{ cause: boom }]);
    expect(signals).toEqual(["error", "close"]);
  });

  test("comes at once with errors: immediate", async () => {
    const probe = new ProducerProbe<number>();
    const duplex = asDuplex(() => probe.producer as Producer<number>, { errors: "immediate" });
    const got = watching(duplex);
    duplex.read(0);
    await settle();
    await probe.emit(1, 2, 3);
    await probe.fail(boom);
    expect(got.errors).toEqual([boom]);
  });
});

describe("destroy", () => {
  const boom = new Error("boom");

  test.each<[string, Error | undefined]>([
    ["with an error", boom],
    ["without one", undefined],
  ])("%s ends both halves, the stages and a write in progress", async (_how, error) => {
    const stage = doubler();
    const { closed } = stage;
    const duplex = asDuplex(stage);
    const signals = halves(duplex);
    const { failed } = watchingWrites(duplex, range(3));
    duplex.destroy(error);
    await settle();
    expect(signals).toEqual(error === undefined ? ["close"] : ["error", "close"]);
    expect(failed).toHaveLength(3);
    expect((await closed).type).not.toBe("normal");
    if (error !== undefined) expect(Object.values(await closed)).toContain(error);
  });

  test("fails the input for its other consumers, too", async () => {
    for (const error of [boom, undefined]) {
      const ends: unknown[] = [];
      const duplex = asDuplex((input: Producer<number>) => {
        const audit = consumer({ subscribeTo: [input], handleEvents: () => undefined });
        void audit.closed.then((end) => ends.push(end));
        return doubling(input);
      });
      watching(duplex);
      duplex.resume();
      await settle();
      duplex.destroy(error);
      await settle();
      expect(ends).toMatchObject([{ type: "error", error: error ?? { code: "SLUICE_BAD_PARTNER" } }]);
    }
  });

  test("closes when what it stopped has been released", async () => {
    const released = deferred();
    const duplex = asDuplex((input: Producer<number>) => producerConsumer({ subscribeTo: [input], handleEvents: (events) => events, handleStop: () => released.promise }));
    const signals = halves(duplex);
    duplex.resume();
    await settle();
    duplex.destroy();
    await settle();
    expect(signals).toEqual([]);
    released.resolve();
    await settle();
    expect(signals).toEqual(["close"]);
  });

  test("stops what a function made, even if it would wait for others", async () => {
    let made: Producer<number> | undefined;
    const duplex = asDuplex((input: Producer<number>) => (made = producerConsumer({ whenUnused: "wait", subscribeTo: [input], handleEvents: (events) => events })));
    void made?.closed;
    duplex.destroy();
    await settle();
    expect(made?.snapshot().state).toBe("ended");
  });

  test("leaves a stage with other consumers to them", async () => {
    const stage = producerConsumer<number, number>({ dispatcher: broadcastDispatcher(), handleEvents: (events: readonly number[]) => events });
    const other = producer<number>();
    stage.subscribe(other, { cancel: "temporary" });
    const seen: number[] = [];
    const sink = consumer({ subscribeTo: [stage], handleEvents: (events) => void seen.push(...events) });
    void sink.closed;
    const duplex = asDuplex(stage);
    watching(duplex);
    duplex.resume();
    await settle();
    duplex.end();
    await finishing(duplex, { readable: false });
    expect(stage.snapshot().state).not.toBe("running");
    await stage.stop();
  });

  test("inside 'data' is the last of it", async () => {
    const duplex = asDuplex(doubling, { maxDemand: 100 });
    const seen: unknown[] = [];
    const signals = halves(duplex);
    duplex.on("data", (event) => {
      seen.push(event);
      if (event === 4) duplex.destroy();
    });
    for (const event of range(20)) duplex.write(event, () => undefined);
    await settle();
    expect(seen).toEqual([0, 2, 4]);
    expect(signals).toEqual(["close"]);
  });

  test("by a signal has its reason", async () => {
    const controller = new AbortController();
    const stage = doubler();
    const duplex = asDuplex(stage, { signal: controller.signal });
    const got = watching(duplex);
    controller.abort(boom);
    await settle();
    expect(got.errors).toEqual([boom]);
    expect(await stage.closed).toMatchObject({ reason: boom });
  });

  test("by a pipeline that is aborted unwinds all", async () => {
    const controller = new AbortController();
    const stage = doubler();
    const source = new Counter(Infinity);
    const run = piping(source, asDuplex(stage), new Sink({ manual: true, highWaterMark: 1 }), { signal: controller.signal });
    await settle();
    controller.abort(boom);
    await expect(run).rejects.toMatchObject({ name: "AbortError", cause: boom });
    expect(source.destroyed).toBe(true);
    expect(await stage.closed).not.toEqual({ type: "normal" });
  });

  test("is told to finished() of either half", async () => {
    const ends: unknown[] = [];
    const duplex = asDuplex(doubling);
    finished(duplex, { readable: true, writable: false }, (error) => ends.push(error));
    finished(duplex, { readable: false, writable: true }, (error) => ends.push(error));
    duplex.destroy(boom);
    await settle();
    expect(ends).toEqual([boom, boom]);
  });
});

describe("what is left", () => {
  test.each(["end", "error", "destroy", "early end"])("is no listener but those of others after %s", async (how) => {
    const boom = new Error("boom");
    const duplex = asDuplex(how === "early end" ? taking(1) : doubling);
    const before = listeners(duplex);
    const error = (): void => undefined;
    duplex.on("error", error);
    duplex.resume();
    duplex.write(1);
    await settle();
    if (how === "error") duplex.destroy(boom);
    else if (how === "destroy") duplex.destroy();
    else duplex.end();
    await settle();
    expect(duplex.closed).toBe(true);
    duplex.off("error", error);
    expect(listeners(duplex)).toEqual(before);
  });
});

describe("options", () => {
  test.each<[string, AsDuplexOptions | object]>([
    ["objectMode", { objectMode: 1 }],
    ["readableObjectMode", { readableObjectMode: 1 }],
    ["allowHalfOpen", { allowHalfOpen: 1 }],
    ["highWaterMark", { highWaterMark: -1 }],
    ["writableHighWaterMark", { writableHighWaterMark: 0.5 }],
    ["decodeStrings", { decodeStrings: 1 }],
    ["processed", { processed: 1 }],
    ["maxDemand", { maxDemand: 0 }],
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["errors", { errors: "late" }],
    ["nullish", { nullish: "drop" }],
    ["the options of asDuplex", { subscribeTo: [] }],
  ])("refuses a bad %s (%j)", async (option, options) => {
    const stage = doubler();
    expect(() => asDuplex(stage, options)).toThrow(BadOptionError);
    expect(() => asDuplex(stage, options)).toThrow(expect.objectContaining({ option }));
    await settle();
    expect(stage.snapshot()).toMatchObject({ input: { subscriptions: [] }, output: { consumers: [] } });
  });

  test("refuses what is neither a producerConsumer nor a function", () => {
    expect(() => asDuplex(producer<number>() as unknown as ProducerConsumer<number, number>)).toThrow("expected the source of asDuplex to be a producerConsumer");
  });

  test("refuses what a function returns that is no producer, and stops the input", async () => {
    let input: Producer<number> | undefined;
    const make = (from: Producer<number>): Producer<number> => {
      input = from;
      return {} as Producer<number>;
    };
    expect(() => asDuplex(make)).toThrow("expected what the function of asDuplex returns to be a producer");
    expect(await input?.closed).toMatchObject({ type: "shutdown" });
  });

  test("passes on what a function throws, and stops the input", async () => {
    const boom = new Error("boom");
    let input: Producer<number> | undefined;
    expect(() =>
      asDuplex((from: Producer<number>) => {
        input = from;
        throw boom;
      }),
    ).toThrow(boom);
    expect(await input?.closed).toEqual({ type: "shutdown", reason: boom });
  });

  test("sets the marks and the modes of both halves", () => {
    const duplex = asDuplex(doubler(), { readableObjectMode: false, highWaterMark: 7, writableHighWaterMark: 3 });
    expect(duplex).toBeInstanceOf(Duplex);
    expect([duplex.readableObjectMode, duplex.writableObjectMode, duplex.readableHighWaterMark, duplex.writableHighWaterMark]).toEqual([false, true, 7, 3]);
    duplex.destroy();
  });

  test("names the input", async () => {
    const stage = doubler();
    const duplex = asDuplex(stage, { name: "what comes in" });
    await settle();
    expect(stage.snapshot().input?.subscriptions.map(({ name }) => name)).toEqual(["what comes in"]);
    duplex.destroy();
  });
});

test("reads like any Readable", async () => {
  for (const way of ["for await", "data", "readable"] as const) {
    const duplex = asDuplex(doubling);
    const got = read(duplex, way);
    for (const event of range(50)) duplex.write(event);
    duplex.end();
    expect((await got).events).toEqual(range(50).map((n) => 2 * n));
  }
});

test("lets the event loop turn while what is written behind the end of the output is dropped", async () => {
  const stage = producerConsumer<number, number>({
    handleEvents(list, _, self) {
      self.complete();
      return list;
    },
  });
  const duplex = asDuplex(stage);
  const events: unknown[] = [];
  duplex.on("data", (event) => events.push(event));
  const ended = new Promise((resolve) => duplex.once("end", resolve));
  duplex.write(0);
  await ended;
  let turns = 0;
  let isDone = false;
  const turn = (): void => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await new Promise<void>((resolve) => {
    let written = 0;
    const write = (): void => {
      written += 1;
      if (written <= 100) duplex.write(written, write);
      else resolve();
    };
    write();
  });
  isDone = true;
  expect(events).toEqual([0]);
  expect(turns).toBeGreaterThan(50);
  duplex.destroy();
});
