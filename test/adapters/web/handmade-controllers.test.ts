/** What a producer hears of a stream whose platform is made by hand, or that is gone when its message comes. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { producer } from "sluice";
import { asWritableStream, toReadableStream, type ToReadableStreamOptions } from "sluice/web";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { readAll } from "../support/readable-streams.ts";

afterEach(() => vi.unstubAllGlobals());

const boom = new Error("boom");

/** What an adapter gives to the platform, and what it gets from it. */
interface Underlying {
  start(controller: object): unknown;
}
type Platform = new (underlying: object, strategy: object) => object;

/** The platform has a ReadableStream now whose controller takes so many chunks, and throws at the next. */
function stubReadableStream(most: number): void {
  const Native: Platform = globalThis.ReadableStream;
  class Full extends Native {
    constructor(source: Underlying, strategy: object) {
      let taken = 0;
      const start = (controller: ReadableStreamDefaultController): unknown =>
        source.start({
          get desiredSize() {
            return controller.desiredSize;
          },
          enqueue(chunk: unknown) {
            taken += 1;
            if (taken > most) throw boom;
            controller.enqueue(chunk);
          },
          close: () => controller.close(),
          error: (error: unknown) => controller.error(error),
        });
      super({ ...source, start }, strategy);
    }
  }
  vi.stubGlobal("ReadableStream", Full);
}

describe("a chunk that the stream does not take", () => {
  test.each<ToReadableStreamOptions>([{}, { highWaterMark: 2 }, { maxDemand: 4 }])("fails the stream, and the producer is left with the error (%j)", async (options) => {
    stubReadableStream(1);
    const probe = new ProducerProbe<number>();
    const reader = toReadableStream(probe.producer, options).getReader();
    const reads = [reader.read(), reader.read()];
    reads[1]?.catch(() => undefined);
    await settle();
    await probe.emit(1);
    expect(await reads[0]).toEqual({ done: false, value: 1 });
    await probe.emit(2);
    await expect(reads[1]).rejects.toBe(boom);
    await expect(reader.closed).rejects.toBe(boom);
    await settle();
    expect(probe.cancels).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "error", error: boom } }]);
    const { length } = probe.asks;
    await probe.emit(3);
    expect(probe.asks).toHaveLength(length);
    expect(probe.cancels).toHaveLength(1);
  });

  test("fails the stream behind the end of its producer, which is told nothing", async () => {
    stubReadableStream(1);
    const probe = new ProducerProbe<number>();
    const reader = toReadableStream(probe.producer, { maxDemand: 4 }).getReader();
    const read = reader.read();
    await settle();
    await probe.emit(1, 2);
    await probe.complete();
    expect(await read).toEqual({ done: false, value: 1 });
    await expect(reader.read()).rejects.toBe(boom);
    await settle();
    expect(probe.cancels).toEqual([]);
  });
});

describe("a stream that was cancelled", () => {
  test.each<ToReadableStreamOptions>([{}, { highWaterMark: 2 }, { maxDemand: 4 }])("neither asks nor leaves again for events that were on their way (%j)", async (options) => {
    const probe = new ProducerProbe<number>();
    const reader = toReadableStream(probe.producer, options).getReader();
    const read = reader.read();
    await settle();
    const { length } = probe.asks;
    const cancelled = reader.cancel("enough");
    await probe.emit(1);
    await probe.emit(2, 3);
    await cancelled;
    expect(await read).toEqual({ done: true, value: undefined });
    expect(probe.asks).toHaveLength(length);
    expect(probe.cancels).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "shutdown", reason: "enough" } }]);
  });

  test("without a reason gives none", async () => {
    const probe = new ProducerProbe<number>();
    await toReadableStream(probe.producer).cancel();
    await settle();
    expect(probe.cancels).toStrictEqual([{ type: "cancel", kind: "cancel", reason: { type: "shutdown" } }]);
  });
});

describe("an ask", () => {
  test("waits until half of the high-water mark is missing, counted with what is on its way", async () => {
    const probe = new ProducerProbe<number>();
    const reader = toReadableStream(probe.producer, { highWaterMark: 16 }).getReader();
    await settle();
    await probe.emit(...range(14));
    for (let read = 1; read < 8; read += 1) {
      await reader.read();
      await settle();
      expect(probe.asks).toEqual([16]);
    }
    await reader.read();
    await settle();
    // Six wait in the stream, two are on their way.
    expect(probe.asks).toEqual([16, 8]);
    await reader.cancel();
  });

  test("by a window is all that is taken of a buffer", async () => {
    const stage = producer<number>({ whenUnused: "stop" });
    stage.emit(range(10));
    const reader = toReadableStream(stage, { maxDemand: 4, minDemand: 0 }).getReader();
    await settle();
    expect(await reader.read()).toEqual({ done: false, value: 0 });
    await settle();
    expect(stage.bufferedCount).toBe(6);
    await reader.cancel();
  });

  test("of a byte stream is for one event, however many reads wait", async () => {
    const probe = new ProducerProbe<Uint8Array>();
    const reader = toReadableStream(probe.producer, { type: "bytes" }).getReader();
    const reads: Promise<unknown>[] = [];
    for (let read = 0; read < 3; read += 1) {
      reads.push(reader.read());
      await settle();
      expect(probe.asks).toEqual([1]);
    }
    await reader.cancel();
    await Promise.all(reads);
  });
});

describe("a byte stream", () => {
  test("takes a SharedArrayBuffer", async () => {
    const event = new SharedArrayBuffer(2);
    new Uint8Array(event).set([1, 2]);
    const stage = producer<SharedArrayBuffer>();
    stage.emit([event]);
    stage.complete();
    const { chunks } = await readAll(toReadableStream(stage, { type: "bytes" }));
    expect(chunks).toEqual([new Uint8Array([1, 2])]);
  });
});

describe("asWritableStream", () => {
  test("does without the signal of a controller", async () => {
    const Native: Platform = globalThis.WritableStream;
    class Plain extends Native {
      constructor(sink: Underlying, strategy: object) {
        super({ ...sink, start: (controller: WritableStreamDefaultController) => sink.start({ error: (error: unknown) => controller.error(error) }) }, strategy);
      }
    }
    vi.stubGlobal("WritableStream", Plain);
    const { writable, producer: stage } = asWritableStream<number>();
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    const writer = writable.getWriter();
    await writer.write(1);
    await stage.stop(boom);
    expect(probe.events).toEqual([1]);
    await expect(writer.closed).rejects.toBe(boom);
  });

  test("hands a list on uncopied when all of it is wanted", async () => {
    const { writable, producer: stage } = asWritableStream<number>({ lists: true });
    const probe = new ConsumerProbe(stage);
    await probe.ask(5);
    const list = [1, 2, 3];
    await writable.getWriter().write(list);
    await settle();
    expect(probe.batches[0]).toBe(list);
    await stage.stop();
  });

  test("counts the rest of a list, and no more, against what is wanted next", async () => {
    const { writable, producer: stage } = asWritableStream<number>({ lists: true });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    const writer = writable.getWriter();
    const first = writer.write([1, 2, 3]);
    await settle();
    await probe.ask(10);
    await first;
    await writer.write(range(8, 4));
    await settle();
    expect(probe.events).toEqual(range(11, 1));
    await stage.stop();
  });
});
