/** What the adapters for streams of Node refuse, and what they say then. */
import { Duplex, PassThrough, type Readable, type Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { consumer, fromIterable, partitionDispatcher, producer, type Producer } from "sluice";
import { asDuplex, asWritable, fromReadable, fromStreamIter, intoStreamIterWriter, intoWritable, throughDuplex, toReadable, toStreamIter, unwrapNullish } from "sluice/node";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { watching } from "../support/reading.ts";
import { Sink, Source } from "../support/streams.ts";

const objects = (): Duplex => new PassThrough({ objectMode: true });
const writer = { write: () => undefined };

describe("at the call", () => {
  test.each<[string, () => unknown, string]>([
    ["asDuplex with no options", () => asDuplex((input) => input, 7 as never), "expected the options of asDuplex to be a plain object, got: 7"],
    ["asWritable with no options", () => asWritable(7 as never), "expected the options of asWritable to be a plain object, got: 7"],
    ["fromReadable with no options", () => fromReadable(new Source(), 7 as never), "expected the options of fromReadable to be a plain object, got: 7"],
    ["fromStreamIter with no options", () => fromStreamIter([], 7 as never), "expected the options of fromStreamIter to be a plain object, got: 7"],
    ["intoStreamIterWriter with no options", () => intoStreamIterWriter(writer, 7 as never), "expected the options of intoStreamIterWriter to be a plain object, got: 7"],
    ["intoWritable with no options", () => intoWritable(new Sink(), 7 as never), "expected the options of intoWritable to be a plain object, got: 7"],
    ["throughDuplex with no options", () => throughDuplex(objects(), 7 as never), "expected the options of throughDuplex to be a plain object, got: 7"],
    ["toReadable with no options", () => toReadable(producer(), 7 as never), "expected the options of toReadable to be a plain object, got: 7"],
    ["toStreamIter with no options", () => toStreamIter(producer(), 7 as never), "expected the options of toStreamIter to be a plain object, got: 7"],

    ["fromReadable of nothing", () => fromReadable(undefined as never), "expected the readable of fromReadable to be a Node Readable, got: undefined"],
    ["intoWritable of an object", () => intoWritable({} as never), "expected the writable of intoWritable to be a Node Writable, got: an object"],
    ["intoStreamIterWriter of nothing", () => intoStreamIterWriter(undefined as never), "expected the writer of intoStreamIterWriter to be an object with a write function, got: undefined"],
    ["intoStreamIterWriter of null", () => intoStreamIterWriter(null as never), "expected the writer of intoStreamIterWriter to be an object with a write function, got: null"],
    ["toReadable of null", () => toReadable(null as never), "expected the producer of toReadable to be a producer, got: null"],
    ["toReadable of a number", () => toReadable(7 as never), "expected the producer of toReadable to be a producer, got: 7"],
    ["toStreamIter of nothing", () => toStreamIter(undefined as never), "expected the producer of toStreamIter to be a producer, got: undefined"],
    ["asDuplex of a consumer", () => asDuplex(consumer({ handleEvents: () => undefined }) as never), "expected the source of asDuplex to be a producerConsumer, or a function of the input that returns a producer"],

    ["fromStreamIter with a handleStop", () => fromStreamIter([], { handleStop: () => undefined } as never), "expected the options of fromStreamIter to be without handleStop, which is its own"],
    ["intoWritable with a handleEvent", () => intoWritable(new Sink(), { handleEvent: () => undefined } as never), "expected the options of intoWritable to be without handleEvent, which is its own"],
    ["intoWritable with a handleStop", () => intoWritable(new Sink(), { handleStop: () => undefined } as never), "expected the options of intoWritable to be without handleStop, which is its own"],
    ["intoWritable with a concurrency", () => intoWritable(new Sink(), { concurrency: 2 } as never), "expected the options of intoWritable to be without concurrency, which is its own"],
    ["intoWritable with an order", () => intoWritable(new Sink(), { ordered: true } as never), "expected the options of intoWritable to be without ordered, which is its own"],
    ["intoStreamIterWriter with handleEvent", () => intoStreamIterWriter(writer, { handleEvent: () => undefined } as never), "expected the options of intoStreamIterWriter to be without handleEvent, which is its own"],
    ["intoStreamIterWriter with handleComplete", () => intoStreamIterWriter(writer, { handleComplete: () => undefined } as never), "expected the options of intoStreamIterWriter to be without handleComplete, which is its own"],
    ["intoStreamIterWriter with handleStop", () => intoStreamIterWriter(writer, { handleStop: () => undefined } as never), "expected the options of intoStreamIterWriter to be without handleStop, which is its own"],
    ["intoStreamIterWriter with concurrency", () => intoStreamIterWriter(writer, { concurrency: 2 } as never), "expected the options of intoStreamIterWriter to be without concurrency, which is its own"],
    ["intoStreamIterWriter with ordered", () => intoStreamIterWriter(writer, { ordered: true } as never), "expected the options of intoStreamIterWriter to be without ordered, which is its own"],
    ["throughDuplex with a mode of demand", () => throughDuplex(objects(), { demand: "accumulate" } as never), "expected the options of throughDuplex to be without demand, which is its own"],

    ["another nullish", () => fromReadable(new Source(), { nullish: "drop" as never }), 'expected nullish to be "wrap" or not given, got: "drop"'],
    ["a nullish for bytes", () => fromReadable(new Source({ objectMode: false }), { nullish: "wrap" }), 'expected nullish to be left out for a stream of bytes, got: "wrap"'],
    ["a nullish for a Duplex of bytes", () => throughDuplex(new PassThrough(), { nullish: "wrap" }), 'expected nullish to be left out for a stream of bytes, got: "wrap"'],
    ["other errors", () => toReadable(producer(), { errors: "later" as never }), 'expected errors to be "immediate" or not given, got: "later"'],
    [
      "an unknown option of toReadable",
      () => toReadable(producer(), { highWatermark: 1 } as never),
      'expected the options of toReadable to be among nullish, maxDemand, minDemand, signal, errors, closeWithinMs, objectMode, highWaterMark, got: "highWatermark"',
    ],
    [
      "an unknown option of toReadable for a producer that wants to know more",
      () => toReadable(producer({ dispatcher: partitionDispatcher({ partitions: 2, hash: () => 0 }) }), { highWatermark: 1 } as never),
      'closeWithinMs, objectMode, highWaterMark, partition, got: "highWatermark"',
    ],
    ["a limit of redeliveries", () => toReadable(producer(), { maxRedeliveries: 1 } as never), 'got: "maxRedeliveries"'],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});

describe("one of the two bounds of a window alone", () => {
  test("goes with the default of a stage, not with that of bytes", () => {
    expect(() => throughDuplex(new PassThrough(), { minDemand: 100 })).not.toThrow();
    expect(() => intoStreamIterWriter(writer, { minDemand: 100, subscribeTo: [new ProducerProbe<Uint8Array>().producer] })).not.toThrow();
    expect(() => toStreamIter(producer(), { minDemand: 100 })).not.toThrow();
  });

  test("is not changed by a default", async () => {
    const probe = new ProducerProbe<unknown>();
    const stage = throughDuplex(new PassThrough(), { maxDemand: 3, subscribeTo: [probe.producer] });
    await new ConsumerProbe(stage).ask(1);
    expect(probe.asks).toEqual([3]);
    await stage.stop();
  });
});

describe("nullish: wrap", () => {
  test.each([
    { readableObjectMode: true, writableObjectMode: false },
    { readableObjectMode: false, writableObjectMode: true },
    { readableObjectMode: true, writableObjectMode: true },
  ])("is taken for a Duplex one half of which is of objects (%j)", (modes) => {
    expect(() => throughDuplex(new Duplex({ ...modes, read() {} }), { nullish: "wrap" })).not.toThrow();
  });

  test("unwraps nothing that is not wrapped", () => {
    expect([null, undefined, 0, "a"].map(unwrapNullish)).toEqual([null, undefined, 0, "a"]);
  });

  test("does not wrap for a half of bytes", async () => {
    const duplex = new Duplex({ readableObjectMode: true, writableObjectMode: false, read() {}, write: (_chunk, _encoding, done) => done() });
    const stage = throughDuplex(duplex, { nullish: "wrap", subscribeTo: [fromIterable([null])] });
    const { closed } = stage;
    await new ConsumerProbe(stage).ask(1);
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_EVENT" } });
  });
});

describe("an event", () => {
  const NAME = "in";

  test.each<[string, () => Promise<unknown>, string]>([
    [
      "null for a Readable of objects",
      () => failure(toReadable(fromIterable([null], { name: NAME }))),
      'expected the events of in to be neither null nor undefined for a stream of objects (nullish: "wrap" carries them), got: null',
    ],
    [
      "a number for a Readable of bytes",
      () => failure(toReadable(fromIterable([7], { name: NAME }), { objectMode: false })),
      "expected the events of in to be strings, buffers or Uint8Arrays for a stream of bytes, got: 7",
    ],
    [
      "null for a Writable",
      async () => {
        const end = await intoWritable(new Sink(), { name: NAME, subscribeTo: [fromIterable([null])] }).closed;
        return end.type === "error" ? end.error : undefined;
      },
      'expected the events of in to be other than null for a stream (nullish: "wrap" carries it as an object), got: null',
    ],
  ])("that is %s is named in the error", async (_, run, message) => {
    expect(await run()).toMatchObject({ code: "SLUICE_BAD_EVENT", message });
  });
});

describe("a stream", () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ["closes before it has ended", async () => ended(fromReadable(new Source().destroy())), "expected the stream to end before it closes, got: a premature close"],
    [
      "closes before it has ended, while somebody waits",
      async () => {
        const stream = new Source();
        const stage = fromReadable(stream);
        await new ConsumerProbe(stage).ask(1);
        stream.destroy();
        return ended(stage);
      },
      "expected the stream to end before it closes, got: a premature close",
    ],
    [
      "had closed before it ended",
      async () => {
        const stream = new Source().destroy();
        await settle();
        return ended(fromReadable(stream));
      },
      "expected the stream to end before it closes, got: a premature close",
    ],
    [
      "closes before it has finished",
      async () => {
        const stream = new Sink();
        const stage = writing(stream);
        await settle();
        stream.destroy();
        return ended(stage);
      },
      "expected the stream to finish before it closes, got: a premature close",
    ],
    [
      "had closed before it finished",
      async () => {
        const stream = new Sink().destroy();
        await settle();
        return ended(writing(stream));
      },
      "expected the stream to finish before it closes, got: a premature close",
    ],
    [
      "is destroyed in the middle of a write",
      async () => {
        const stream = new Sink({ manual: true });
        const stage = intoWritable(stream, { subscribeTo: [fromIterable([1])] });
        const { closed } = stage;
        await settle();
        stream.destroy();
        stream.answer();
        const end = await closed;
        return end.type === "error" ? end.error : undefined;
      },
      "expected the stream to finish before it closes, got: a premature close",
    ],
    [
      "is ended by somebody else",
      async () => {
        const stream = new Sink();
        const stage = writing(stream);
        await settle();
        stream.end();
        return ended(stage);
      },
      "expected the stream to be ended by its stage, got: one that somebody else has ended",
    ],
    [
      "is ended by somebody else, and closes, before anybody has subscribed",
      async () => {
        const stream = new Sink();
        const stage = intoWritable(stream);
        stream.end();
        await settle();
        expect(stream.closed).toBe(true);
        stage.subscribe(new ProducerProbe<unknown>().producer);
        return ended(stage);
      },
      "expected the stream to be ended by its stage, got: one that somebody else has ended",
    ],
    [
      "of asWritable is destroyed before its end",
      async () => {
        const { writable, producer: stage } = asWritable();
        writable.destroy();
        return ended(stage);
      },
      "expected the stream to be ended before it closes, got: a premature close",
    ],
    [
      "of asWritable is destroyed before its end, for who waits for a write",
      async () => {
        const { writable, producer: stage } = asWritable({ highWaterMark: 1 });
        void stage.closed;
        const told = new Promise((resolve) => void writable.write(1, resolve));
        writable.destroy();
        return told;
      },
      "expected the stream to be ended before it closes, got: a premature close",
    ],
  ])("that %s says so", async (_, run, message) => {
    expect(await run()).toMatchObject({ code: "SLUICE_BAD_PARTNER", message });
  });
});

test("a Duplex has a name of its own", async () => {
  const stage = throughDuplex(objects());
  expect(stage.name).toMatch(/^duplex [1-9]\d*$/);
  await stage.stop();
});

function writing(stream: Writable): ReturnType<typeof intoWritable> {
  return intoWritable(stream, { subscribeTo: [new ProducerProbe<unknown>().producer] });
}

/** The error of a stage: `fromReadable` learns of it at the first demand. */
async function ended(stage: { readonly closed: Promise<{ readonly type: string; readonly error?: unknown }> }): Promise<unknown> {
  const { closed } = stage;
  if ("events" in stage) await new ConsumerProbe(stage as unknown as Producer<unknown>).ask(1);
  return (await closed).error;
}

async function failure(stream: Readable): Promise<unknown> {
  const got = watching(stream);
  stream.resume();
  await settle();
  return got.errors[0];
}
