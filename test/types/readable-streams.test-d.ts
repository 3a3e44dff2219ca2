import { describe, expectTypeOf, test } from "vitest";
import type { Producer } from "sluice";
import { fromBody, fromReadableStream, toReadableStream, type ReadableStreamLike } from "sluice/web";

declare const numbers: Producer<number>;
declare const bytes: Producer<Uint8Array>;
declare const stream: ReadableStream<number>;
declare const lists: ReadableStream<readonly number[]>;
declare const byteStream: ReadableStream<Uint8Array>;
declare const foreign: ReadableStreamLike<string>;

describe("fromReadableStream", () => {
  test("gives the chunks of the stream", () => {
    expectTypeOf(fromReadableStream(stream)).toEqualTypeOf<Producer<number>>();
    expectTypeOf(fromReadableStream(foreign)).toEqualTypeOf<Producer<string>>();
    expectTypeOf(fromReadableStream(stream, { preventCancel: true })).toEqualTypeOf<Producer<number>>();
  });

  test("gives the events of lists", () => {
    expectTypeOf(fromReadableStream(lists, { lists: true })).toEqualTypeOf<Producer<number>>();
    // @ts-expect-error: a chunk is no list
    void fromReadableStream(stream, { lists: true });
  });

  test("gives bytes in buffers of its own", () => {
    expectTypeOf(fromReadableStream(byteStream, { bytes: { chunkSize: 10 } })).toEqualTypeOf<Producer<Uint8Array<ArrayBuffer>>>();
    // @ts-expect-error: not of a stream of numbers
    void fromReadableStream(stream, { bytes: { chunkSize: 10 } });
    // @ts-expect-error: the size is not optional
    void fromReadableStream(byteStream, { bytes: {} });
  });

  test("refuses unknown options", () => {
    // @ts-expect-error: the mark is the stream's
    void fromReadableStream(stream, { highWaterMark: 1 });
  });
});

describe("fromBody", () => {
  test("takes what has a body", () => {
    expectTypeOf(fromBody(new Response("text"))).toEqualTypeOf<Producer<Uint8Array<ArrayBuffer>>>();
    expectTypeOf(fromBody(new Request("http://localhost"))).toEqualTypeOf<Producer<Uint8Array<ArrayBuffer>>>();
    // @ts-expect-error: no body
    void fromBody({});
  });
});

describe("toReadableStream", () => {
  test("gives events, lists or bytes", () => {
    expectTypeOf(toReadableStream(numbers)).toEqualTypeOf<ReadableStream<number>>();
    expectTypeOf(toReadableStream(numbers, { highWaterMark: 5 })).toEqualTypeOf<ReadableStream<number>>();
    expectTypeOf(toReadableStream(numbers, { lists: true })).toEqualTypeOf<ReadableStream<readonly number[]>>();
    expectTypeOf(toReadableStream(bytes, { type: "bytes" })).toEqualTypeOf<ReadableStream<Uint8Array<ArrayBuffer>>>();
  });

  test("refuses a byte stream of what is none, and unknown options", () => {
    // @ts-expect-error: numbers are no bytes
    void toReadableStream(numbers, { type: "bytes" });
    // @ts-expect-error: a size is counted by us
    void toReadableStream(numbers, { size: () => 1 });
    // @ts-expect-error: of bytes only
    void toReadableStream(numbers, { autoAllocateChunkSize: 10 });
  });
});
