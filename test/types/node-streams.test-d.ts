import type { Duplex, Readable, Writable } from "node:stream";
import { describe, expectTypeOf, test } from "vitest";
import type { Consumer, Producer, ProducerConsumer } from "sluice";
import { asDuplex, asWritable, fromStreamIter, intoStreamIterWriter, toReadable, toStreamIter, unwrapNullish, wrapNullish, type WrappedNullish } from "sluice/node";

declare const numbers: Producer<number>;
declare const chunks: Producer<Uint8Array>;
declare const lists: AsyncIterable<Uint8Array[]>;
declare const maybe: number | undefined;
declare const toStrings: ProducerConsumer<number, string>;
declare const render: (input: Producer<number>) => Producer<string>;

describe("a Readable of a producer", () => {
  test("is one of Node, whatever its events are", () => {
    expectTypeOf(toReadable(numbers)).toEqualTypeOf<Readable>();
    toReadable(chunks, { objectMode: false, highWaterMark: 1024, maxDemand: 4, errors: "immediate" });
  });

  test("knows its options", () => {
    // @ts-expect-error no such option
    toReadable(numbers, { highWatermark: 3 });
    // @ts-expect-error a stream gives nothing back
    toReadable(numbers, { onCrash: "redeliver" });
    // @ts-expect-error it asks by its marks, or by its window
    toReadable(numbers, { mode: "manual" });
    // @ts-expect-error no producer
    toReadable([1]);
  });
});

describe("a Writable and its producer", () => {
  test("have the events that are said to be written", () => {
    const { writable, producer } = asWritable<number>({ processed: true });
    expectTypeOf(writable).toEqualTypeOf<Writable>();
    expectTypeOf(producer).toEqualTypeOf<Producer<number>>();
    expectTypeOf(asWritable().producer).toEqualTypeOf<Producer<unknown>>();
  });

  test("leave the demand to the stream", () => {
    // @ts-expect-error what is written is what there is
    asWritable<number>({ handleDemand: () => [1] });
    // @ts-expect-error nothing waits in the stage
    asWritable<number>({ bufferSize: 3 });
    // @ts-expect-error only writers emit
    asWritable<number>().producer.emit([1]);
  });
});

describe("a Duplex of stages", () => {
  test("takes a stage, or a function of its input", () => {
    expectTypeOf(asDuplex(toStrings)).toEqualTypeOf<Duplex>();
    asDuplex(render);
    asDuplex((input: Producer<number>) => render(input));
    // @ts-expect-error a producer takes nothing in
    asDuplex(numbers);
  });
});

describe("node:stream/iter", () => {
  test("by shape, a chunk is an event", async () => {
    expectTypeOf(fromStreamIter(lists)).toEqualTypeOf<Producer<Uint8Array>>();
    expectTypeOf(fromStreamIter<string>([["a"]])).toEqualTypeOf<Producer<string>>();
    expectTypeOf(toStreamIter(chunks)).toEqualTypeOf<AsyncIterable<Uint8Array[]>>();
    for await (const list of toStreamIter(chunks)) expectTypeOf(list).toEqualTypeOf<Uint8Array[]>();
    expectTypeOf(intoStreamIterWriter({ write: (_chunk: Uint8Array) => undefined })).toEqualTypeOf<Consumer<Uint8Array>>();
    // @ts-expect-error nothing to write with
    intoStreamIterWriter({ end: () => undefined });
  });
});

test("what is wrapped is what Node cannot carry", () => {
  expectTypeOf(wrapNullish(null as string | null)).toEqualTypeOf<string | WrappedNullish>();
  expectTypeOf(unwrapNullish(wrapNullish(maybe))).toEqualTypeOf<number | null | undefined>();
});
