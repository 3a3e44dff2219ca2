import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ADOPT, StoppedError, consumer, fromIterable, inNextTurn, pipeline, producer, type ProducerConsumer, type Report } from "sluice";
import { fromReadableStream, intoWritableStream, throughTransformStream, type ThroughTransformStreamOptions, type TransformStreamLike } from "sluice/web";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { WebSink } from "../support/web-streams.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");

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

interface Counted extends TransformStreamLike<number, number> {
  seen: number;
  controller: TransformStreamDefaultController<number>;
  readonly readable: ReadableStream<number>;
  readonly writable: WritableStream<number>;
}

/** A TransformStream that doubles numbers, and counts what it has seen. */
function doubler(writable?: QueuingStrategy<number>, readable?: QueuingStrategy<number>): Counted {
  const counted = { seen: 0 } as Counted;
  return Object.assign(
    counted,
    pairOf(
      new TransformStream<number, number>(
        {
          start(controller) {
            counted.controller = controller;
          },
          transform(event, controller) {
            counted.seen += 1;
            controller.enqueue(2 * event);
          },
        },
        writable,
        readable,
      ),
    ),
  );
}

function pairOf<In, Out>({ readable, writable }: TransformStream<In, Out>): { readonly readable: ReadableStream<Out>; readonly writable: WritableStream<In> } {
  return { readable, writable };
}

/** A stage between two probes. */
function between<In = unknown, Out = unknown>(pair: TransformStreamLike<In, Out>, options: ThroughTransformStreamOptions<In, Out> = {}): { up: ProducerProbe<In>; stage: ProducerConsumer<In, Out>; down: ConsumerProbe<Out> } {
  const up = new ProducerProbe<In>({ name: "up" });
  const stage = throughTransformStream(pair, { subscribeTo: [up.producer], ...options });
  return { up, stage, down: new ConsumerProbe(stage) };
}

/** Two halves that a test drives by hand. */
function handmade(highWaterMark = 1): { pair: TransformStreamLike<unknown, unknown>; sink: WebSink; readable: ReadableStreamDefaultController<unknown>; cancels: unknown[] } {
  const sink = new WebSink({ manual: true, highWaterMark });
  const cancels: unknown[] = [];
  let readable!: ReadableStreamDefaultController<unknown>;
  const stream = new ReadableStream<unknown>({ start: (controller) => void (readable = controller), cancel: (reason) => void cancels.push(reason) }, { highWaterMark: 0 });
  return { pair: { writable: sink.stream, readable: stream }, sink, readable, cancels };
}

describe("what goes through", () => {
  test("is compressed, and decompressed back again", async () => {
    const lines = range(20_000).map((n) => `line ${n}\n`);
    const encode = (lists: readonly string[]): readonly Uint8Array<ArrayBuffer>[] => lists.map((line) => new TextEncoder().encode(line));
    const sink = new WebSink<string>();
    await pipeline(
      fromIterable(encode(lines)),
      throughTransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(new CompressionStream("gzip")),
      throughTransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>(new DecompressionStream("gzip")),
      throughTransformStream<Uint8Array<ArrayBuffer>, string>(new TextDecoderStream()),
      intoWritableStream<string>(sink.stream),
    );
    expect(sink.written.join("")).toBe(lines.join(""));
  });

  test("is gzip that others understand", async () => {
    const { events } = await all(throughTransformStream<Uint8Array<ArrayBuffer>, Uint8Array>(new CompressionStream("gzip"), { subscribeTo: [fromIterable([new TextEncoder().encode("hello")])] }));
    expect(gunzipSync(Buffer.concat(events)).toString()).toBe("hello");
  });

  test("is text whose characters were split", async () => {
    const bytes = new TextEncoder().encode("añ€😀b");
    const { events } = await all(throughTransformStream<Uint8Array<ArrayBuffer>, string>(new TextDecoderStream(), { subscribeTo: [fromIterable(Array.from(bytes, (byte) => Uint8Array.of(byte)))] }));
    expect(events.join("")).toBe("añ€😀b");
  });

  test.each([0, 1, 16])("may pass a TransformStream with high-water marks of %i", async (highWaterMark) => {
    const { events } = await all(throughTransformStream(doubler({ highWaterMark }, { highWaterMark }), { subscribeTo: [fromIterable(range(100))] }));
    expect(events).toEqual(range(100).map((n) => 2 * n));
  });

  test("may be ten times as much, one event at a time", async () => {
    const expander = new TransformStream<number, number>({
      transform(event, controller) {
        for (let copy = 0; copy < 100; copy += 1) controller.enqueue(100 * event + copy);
      },
    });
    const { events } = await all(throughTransformStream(expander, { subscribeTo: [fromIterable(range(5))] }));
    expect(events).toEqual(range(500));
  });

  test("may be less: what is dropped costs no demand", async () => {
    const dropper = new TransformStream<number, number>({ transform: (event, controller) => void (event % 1000 === 0 && controller.enqueue(event)) });
    const { events } = await all(throughTransformStream(dropper, { subscribeTo: [fromIterable(range(5000))] }));
    expect(events).toEqual([0, 1000, 2000, 3000, 4000]);
  });

  test("may come at the end: what flush makes arrives before the end, on demand", async () => {
    const summer = new TransformStream<number, number>({
      transform: () => undefined,
      flush(controller) {
        for (const event of range(50)) controller.enqueue(event);
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
    const held: number[] = [];
    const late = new TransformStream<number, number | string>({
      async transform(event, controller) {
        await new Promise((resolve) => setImmediate(resolve));
        held.push(event);
        if (held.length % 3 === 0) for (const each of held.splice(0).reverse()) controller.enqueue(each);
      },
      async flush(controller) {
        await new Promise((resolve) => setImmediate(resolve));
        controller.enqueue("rest");
      },
    });
    const { events } = await all(throughTransformStream(late, { subscribeTo: [fromIterable(range(7))] }));
    expect(events).toEqual([2, 1, 0, 5, 4, 3, "rest"]);
  });

  test("is any value", async () => {
    const frozen = Object.freeze({ done: true });
    const values = [undefined, null, 0, "", false, frozen, frozen, [1, 2], Promise.resolve(1)];
    const { up, down } = between(new TransformStream<unknown, unknown>());
    await down.ask(20);
    await up.emit(...values);
    for (const [index, value] of values.entries()) expect(down.events[index]).toBe(value);
    await up.complete();
  });

  test("passes a row of streams and stages", async () => {
    const sink = new WebSink<number>();
    const numbers = new ReadableStream<number>({
      start(controller) {
        for (const event of range(500)) controller.enqueue(event);
        controller.close();
      },
    });
    await pipeline(fromReadableStream<number>(numbers), throughTransformStream(doubler()), throughTransformStream(doubler()), intoWritableStream<number>(sink.stream));
    expect(sink.written).toEqual(range(500).map((n) => 4 * n));
  });
});

describe("demand", () => {
  test("asks the producer by the window of the stage, and feeds nothing before anybody demands", async () => {
    const pair = doubler();
    const { up, down } = between(pair, { maxDemand: 10 });
    await settle();
    await up.emit(1, 2, 3);
    expect(up.asks).toEqual([10]);
    expect(pair.seen).toBe(0);
    expect(pair.writable.locked && pair.readable.locked).toBe(true);
    await down.ask(1);
    expect(down.events).toEqual([2]);
    expect(pair.seen).toBe(1);
    await down.cancel();
  });

  test("asks for 16 events", async () => {
    const { up, stage } = between(doubler());
    await settle();
    expect(up.asks).toEqual([16]);
    await stage.stop();
  });

  test("lets no more be in flight than was demanded", async () => {
    const { pair, sink, readable } = handmade(16);
    let writes = 0;
    const getWriter = sink.stream.getWriter.bind(sink.stream);
    sink.stream.getWriter = () => {
      const writer = getWriter();
      const write = writer.write.bind(writer);
      writer.write = (event) => {
        writes += 1;
        return write(event);
      };
      return writer;
    };
    const { up, down, stage } = between(pair);
    await down.ask(3);
    await up.emit(...range(10));
    expect(writes).toBe(3);
    sink.answer();
    await settle();
    // It has settled, and nothing has come of it: one more is due.
    expect(writes).toBe(4);
    readable.enqueue("a");
    sink.answer();
    await settle();
    // One less is demanded.
    expect(writes).toBe(4);
    expect(down.events).toEqual(["a"]);
    await stage.stop();
  });

  test("never feeds an event whose output was not demanded", async () => {
    const pair = doubler({ highWaterMark: 16 });
    const { up, down, stage } = between(pair);
    for (const demand of [1, 2, 3]) {
      await down.ask(demand);
      if (demand === 1) await up.emit(...range(16));
    }
    expect(pair.seen).toBe(6);
    expect(down.events).toHaveLength(6);
    await stage.stop();
  });

  test("never reads more than was demanded", async () => {
    const expander = new TransformStream<number, number>({
      transform(event, controller) {
        for (let copy = 0; copy < 100; copy += 1) controller.enqueue(100 * event + copy);
      },
    });
    const { up, stage, down } = between(expander);
    await down.ask(5);
    await up.emit(0, 1, 2);
    expect(down.events).toEqual(range(5));
    expect(stage.bufferedCount).toBe(0);
    await down.ask(95);
    expect(down.events).toEqual(range(100));
    await stage.stop();
  });

  test("keeps what was made and not consumed within the window and the marks of the pair", async () => {
    const enough = deferred();
    let made = 0;
    let handled = 0;
    let greatest = 0;
    const source = producer<number>({
      handleDemand(demand) {
        made += demand;
        greatest = Math.max(greatest, made - handled);
        return range(demand, made - demand);
      },
    });
    const stage = throughTransformStream(doubler(), { subscribeTo: [{ to: source, maxDemand: 20 }] });
    const sink = consumer({
      subscribeTo: [{ to: stage, maxDemand: 10 }],
      async handleEvents(events) {
        await Promise.resolve();
        handled += events.length;
        if (handled >= 5000) enough.resolve();
      },
    });
    await enough.promise;
    expect(greatest).toBeLessThanOrEqual(20 + 10 + 2);
    await sink.stop();
  });

  test("counts events as handled when their writes have settled", async () => {
    const { pair, sink } = handmade(4);
    const { up, stage, down } = between(pair, { maxDemand: 4, minDemand: 2 });
    await down.ask(10);
    await up.emit(1, 2);
    expect(stage.snapshot().input).toMatchObject({ received: 2, inCallback: 2, handled: 0 });
    sink.answer();
    await settle();
    sink.answer();
    await settle();
    expect(stage.snapshot().input).toMatchObject({ received: 2, inCallback: 0, handled: 2 });
    expect(up.asks).toEqual([4, 2]);
    await stage.stop();
  });
});

describe("a normal end", () => {
  test("needs no demand", async () => {
    const { up, down } = between(doubler());
    await settle();
    await up.complete();
    expect(down.end).toEqual({ type: "normal" });
  });

  test("comes when both sides have closed, and gives up both locks", async () => {
    const close = deferred();
    const pair = pairOf(new TransformStream<number, number>({ transform: (event, controller) => controller.enqueue(event), flush: () => close.promise }));
    const { up, stage, down } = between(pair);
    await down.ask(5);
    await up.emit(1);
    await up.complete();
    expect(down.events).toEqual([1]);
    expect(down.end).toBeUndefined();
    expect(stage.snapshot().state).toBe("finishing");
    close.resolve();
    await settle();
    expect(down.end).toEqual({ type: "normal" });
    expect(await stage.closed).toEqual({ type: "normal" });
    expect([pair.readable.locked, pair.writable.locked]).toEqual([false, false]);
  });

  test("comes when the readable side closes first: the producers are cancelled, the writable side is closed", async () => {
    const { pair, sink, readable } = handmade();
    const { up, stage, down } = between(pair);
    await down.ask(10);
    await up.emit(1);
    sink.answer();
    readable.enqueue("a");
    readable.close();
    await settle();
    expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown" } }]);
    expect(down.events).toEqual(["a"]);
    expect(down.end).toEqual({ type: "normal" });
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(sink.closes).toBe(1);
    expect(sink.aborts).toEqual([]);
    expect([pair.readable.locked, pair.writable.locked]).toEqual([false, false]);
  });

  test("comes soon when the readable side closes first while a write is stuck", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { pair, readable } = handmade();
    const { up, down } = between(pair, { closeWithinMs: 50 });
    await down.ask(10);
    await up.emit(1, 2, 3);
    readable.close();
    await settle();
    expect(up.cancels).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(50);
    await settle();
    expect(down.end).toEqual({ type: "normal" });
    expect([pair.readable.locked, pair.writable.locked]).toEqual([false, false]);
  });

  test("stops an endless producer when a TransformStream has enough, and keeps what it gave", async () => {
    const five = pairOf(
      new TransformStream<number, number>({
        transform(event, controller) {
          controller.enqueue(event);
          if (event === 4) controller.terminate();
        },
      }),
    );
    const source = producer<number>({ handleDemand: ((next) => (demand: number) => range(demand, (next += demand) - demand))(0) });
    const { events, error } = await all(throughTransformStream(five, { subscribeTo: [source] }));
    expect(events).toEqual(range(5));
    expect(error).toBeUndefined();
    expect((await source.closed).type).not.toBe("normal");
    expect([five.readable.locked, five.writable.locked]).toEqual([false, false]);
  });
});

describe("an error", () => {
  test("of the TransformStream reaches both sides as the same object, after what it made", async () => {
    const failing = new TransformStream<number, number>({
      transform(event, controller) {
        if (event === 3) throw boom;
        controller.enqueue(event);
      },
    });
    const { up, stage, down } = between(failing);
    const { closed } = stage;
    await down.ask(100);
    await up.emit(...range(10));
    await settle();
    expect(down.events).toEqual([0, 1, 2]);
    expect(down.end).toEqual({ type: "error", error: boom });
    expect((down.end as { error: unknown }).error).toBe(boom);
    expect(up.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: boom } }]);
    expect(await closed).toEqual({ type: "error", error: boom });
  });

  test("of the TransformStream that nobody waits for reaches both sides", async () => {
    const pair = doubler();
    const reports: Report[] = [];
    const { up, stage, down } = between(pair, { handleReport: (report) => reports.push(report) });
    const { closed } = stage;
    await settle();
    pair.controller.error(boom);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(up.cancels).toMatchObject([{ reason: { type: "error", error: boom } }]);
    expect(reports).toEqual([]);
    expect([pair.readable.locked, pair.writable.locked]).toEqual([false, false]);
  });

  test.each<[string, (made: ReturnType<typeof handmade>) => void]>([
    ["readable", ({ readable }) => readable.error(boom)],
    ["writable", ({ sink }) => sink.controller.error(boom)],
  ])("of the %s side alone ends the other, and reaches producers and consumers", async (_side, fail) => {
    const made = handmade();
    const { up, stage, down } = between(made.pair);
    const { closed } = stage;
    await down.ask(1);
    fail(made);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(up.cancels).toMatchObject([{ reason: { type: "error", error: boom } }]);
    expect([...made.cancels, ...made.sink.aborts]).toEqual([boom]);
    expect([made.pair.readable.locked, made.pair.writable.locked]).toEqual([false, false]);
  });

  test("of decompression is one error for a pipeline", async () => {
    const damaged = gzipSync("hello".repeat(1000));
    damaged[20] = 0xff;
    damaged[21] = 0xff;
    const sink = new WebSink<Uint8Array>();
    const error: unknown = await pipeline(fromIterable([new Uint8Array(damaged)]), throughTransformStream<Uint8Array<ArrayBuffer>, Uint8Array>(new DecompressionStream("gzip")), intoWritableStream<Uint8Array>(sink.stream)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(sink.aborts).toEqual([error]);
  });

  test("of flush comes instead of the end", async () => {
    const failing = new TransformStream<number, number>({ transform: (event, controller) => controller.enqueue(event), flush: () => Promise.reject(boom) });
    const { up, down } = between(failing);
    await down.ask(5);
    await up.emit(1);
    await up.complete();
    expect(down.events).toEqual([1]);
    expect(down.end).toEqual({ type: "error", error: boom });
  });

  test("of a producer aborts the writable side with it, behind what was made of the events before", async () => {
    const expander = new TransformStream<number, number>({
      transform(event, controller) {
        for (const copy of range(3)) controller.enqueue(10 * event + copy);
      },
    });
    const { up, stage, down } = between(expander);
    const { closed } = stage;
    await down.ask(2);
    await up.emit(1);
    await up.fail(boom);
    expect(down.events).toEqual([10, 11]);
    expect(down.end).toBeUndefined();
    await down.ask(1);
    expect(down.end).toBeUndefined();
    await down.ask(1);
    expect(down.events).toEqual([10, 11, 12]);
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(await closed).toEqual({ type: "error", error: boom });
  });

  test.each([[undefined], [null], ["a string"], [Object.freeze({ code: 1 })]])("of a producer may be anything: %s", async (reason) => {
    const made = handmade();
    const { up, down } = between(made.pair);
    await down.ask(2);
    await up.fail(reason);
    await settle();
    expect(down.end).toEqual({ type: "error", error: reason });
    expect(made.sink.aborts).toEqual([reason]);
    expect(made.cancels).toEqual([reason]);
  });

  test("of a producer waits as long as something is read in each turn of the event loop", async () => {
    const made = handmade();
    const { up, stage, down } = between(made.pair);
    const { closed } = stage;
    await down.ask(100);
    void up.fail(boom);
    for (let round = 0; round < 10; round += 1) {
      made.readable.enqueue(2 * round);
      // By then the stage looks for the first time.
      for (let microtask = 0; microtask < 100; microtask += 1) await Promise.resolve();
      made.readable.enqueue(2 * round + 1);
      await new Promise<void>((resolve) => inNextTurn(resolve));
    }
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(down.events).toEqual(range(20));
  });

  test("that a pair had before is told, and nothing is pulled", async () => {
    const pair = doubler();
    pair.controller.error(boom);
    const { up, down } = between(pair);
    await settle();
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(up.asks).toEqual([]);
  });

  test.each(["readable", "writable"] as const)("is a %s side that has been locked since", async (side) => {
    const pair = doubler();
    const up = new ProducerProbe<number>();
    const stage = throughTransformStream(pair);
    const lock = side === "readable" ? pair.readable.getReader() : pair.writable.getWriter();
    stage.subscribe(up.producer);
    const end = await stage.closed;
    expect(end.type).toBe("error");
    expect(up.asks).toEqual([]);
    lock.releaseLock();
  });

  test("of the stage itself reaches the producers", async () => {
    const pair = doubler();
    const { up, stage, down } = between(pair, {
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
    expect([pair.readable.locked, pair.writable.locked]).toEqual([false, false]);
  });
});

describe("a cancel", () => {
  test("by a break unwinds the stage, its pair and its producer, and waits for them", async () => {
    const cancelled: unknown[] = [];
    const numbers = new ReadableStream<number>(
      {
        pull: ((next) => (controller: ReadableStreamDefaultController<number>) => controller.enqueue(next++))(0),
        async cancel(reason) {
          await new Promise((resolve) => setImmediate(resolve));
          cancelled.push(reason);
        },
      },
      { highWaterMark: 0 },
    );
    const pair = doubler();
    const doubled = throughTransformStream(pair, { subscribeTo: [{ to: fromReadableStream<number>(numbers), maxDemand: 4 }] });
    for await (const event of doubled) if (event === 4) break;
    expect(cancelled).toHaveLength(1);
    expect([pair.readable.locked, pair.writable.locked]).toEqual([false, false]);
    expect(await doubled.closed).toMatchObject({ type: "shutdown" });
  });

  test("by a stop is a shutdown on both sides, with its reason", async () => {
    const made = handmade();
    const { up, stage, down } = between(made.pair);
    await down.ask(2);
    await stage.stop(boom);
    expect(down.end).toEqual({ type: "shutdown", reason: boom });
    expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown", reason: boom } }]);
    expect(made.sink.aborts).toEqual([boom]);
    expect(made.cancels).toEqual([boom]);
    expect(stage.snapshot().state).toBe("ended");
  });

  test("by a stop without a reason tells both sides of a TransformStream one StoppedError, and reports nothing", async () => {
    const reports: Report[] = [];
    const pair = doubler();
    const { up, stage, down } = between(pair, { name: "double", handleReport: (report) => reports.push(report) });
    await down.ask(2);
    await up.emit(1);
    await stage.stop();
    await expect(pair.writable.getWriter().closed).rejects.toMatchObject({ message: "double was stopped before its normal end" });
    expect(reports).toEqual([]);
  });

  test("says nothing of a side that fails with the very reason, and reports another failure", async () => {
    for (const error of [boom, new Error("other")]) {
      const reports: Report[] = [];
      const { writable } = handmade().pair;
      const readable = new ReadableStream<unknown>({ cancel: () => Promise.reject(error) });
      const { stage, down } = between({ writable, readable }, { handleReport: (report) => reports.push(report) });
      await down.ask(1);
      await stage.stop(boom);
      expect(reports).toMatchObject(error === boom ? [] : [{ kind: "cleanup-failed", error }]);
    }
  });

  test("does not wait for a write that is stuck", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reports: Report[] = [];
    const made = handmade();
    const { up, stage, down } = between(made.pair, { closeWithinMs: 50, handleReport: (report) => reports.push(report) });
    await down.ask(2);
    await up.emit(1, 2, 3);
    const stopped = stage.stop(boom);
    await settle();
    expect(up.cancels).toHaveLength(1);
    expect(made.sink.abortedWith).toBe(boom);
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT" } }]);
  });

  test("does not wait for demand that never comes", async () => {
    const { up, stage } = between(doubler());
    await settle();
    await up.emit(1, 2, 3);
    await stage.stop();
    expect(up.cancels).toHaveLength(1);
  });

  test("follows an abort", async () => {
    const controller = new AbortController();
    const { stage, down } = between(doubler(), { signal: controller.signal });
    await down.ask(1);
    controller.abort(boom);
    expect(await stage.closed).toEqual({ type: "shutdown", reason: boom });
  });

  test("of the producer is a shutdown of the stage, never a normal end", async () => {
    const source = producer<number>();
    const stage = throughTransformStream(doubler(), { name: "double", subscribeTo: [source] });
    const got = all(stage);
    await settle();
    source.emit([1]);
    await settle();
    await source.stop("enough");
    const { events, error } = await got;
    expect(events).toEqual([2]);
    expect(error).toBeInstanceOf(StoppedError);
    expect(error).toMatchObject({ cause: "enough" });
  });

  test("before the first subscription breaks the pair, too", async () => {
    const made = handmade();
    await throughTransformStream(made.pair).stop(boom);
    expect(made.sink.aborts).toEqual([boom]);
    expect(made.cancels).toEqual([boom]);
  });
});

describe("the stage", () => {
  test("shows what came in and what went out", async () => {
    const { up, stage, down } = between(doubler(), { name: "double", maxDemand: 10, timing: true });
    expect(stage).toMatchObject({ name: "double", role: "producerConsumer", demandMode: "forward" });
    expect(stage[ADOPT](up)).toBe(true);
    await down.ask(5);
    await up.emit(1, 2);
    await up.complete();
    expect(stage.snapshot()).toMatchObject({ name: "double", role: "producerConsumer", state: "ended", input: { received: 2, handled: 2 }, output: { emitted: 2, delivered: 2, maxBuffered: 0 } });
  });

  test.each<[string, object]>([
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["maxDemand", { maxDemand: 0 }],
    ["bufferSize", { bufferSize: 0 }],
    ["the options of throughTransformStream", { handleEvents: () => undefined }],
    ["the options of producer", { preventClose: true }],
    ["the producer of a subscription", { subscribeTo: [{}] }],
  ])("refuses a bad %s, and leaves the pair alone", (option, options) => {
    const pair = doubler();
    expect(() => throughTransformStream(pair, options)).toThrow(expect.objectContaining({ option }));
    expect([pair.readable.locked, pair.writable.locked]).toEqual([false, false]);
  });

  test.each<[string, unknown]>([
    ["nothing", undefined],
    ["a writable side alone", { writable: new WritableStream() }],
    ["a pair that is locked", { writable: new WritableStream(), readable: lockedReadable() }],
  ])("refuses %s", (_what, pair) => {
    expect(() => throughTransformStream(pair as TransformStreamLike<unknown, unknown>)).toThrow(expect.objectContaining({ option: "the pair of throughTransformStream" }));
  });
});

function lockedReadable(): ReadableStream {
  const stream = new ReadableStream();
  stream.getReader();
  return stream;
}
