import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { Duplex, PassThrough, Transform, type DuplexOptions, type TransformCallback } from "node:stream";
import { createGunzip, createGzip, gunzipSync, gzipSync } from "node:zlib";
import { parse } from "csv-parse";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ADOPT, BadOptionError, StoppedError, consumer, fromIterable, pipeline, producer, type ProducerConsumer, type Report } from "sluice";
import { fromReadable, intoWritable, throughDuplex, type DuplexLike, type ThroughDuplexOptions } from "sluice/node";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { listeners } from "../support/listeners.ts";
import { Counter, Sink } from "../support/streams.ts";

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

/** A Transform of objects that counts its events, and how often it was destroyed. */
class Doubler extends Transform {
  seen = 0;
  readonly destroys: unknown[] = [];

  constructor(options: DuplexOptions = {}) {
    super({ objectMode: true, ...options });
  }

  override _transform(event: number, _encoding: string, done: TransformCallback): void {
    this.seen += 1;
    done(null, 2 * event);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.destroys.push(error);
    done(error);
  }
}

/** A stage between two probes. */
function between(duplex: DuplexLike, options: ThroughDuplexOptions<unknown, unknown> = {}): {
  up: ProducerProbe<unknown>;
  stage: ProducerConsumer<unknown, unknown>;
  down: ConsumerProbe<unknown>;
} {
  const up = new ProducerProbe<unknown>({ name: "up" });
  const stage = throughDuplex(duplex, { subscribeTo: [up.producer], ...options });
  return { up, stage, down: new ConsumerProbe(stage) };
}

describe("what goes through", () => {
  test("is compressed by gzip, and by gunzip back again", async () => {
    const lines = range(20_000).map((n) => `line ${n}\n`);
    const sink = new Sink({ objectMode: false });
    await pipeline(fromIterable(lines), throughDuplex<string, Buffer>(createGzip()), throughDuplex<Buffer, Buffer>(createGunzip()), intoWritable<Buffer>(sink));
    expect(Buffer.concat(sink.written as Buffer[]).toString()).toBe(lines.join(""));
  });

  test("may grow a thousand times, chunk by chunk, as it is demanded", async () => {
    const zipped = gzipSync(Buffer.alloc(10_000_000));
    const gunzip = createGunzip();
    let size = 0;
    let ahead = 0;
    for await (const chunk of throughDuplex<Buffer, Buffer>(gunzip, { subscribeTo: [fromIterable([zipped])] })) {
      size += chunk.length;
      ahead = Math.max(ahead, gunzip.readableLength);
    }
    expect(size).toBe(10_000_000);
    expect(ahead).toBeLessThan(100_000);
  });

  test("is made objects by a Transform, 100,000 of them", async () => {
    let sum = 0;
    const doubled = throughDuplex<number, number>(new Doubler(), { subscribeTo: [fromIterable(range(100_000))] });
    for await (const batch of doubled.batches()) for (const event of batch) sum += event;
    expect(sum).toBe(100_000 * 99_999);
  });

  test.each([0, 1, 16])("may pass a Duplex with high-water marks of %i", async (highWaterMark) => {
    const { events } = await all(throughDuplex<number, number>(new Doubler({ highWaterMark }), { subscribeTo: [fromIterable(range(100))] }));
    expect(events).toEqual(range(100).map((n) => 2 * n));
  });

  test("may pass a Duplex that calls back within write, and drops most", async () => {
    const inner = new PassThrough({ objectMode: true });
    const duplex: DuplexLike = {
      on: (event, listener) => inner.on(event, listener),
      removeListener: (event, listener) => inner.removeListener(event, listener),
      destroy: (error) => inner.destroy(error),
      read: (size) => inner.read(size) as unknown,
      write(event, done) {
        if (event === 99) inner.write(event);
        done();
        return true;
      },
      end: () => inner.end(),
      readableObjectMode: true,
      writableObjectMode: true,
    };
    expect(await all(throughDuplex(duplex, { subscribeTo: [fromIterable(range(100))] }))).toEqual({ events: [99] });
  });

  test("is parsed by csv-parse", async () => {
    const text = "name,size\nann,1\nbob,2\n";
    const records = throughDuplex<string, { name: string; size: string }>(parse({ columns: true }), { subscribeTo: [fromIterable([text.slice(0, 13), text.slice(13)])] });
    expect((await all(records)).events).toEqual([
      { name: "ann", size: "1" },
      { name: "bob", size: "2" },
    ]);
  });

  test("may be ten times as much, one event at a time", async () => {
    const expander = new Transform({
      objectMode: true,
      transform(event: number, _encoding, done) {
        for (let copy = 0; copy < 100; copy += 1) this.push(100 * event + copy);
        done();
      },
    });
    const { events } = await all(throughDuplex<number, number>(expander, { subscribeTo: [fromIterable(range(5))] }));
    expect(events).toEqual(range(500));
  });

  test("may be less: what is dropped costs no demand", async () => {
    const dropper = new Transform({ objectMode: true, transform: (event: number, _encoding, done) => done(null, event % 1000 === 0 ? event : undefined) });
    const { events } = await all(throughDuplex<number, number>(dropper, { subscribeTo: [fromIterable(range(5000))] }));
    expect(events).toEqual([0, 1000, 2000, 3000, 4000]);
  });

  test("may come at the end: what flush makes arrives before the end, on demand", async () => {
    const summer = new Transform({
      objectMode: true,
      transform: (_event, _encoding, done) => done(),
      flush(done) {
        for (const event of range(50)) this.push(event);
        done();
      },
    });
    const { up, down } = between(summer);
    await down.ask(10);
    await up.emit(1, 2, 3);
    await up.complete();
    expect(down.events).toEqual(range(10));
    expect(down.end).toBeUndefined();
    await down.ask(40);
    expect(down.events).toEqual(range(50));
    expect(down.end).toEqual({ type: "normal" });
  });

  test("may come late and out of step", async () => {
    const held: unknown[] = [];
    const late = new Duplex({
      objectMode: true,
      read() {},
      write(event, _encoding, done) {
        held.push(event);
        if (held.length % 3 === 0) for (const each of held.splice(0).reverse()) this.push(each);
        setImmediate(done);
      },
      final(done) {
        setImmediate(() => {
          this.push("rest");
          this.push(null);
          done();
        });
      },
    });
    const { events } = await all(throughDuplex(late, { subscribeTo: [fromIterable(range(7))] }));
    expect(events).toEqual([2, 1, 0, 5, 4, 3, "rest"]);
  });

  test("carries null and undefined through a PassThrough with nullish: wrap", async () => {
    const values = [null, 1, undefined];
    const stage = throughDuplex(new PassThrough({ objectMode: true }), { subscribeTo: [fromIterable<unknown>(values)], nullish: "wrap" });
    expect((await all(stage)).events).toEqual(values);
  });

  test("fails at null otherwise, after what came before it", async () => {
    const { up, stage, down } = between(new PassThrough({ objectMode: true }), { name: "through" });
    const { closed } = stage;
    await down.ask(10);
    await up.emit(1, 2, null, 3);
    expect(down.events).toEqual([1, 2]);
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_EVENT", message: expect.stringContaining("the events of through") } });
    expect(up.cancels).toHaveLength(1);
  });

  test("passes a PassThrough between two streams", async () => {
    const sink = new Sink();
    await pipeline(fromReadable<number>(new Counter(3000)), throughDuplex<number, number>(new PassThrough({ objectMode: true })), intoWritable<number>(sink));
    expect(sink.written).toEqual(range(3000));
  });

  test("goes over a socket and back", async () => {
    const server = createServer((socket) => socket.pipe(socket));
    const socket = await connect(server);
    const { events } = await all(throughDuplex<string, Buffer>(socket, { subscribeTo: [fromIterable(range(1000).map((n) => `${n} `))] }));
    expect(Buffer.concat(events).toString()).toBe(range(1000).map((n) => `${n} `).join(""));
    expect(socket.destroyed).toBe(true);
    server.close();
  });
});

describe("demand", () => {
  test("asks the producer by the window of the stage, and feeds nothing before anybody demands", async () => {
    const duplex = new Doubler();
    const { up, down } = between(duplex, { maxDemand: 10 });
    await up.emit(1, 2, 3);
    expect(up.asks).toEqual([10]);
    expect(duplex.seen).toBe(0);
    await down.ask(1);
    expect(down.events).toEqual([2]);
    expect(duplex.seen).toBe(1);
  });

  test("asks for 1,000 objects, or for 16 chunks of bytes", async () => {
    const objects = between(new Doubler());
    const bytes = between(createGzip());
    await settle();
    expect(objects.up.asks).toEqual([1000]);
    expect(bytes.up.asks).toEqual([16]);
  });

  test("lets no more be in flight than was demanded", async () => {
    const callbacks: TransformCallback[] = [];
    const slow = new Transform({ objectMode: true, transform: (_event, _encoding, done) => void callbacks.push(done) });
    const { up, down } = between(slow);
    await down.ask(3);
    await up.emit(...range(100));
    expect(callbacks.length + slow.writableLength - 1).toBeLessThanOrEqual(3);
    for (const event of range(3)) {
      callbacks.shift()?.(null, event);
      await settle();
    }
    expect(down.events).toEqual([0, 1, 2]);
    expect(slow.writableLength).toBe(0);
  });

  test("never reads more than was demanded", async () => {
    const expander = new Transform({
      objectMode: true,
      transform(event: number, _encoding, done) {
        for (let copy = 0; copy < 100; copy += 1) this.push(100 * event + copy);
        done();
      },
    });
    const { up, stage, down } = between(expander);
    await down.ask(5);
    await up.emit(0, 1, 2);
    expect(down.events).toEqual(range(5));
    expect(stage.bufferedCount).toBe(0);
    expect(expander.readableLength).toBe(95);
    await down.ask(95);
    expect(down.events).toEqual(range(100));
  });

  test("keeps what was made and not consumed within the window and the marks of the Duplex", async () => {
    const enough = deferred();
    let made = 0;
    let handled = 0;
    let greatest = 0;
    const source = producer<number>({
      handleDemand(demand) {
        made += demand;
        greatest = Math.max(greatest, made - handled);
        if (made > 20_000) return undefined;
        return range(demand, made - demand);
      },
    });
    const stage = throughDuplex<number, number>(new Doubler(), { subscribeTo: [{ to: source, maxDemand: 20 }] });
    const sink = consumer({
      subscribeTo: [{ to: stage, maxDemand: 10 }],
      async handleEvents(events) {
        await Promise.resolve();
        handled += events.length;
        if (handled >= 10_000) enough.resolve();
      },
    });
    await enough.promise;
    expect(greatest).toBeLessThanOrEqual(20 + 10 + 16 + 16);
    await sink.stop();
  });

  test("counts events as handled when their callbacks have been called", async () => {
    const callbacks: TransformCallback[] = [];
    const slow = new Transform({ objectMode: true, transform: (_event, _encoding, done) => void callbacks.push(done) });
    const { up, stage, down } = between(slow, { maxDemand: 4, minDemand: 2 });
    await down.ask(10);
    await up.emit(1, 2);
    expect(stage.snapshot().input).toMatchObject({ received: 2, inCallback: 2, handled: 0 });
    callbacks.shift()?.();
    await settle();
    callbacks.shift()?.();
    await settle();
    expect(stage.snapshot().input).toMatchObject({ received: 2, inCallback: 0, handled: 2 });
    expect(up.asks).toEqual([4, 2]);
  });
});

describe("a normal end", () => {
  test("comes when both halves have ended and the Duplex has closed", async () => {
    const close = deferred();
    const closing = new Transform({ objectMode: true, transform: (event, _encoding, done) => done(null, event), destroy: (_error, done) => void close.promise.then(() => done(null)) });
    const { up, stage, down } = between(closing);
    await down.ask(5);
    await up.emit(1);
    await up.complete();
    expect(down.events).toEqual([1]);
    expect(down.end).toBeUndefined();
    expect(stage.snapshot().state).toBe("stopping");
    close.resolve();
    await settle();
    expect(down.end).toEqual({ type: "normal" });
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("needs no demand", async () => {
    const { up, down } = between(new Doubler());
    await up.complete();
    expect(down.end).toEqual({ type: "normal" });
  });

  test.each([
    { first: "the readable half", allowHalfOpen: true },
    { first: "the readable half", allowHalfOpen: false },
    { first: "the writable half", allowHalfOpen: true },
    { first: "the writable half", allowHalfOpen: false },
  ])("comes when $first ends first (allowHalfOpen: $allowHalfOpen)", async ({ first, allowHalfOpen }) => {
    const written: unknown[] = [];
    const duplex = new Duplex({
      objectMode: true,
      allowHalfOpen,
      read() {},
      write(event, _encoding, done) {
        written.push(event);
        done();
      },
    });
    const reports: Report[] = [];
    const { up, stage, down } = between(duplex, { handleReport: (report) => reports.push(report) });
    await down.ask(10);
    await up.emit(1);
    if (first === "the readable half") {
      duplex.push("a");
      duplex.push(null);
      await settle();
      expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown" } }]);
    } else {
      await up.complete();
      expect(duplex.writableFinished).toBe(true);
      expect(down.end).toBeUndefined();
      duplex.push("a");
      duplex.push(null);
      await settle();
    }
    expect(written).toEqual([1]);
    expect(down.events).toEqual(["a"]);
    expect(down.end).toEqual({ type: "normal" });
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(duplex.closed).toBe(true);
    expect(duplex.errored).toBeNull();
    expect(reports.filter(({ kind }) => kind !== "consumer-stopping")).toEqual([]);
  });

  test("comes soon when the readable half ends first while a write is stuck", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const duplex = new Duplex({ objectMode: true, read() {}, write() {} });
    const { up, stage, down } = between(duplex, { closeWithinMs: 50 });
    await down.ask(10);
    await up.emit(1, 2, 3);
    duplex.push(null);
    await settle();
    expect(up.cancels).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(50);
    await settle();
    expect(down.end).toEqual({ type: "normal" });
    expect(duplex.destroyed).toBe(true);
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("does not wait longer than closeWithinMs for a writable half that cannot finish", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const duplex = new Duplex({ objectMode: true, read() {}, write: (_event, _encoding, done) => done(), final() {} });
    const { up, down } = between(duplex, { closeWithinMs: 50 });
    await down.ask(1);
    await up.complete();
    duplex.push(null);
    await settle();
    expect(down.end).toBeUndefined();
    await vi.advanceTimersByTimeAsync(50);
    await settle();
    expect(down.end).toEqual({ type: "normal" });
    expect(duplex.destroyed).toBe(true);
  });

  test("stops an endless producer when a Transform has enough", async () => {
    let taken = 0;
    const five = new Transform({
      objectMode: true,
      transform(event, _encoding, done) {
        taken += 1;
        if (taken <= 5) this.push(event);
        if (taken === 5) this.push(null);
        done();
      },
    });
    const source = new Counter();
    const { events } = await all(throughDuplex<number, number>(five, { subscribeTo: [fromReadable<number>(source)] }));
    expect(events).toEqual(range(5));
    expect(source.destroyed).toBe(true);
    expect(five.closed).toBe(true);
  });
});

describe("an error", () => {
  const boom = new Error("boom");

  test("of the Duplex reaches both sides as the same object, after what it made", async () => {
    const failing = new Transform({
      objectMode: true,
      transform: (event: number, _encoding, done) => (event < 3 ? done(null, event) : done(boom)),
    });
    const { up, stage, down } = between(failing);
    const { closed } = stage;
    await down.ask(100);
    await up.emit(...range(10));
    expect(down.events).toEqual([0, 1, 2]);
    expect(down.end).toEqual({ type: "error", error: boom });
    expect((down.end as { error: unknown }).error).toBe(boom);
    expect(up.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: boom } }]);
    expect(await closed).toEqual({ type: "error", error: boom });
  });

  test("of the Duplex waits behind what was not demanded yet, but cancels the producers at once", async () => {
    const expander = new Doubler();
    const { up, down } = between(expander);
    await down.ask(1);
    await up.emit(1);
    expander.push("more");
    expander.destroy(boom);
    await settle();
    expect(up.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: boom } }]);
    expect(down.end).toBeUndefined();
    await down.ask(1);
    expect(down.events).toEqual([2, "more"]);
    expect(down.end).toEqual({ type: "error", error: boom });
  });

  test("of gunzip is one error for a pipeline", async () => {
    const damaged = gzipSync("hello".repeat(1000));
    damaged[20] = 0xff;
    damaged[21] = 0xff;
    const sink = new Sink({ objectMode: false });
    const gunzip = createGunzip();
    const error: unknown = await pipeline(fromIterable([damaged]), throughDuplex<Buffer, Buffer>(gunzip), intoWritable<Buffer>(sink)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: expect.stringMatching(/^Z_/) });
    expect(gunzip.errored).toBe(error);
    expect(sink.errored).toBe(error);
  });

  test("of flush comes instead of the end", async () => {
    const failing = new Transform({ objectMode: true, transform: (event, _encoding, done) => done(null, event), flush: (done) => done(boom) });
    const { up, down } = between(failing);
    await down.ask(5);
    await up.emit(1);
    await up.complete();
    expect(down.events).toEqual([1]);
    expect(down.end).toEqual({ type: "error", error: boom });
  });

  test("of the clean-up turns a normal end into it", async () => {
    const failing = new Transform({ objectMode: true, transform: (event, _encoding, done) => done(null, event), destroy: (_error, done) => done(boom) });
    const { up, down } = between(failing);
    await down.ask(5);
    await up.complete();
    expect(down.end).toEqual({ type: "error", error: boom });
  });

  test("of a producer destroys the Duplex with it, once, and follows what was made", async () => {
    const duplex = new Doubler();
    const { up, stage, down } = between(duplex);
    const { closed } = stage;
    await down.ask(2);
    await up.emit(1, 2);
    duplex.push("more");
    await up.fail(boom);
    expect(duplex.destroys).toEqual([boom]);
    expect(down.events).toEqual([2, 4]);
    expect(down.end).toBeUndefined();
    await down.ask(1);
    expect(down.events).toEqual([2, 4, "more"]);
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(await closed).toEqual({ type: "error", error: boom });
  });

  test.each([[undefined], [null], ["a string"], [Object.freeze({ code: 1 })]])("of a producer may be anything: %s", async (reason) => {
    const duplex = new Doubler();
    const { up, down } = between(duplex);
    await down.ask(2);
    await up.emit(1);
    await up.fail(reason);
    expect(down.events).toEqual([2]);
    expect(down.end).toEqual({ type: "error", error: reason });
    expect(duplex.destroyed).toBe(true);
  });

  test("is a close before the end", async () => {
    const duplex = new Doubler();
    const { up, down } = between(duplex);
    await down.ask(2);
    duplex.destroy();
    await settle();
    expect(down.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
    expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "error" } }]);
  });

  test("is the close of a socket by its peer in the middle", async () => {
    const server = createServer((peer) => peer.once("data", () => peer.resetAndDestroy()));
    const socket = await connect(server);
    const source = producer<string>({ handleDemand: (demand) => Array.from({ length: demand }, () => "x".repeat(1000)) });
    const { error } = await all(throughDuplex<string, Buffer>(socket, { subscribeTo: [source] }));
    expect(error).toMatchObject({ code: expect.stringMatching(/^(ECONNRESET|EPIPE)$/) });
    expect(await source.closed).toMatchObject({ type: "shutdown" });
    expect(socket.destroyed).toBe(true);
    server.close();
  });

  test("that a Duplex had before is told to the first consumer, and nothing is pulled", async () => {
    const duplex = new Doubler();
    duplex.destroy(boom);
    const { up, down } = between(duplex);
    await settle();
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(up.asks).toEqual([]);
  });

  test("of the stage itself reaches the producers", async () => {
    const duplex = new Doubler();
    const { up, stage, down } = between(duplex, {
      bufferSize: 1,
      bufferKeep: "last",
      handleDiscarded: () => {
        throw boom;
      },
    });
    const { closed } = stage;
    const other = new ConsumerProbe(stage);
    await down.ask(3);
    await down.cancel();
    await up.emit(1, 2, 3);
    await other.ask(1);
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "error", error: boom } }]);
    expect(duplex.destroys).toEqual([boom]);
  });
});

describe("a cancel", () => {
  test("by a break unwinds the stage, its Duplex and its producer, and waits for them", async () => {
    const source = new Counter(Infinity, { destroy: (error, done) => void setImmediate(() => done(error)) });
    const duplex = new Doubler();
    const doubled = throughDuplex<number, number>(duplex, { subscribeTo: [{ to: fromReadable<number>(source), maxDemand: 4 }] });
    for await (const event of doubled) if (event === 4) break;
    expect(duplex.destroys).toEqual([null]);
    expect(source.closed).toBe(true);
    // Three were consumed, one more may be in the Duplex, four are in flight, and the stream holds 16.
    expect(source.made).toBeLessThanOrEqual(3 + 1 + 4 + 16);
    expect(await doubled.closed).toMatchObject({ type: "shutdown" });
  });

  test("by a stop is a shutdown on both sides, with its reason", async () => {
    const reason = new Error("enough");
    const duplex = new Doubler();
    const { up, stage, down } = between(duplex, { name: "double" });
    await down.ask(2);
    await stage.stop(reason);
    expect(down.end).toEqual({ type: "shutdown", reason });
    expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown", reason } }]);
    expect(duplex.destroys).toEqual([reason]);
    expect(stage.snapshot().state).toBe("ended");
  });

  test("does not wait for a write that is stuck", async () => {
    const duplex = new Duplex({ objectMode: true, read() {}, write() {} });
    const { up, stage, down } = between(duplex);
    await down.ask(2);
    await up.emit(1, 2, 3);
    await stage.stop();
    expect(duplex.destroyed).toBe(true);
    expect(up.cancels).toHaveLength(1);
  });

  test("does not wait for demand that never comes", async () => {
    const { up, stage } = between(new Doubler());
    await up.emit(1, 2, 3);
    await stage.stop();
    expect(up.cancels).toHaveLength(1);
  });

  test("follows an abort", async () => {
    const controller = new AbortController();
    const reason = new Error("aborted");
    const { stage, down } = between(new Doubler(), { signal: controller.signal });
    await down.ask(1);
    controller.abort(reason);
    expect(await stage.closed).toEqual({ type: "shutdown", reason });
  });

  test("of the producer is a shutdown of the stage, never a normal end", async () => {
    const source = producer<number>();
    const duplex = new Doubler();
    const stage = throughDuplex<number, number>(duplex, { name: "double", subscribeTo: [source] });
    const got = all(stage);
    await settle();
    source.emit([1]);
    await settle();
    await source.stop("enough");
    const { events, error } = await got;
    expect(events).toEqual([2]);
    expect(error).toBeInstanceOf(StoppedError);
    expect(error).toMatchObject({ cause: "enough" });
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(duplex.destroyed).toBe(true);
  });

  test("of one of two consumers leaves the other its events", async () => {
    const { up, stage, down } = between(new Doubler());
    const other = new ConsumerProbe(stage);
    await down.ask(2);
    await other.ask(2);
    await down.cancel();
    await up.emit(1, 2, 3, 4);
    expect(down.events).toEqual([]);
    expect(other.events).toEqual([2, 4]);
    await other.ask(2);
    expect(other.events).toEqual([2, 4, 6, 8]);
    await stage.stop();
  });

  test.each<[string, (up: ProducerProbe<unknown>, stage: ProducerConsumer<unknown, unknown>, duplex: Doubler) => unknown]>([
    ["a normal end", (up) => up.complete()],
    ["an error of the producer", (up) => up.fail(new Error("boom"))],
    ["an error of the Duplex", (_up, _stage, duplex) => duplex.destroy(new Error("boom"))],
    ["a premature close", (_up, _stage, duplex) => duplex.destroy()],
    ["a stop", (_up, stage) => stage.stop()],
    ["an early end of the readable half", (_up, _stage, duplex) => duplex.push(null)],
  ])("or another end (%s) leaves no listener, and has destroyed the Duplex once", async (_how, end) => {
    const duplex = new Doubler();
    const before = listeners(duplex);
    const { up, stage, down } = between(duplex);
    const { closed } = stage;
    await down.ask(5);
    await up.emit(1, 2);
    await end(up, stage, duplex);
    await closed;
    await settle();
    expect(down.ends).toHaveLength(1);
    expect(listeners(duplex)).toEqual(before);
    expect(duplex.destroys).toHaveLength(1);
  });
});

describe("the stage", () => {
  test("shows what came in and what went out", async () => {
    const { up, stage, down } = between(new Doubler(), { name: "double", maxDemand: 10, timing: true });
    expect(stage).toMatchObject({ name: "double", role: "producerConsumer", demandMode: "forward" });
    await settle();
    expect(stage.snapshot()).toMatchObject({ state: "running", waitingFor: "demand" });
    await down.ask(5);
    expect(stage.snapshot()).toMatchObject({ state: "running", waitingFor: "events" });
    await up.emit(1, 2);
    await up.complete();
    expect(stage.snapshot()).toMatchObject({
      name: "double",
      role: "producerConsumer",
      state: "ended",
      waitingFor: "ended",
      input: { received: 2, handled: 2 },
      output: { emitted: 2, delivered: 2, maxBuffered: 0 },
      timeMs: { busy: expect.any(Number), starved: expect.any(Number), blocked: expect.any(Number) },
    });
  });

  test("is flushed when what it took has gone", async () => {
    const { up, stage, down } = between(new Doubler());
    await down.ask(5);
    await up.emit(1, 2);
    await stage.flushed();
    stage.info("nobody listens");
    await expect(stage.stop().then(() => stage.flushed())).rejects.toBeInstanceOf(StoppedError);
  });

  test("subscribes to several producers, and ends when all have ended", async () => {
    const stage = throughDuplex<number, number>(new Doubler(), { subscribeTo: [fromIterable([1, 2])] });
    stage.subscribe(fromIterable([10, 20]));
    const { events } = await all(stage);
    expect(events.toSorted((a, b) => a - b)).toEqual([2, 4, 20, 40]);
  });

  test("can be read event by event with read-ahead", async () => {
    const stage = throughDuplex<number, number>(new Doubler(), { subscribeTo: [fromIterable(range(100))] });
    const got: number[] = [];
    for await (const event of stage.events({ maxDemand: 7 })) got.push(event);
    expect(got).toEqual(range(100).map((n) => 2 * n));
  });

  test("stops when it is disposed of", async () => {
    const duplex = new Doubler();
    {
      await using stage = throughDuplex<number, number>(duplex);
      expect(stage.bufferedCount).toBe(0);
    }
    expect(duplex.destroyed).toBe(true);
  });

  test("does not hold demand back", () => {
    const stage = throughDuplex(new Doubler());
    expect(() => stage.setDemandMode("accumulate")).toThrow(BadOptionError);
    stage.setDemandMode("forward");
  });

  test("has one owner, and does not stop for want of consumers in its care", async () => {
    const { up, stage, down } = between(new Doubler());
    expect(stage[ADOPT](up)).toBe(true);
    expect(stage[ADOPT](down)).toBe(false);
    await down.cancel();
    expect(stage.snapshot().state).toBe("running");
    await stage.stop();
  });
});

describe("options", () => {
  test.each<[string, object]>([
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["maxDemand", { maxDemand: 0 }],
    ["bufferSize", { bufferSize: 0 }],
    ["the options of throughDuplex", { handleEvents: () => undefined }],
    ["the options of throughDuplex", { handleSubscribe: () => undefined }],
    ["the options of producer", { concurrency: 3 }],
    ["the producer of a subscription", { subscribeTo: [{}] }],
  ])("refuses a bad %s, and leaves the Duplex alone", (option, options) => {
    const duplex = new Doubler();
    const before = listeners(duplex);
    expect(() => throughDuplex(duplex, options)).toThrow(expect.objectContaining({ option }));
    expect(listeners(duplex)).toEqual(before);
  });

  test("refuses what is no Duplex", () => {
    expect(() => throughDuplex(new Counter() as unknown as DuplexLike)).toThrow("expected the duplex of throughDuplex to be a Node Duplex, got: an instance of Counter");
  });
});

async function connect(server: Server): Promise<Socket> {
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const socket = createConnection({ port: (server.address() as AddressInfo).port });
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return socket;
}

// A check of the test's own tools: gunzipSync takes what gzip made.
test("gzip makes what gunzip takes", async () => {
  const { events } = await all(throughDuplex<string, Buffer>(createGzip(), { subscribeTo: [fromIterable(["a", "b"])] }));
  expect(gunzipSync(Buffer.concat(events)).toString()).toBe("ab");
});
