/** What the adapters of WHATWG streams refuse, and what they say then. */
import { describe, expect, test } from "vitest";
import { BadOptionError, OUTLET, broadcastDispatcher, fromIterable, producer, producerConsumer, type Producer, type ProducerConsumer, type Report } from "sluice";
import { asTransformStream, asWritableStream, fromBody, fromReadableStream, intoWritableStream, throughTransformStream, toReadableStream } from "sluice/web";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { HeldStream, readAll } from "../support/readable-streams.ts";

/** Takes whatever it is given, and does nothing. */
const nothing = (): undefined => undefined;
const stream = (): ReadableStream<never> => new ReadableStream();
const numbers = (): Producer<number> => fromIterable([1]);
const stage = (): ProducerConsumer<number, number> => producerConsumer<number, number>({ handleEvents: (events) => events });

/** A call with whatever arguments. */
const call = (adapter: unknown, ...given: readonly unknown[]): (() => unknown) => () => (adapter as (...args: readonly unknown[]) => unknown)(...given);

describe("at the call, with its words,", () => {
  test.each<[string, () => unknown, string]>([
    ["asWritableStream with no options", call(asWritableStream, 7), "expected the options of asWritableStream to be a plain object, got: 7"],
    ["fromBody with no options", call(fromBody, new Response("text"), 7), "expected the options of fromBody to be a plain object, got: 7"],
    ["fromReadableStream with no options", call(fromReadableStream, stream(), 7), "expected the options of fromReadableStream to be a plain object, got: 7"],
    ["intoWritableStream with no options", call(intoWritableStream, new WritableStream(), 7), "expected the options of intoWritableStream to be a plain object, got: 7"],
    ["throughTransformStream with no options", call(throughTransformStream, new TransformStream(), 7), "expected the options of throughTransformStream to be a plain object, got: 7"],
    ["toReadableStream with no options", call(toReadableStream, numbers(), 7), "expected the options of toReadableStream to be a plain object, got: 7"],
    ["a mark of asWritableStream that is text", call(asWritableStream, { highWaterMark: "3" }), 'expected highWaterMark to be a number of at least 0, got: "3"'],
    ["a mark of asWritableStream below 0", call(asWritableStream, { highWaterMark: -1 }), "expected highWaterMark to be a number of at least 0, got: -1"],
    ["fromBody of what has no body", call(fromBody, {}), "expected the source of fromBody to be a Response, a Request, or an object with a body, got: an object"],
    ["buffers of fromReadableStream for lists", call(fromReadableStream, stream(), { lists: true, bytes: { chunkSize: 4 } }), "expected bytes to be given without lists, got: an object"],
    ["buffers of fromReadableStream for chunks", call(fromReadableStream, stream(), { bytes: { chunkSize: 4 } }), "expected the stream of bytes to be a byte stream, got: an instance of ReadableStream"],
    ["a type of toReadableStream for lists", call(toReadableStream, numbers(), { lists: true, type: "bytes" }), 'expected type to be given without lists, got: "bytes"'],
    ["buffers of toReadableStream for events", call(toReadableStream, numbers(), { autoAllocateChunkSize: 10 }), 'expected autoAllocateChunkSize to be given with type: "bytes" only, got: 10'],
    ["a minDemand of toReadableStream alone", call(toReadableStream, numbers(), { minDemand: 10 }), "expected minDemand to be given with maxDemand only, got: 10"],
    ["the pair of throughTransformStream that is none", call(throughTransformStream, 7), "expected the pair of throughTransformStream to be a TransformStream, or another { readable, writable }, got: 7"],
    ["a demand of throughTransformStream", call(throughTransformStream, new TransformStream(), { demand: "forward" }), 'expected the options of throughTransformStream to be without demand, which is its own, got: "demand"'],
    ["the stage of asTransformStream that is none", call(asTransformStream, 7), "expected the stage of asTransformStream to be a producerConsumer, or a function that makes one, got: 7"],
    ["sides of asTransformStream that are text", call(asTransformStream, stage(), { readable: "text" }), 'expected readable to be an object, got: "text"'],
    ["sides of asTransformStream that are null", call(asTransformStream, stage(), { writable: null }), "expected writable to be an object, got: null"],
  ])("refuse %s", (_, refused, message) => {
    expect(refused).toThrow(BadOptionError);
    expect(refused).toThrow(expect.objectContaining({ message }));
  });

  test.each(["handleEvents", "handleEvent", "handleComplete", "handleStop", "concurrency", "ordered"])("refuse a %s of intoWritableStream", (name) => {
    const message = `expected the options of intoWritableStream to be without ${name}, which is its own, got: "${name}"`;
    expect(call(intoWritableStream, new WritableStream(), { [name]: nothing })).toThrow(expect.objectContaining({ message }));
  });

  test.each(["size", "onCrash", "maxRedeliveries"])("refuse a %s of toReadableStream, and say what it knows", (name) => {
    const known = "highWaterMark, maxDemand, minDemand, lists, type, autoAllocateChunkSize, errors, closeWithinMs, selector";
    const message = `expected the options of toReadableStream to be among ${known}, got: "${name}"`;
    const source = producer({ dispatcher: broadcastDispatcher<number>() });
    const redelivering = new Proxy(source[OUTLET], { get: (outlet, key) => (key === "dispatchOptions" ? ["selector", "onCrash", "maxRedeliveries"] : Reflect.get(outlet, key)) });
    expect(call(toReadableStream, { [OUTLET]: redelivering }, { [name]: 3 })).toThrow(expect.objectContaining({ message }));
  });

  test.each<[string, object]>([
    ["a locked readable side", { writable: new WritableStream(), readable: locked(new ReadableStream(), "getReader") }],
    ["a locked writable side", { writable: locked(new WritableStream(), "getWriter"), readable: new ReadableStream() }],
  ])("refuse %s", (_, pair) => {
    expect(call(throughTransformStream, pair)).toThrow("expected the pair of throughTransformStream to be a pair of streams that nobody has locked, got: an object");
  });
});

describe("by its shape", () => {
  test.each<[string, unknown]>([
    ["null", null],
    ["text", "text"],
    ["has a lock only", { locked: false }],
    ["says nothing of a lock", { getReader: nothing, cancel: nothing }],
    ["cannot be cancelled", { locked: false, getReader: nothing }],
    ["has another cancel", { locked: false, getReader: nothing, cancel: true }],
    ["has no reader", { locked: false, cancel: nothing }],
    ["has another reader", { locked: false, getReader: true, cancel: nothing }],
    ["is a function", Object.assign(() => undefined, { locked: false, getReader: nothing, cancel: nothing })],
  ])("what %s is no ReadableStream", (_, value) => {
    expect(call(fromReadableStream, value)).toThrow(expect.objectContaining({ option: "the stream of fromReadableStream" }));
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["text", "text"],
    ["has a lock only", { locked: false }],
    ["says nothing of a lock", { getWriter: nothing }],
    ["has another writer", { locked: false, getWriter: true }],
    ["is a function", Object.assign(() => undefined, { locked: false, getWriter: nothing })],
  ])("what %s is no WritableStream", (_, value) => {
    expect(call(intoWritableStream, value)).toThrow(expect.objectContaining({ option: "the stream of intoWritableStream" }));
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["an object with a subscribe", { subscribe: nothing }],
    ["a producer", numbers()],
    ["a producer with another subscribe", { [OUTLET]: numbers()[OUTLET], subscribe: true }],
  ])("%s is no stage of asTransformStream", (_, value) => {
    expect(call(asTransformStream, value)).toThrow(expect.objectContaining({ option: "the stage of asTransformStream" }));
  });

  test("what a function of asTransformStream makes is no producer, and has no stop", () => {
    expect(call(asTransformStream, () => ({}))).toThrow("expected the producer of toReadableStream to be a producer or a producerConsumer, got: an object");
  });
});

describe("once it runs", () => {
  test("fromReadableStream refuses a chunk that is no list", async () => {
    const probe = new ConsumerProbe(fromReadableStream(new HeldStream(1).hold(7).stream as ReadableStream<readonly number[]>, { lists: true }));
    await probe.ask(1);
    expect(probe.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER", message: "expected a chunk of the stream to be a list of events, got: number" } });
  });

  test("asWritableStream refuses a chunk that is no list", async () => {
    const { writable } = asWritableStream<number>({ lists: true });
    await expect(writable.getWriter().write("text" as never)).rejects.toMatchObject({ code: "SLUICE_BAD_PARTNER", message: "expected a chunk of the stream to be a list of events, got: string" });
  });

  test("toReadableStream refuses an event that has no bytes", async () => {
    const { error } = await readAll(toReadableStream(fromIterable([7], { name: "numbers" }) as never, { type: "bytes" }));
    expect(error).toMatchObject({ code: "SLUICE_BAD_EVENT", message: "expected an event of numbers to be an ArrayBuffer or a view of one, got: 7" });
  });

  test("intoWritableStream refuses a stream that has a writer by now", async () => {
    const native = new WritableStream<number>();
    const sink = intoWritableStream<number>(native);
    native.getWriter();
    sink.subscribe(new ProducerProbe<number>().producer);
    expect(await sink.closed).toMatchObject({ error: { code: "SLUICE_BAD_PARTNER", message: "expected the stream to be unlocked at the first subscription, got: one that has a writer" } });
  });

  test("intoWritableStream says that the stream did not abort", async () => {
    const reports: Report[] = [];
    const native = new WritableStream<number>({ abort: () => new Promise(() => undefined) });
    const sink = intoWritableStream<number>(native, { name: "out", closeWithinMs: 0, handleReport: (report) => reports.push(report) });
    await sink.stop();
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT", message: "the stream of out did not abort within 0 ms" } }]);
  });

  test("fromReadableStream says that the stream was not cancelled", async () => {
    const reports: Report[] = [];
    const native = new ReadableStream<number>({ cancel: () => new Promise(() => undefined) });
    const source = fromReadableStream(native, { name: "numbers", closeWithinMs: 0, handleReport: (report) => reports.push(report) });
    await source.stop();
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT", message: "the stream of numbers was not cancelled within 0 ms" } }]);
  });
});

describe("what a producer hears of toReadableStream", () => {
  test("is whose stream it is, and what its dispatcher wants to know", async () => {
    const probe = new ProducerProbe<number>({ name: "numbers", dispatchOptions: ["partition"] });
    const readable = toReadableStream(probe.producer, { partition: "even", highWaterMark: 2 });
    expect(probe.wire.subscriber.consumer).toBe("a ReadableStream of numbers");
    expect(probe.wire.subscriber.options).toEqual({ partition: "even" });
    await settle();
    await readable.cancel();
  });
});

/** A stream that somebody else has. */
function locked<Stream extends object>(of: Stream, lock: keyof Stream): Stream {
  (of[lock] as () => unknown)();
  return of;
}
