import { describe, expect, test } from "vitest";
import { fromIterable, producer, type Report } from "sluice";
import { fromReadableStream, toReadableStream } from "sluice/web";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { readAll } from "../support/readable-streams.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const bytes = (...values: readonly number[]): Bytes => new Uint8Array(values);

/** A byte stream that fills the reader's buffers with 0, 1, 2, …, up to `most` bytes at a time. */
class CountingBytes {
  made = 0;
  /** The sizes of the buffers that it was given. */
  readonly views: number[] = [];
  readonly cancels: unknown[] = [];
  readonly stream: ReadableStream<Bytes>;

  constructor(count = Infinity, most = Infinity) {
    this.stream = new ReadableStream(
      {
        type: "bytes",
        pull: (controller) => {
          const request = controller.byobRequest;
          const view = request?.view as Uint8Array | undefined;
          if (request === null || view === undefined) {
            const chunk = bytes(this.made);
            this.made += 1;
            controller.enqueue(chunk);
            return;
          }
          this.views.push(view.byteLength);
          const length = Math.min(view.byteLength, most, count - this.made);
          for (let at = 0; at < length; at += 1) view[at] = (this.made + at) % 256;
          this.made += length;
          if (length === 0) controller.close();
          request.respond(length);
        },
        cancel: (reason) => void this.cancels.push(reason),
      },
      { highWaterMark: 0 },
    ) as ReadableStream<Bytes>;
  }
}

/** What the BYOB reader of a stream gets for views of these sizes. */
async function fill(stream: ReadableStream<Bytes>, ...sizes: readonly number[]): Promise<{ done: boolean; value: readonly number[] | undefined }[]> {
  const reader = stream.getReader({ mode: "byob" });
  const results = await Promise.all(sizes.map((size) => reader.read(new Uint8Array(size))));
  reader.releaseLock();
  return results.map(({ done, value }) => ({ done, value: value && Array.from(value) }));
}

describe("fromReadableStream with buffers of its own", () => {
  test("reads at most chunkSize bytes for an event, and nothing that was not demanded", async () => {
    const counting = new CountingBytes();
    await using stage = fromReadableStream(counting.stream, { bytes: { chunkSize: 4 } });
    const probe = new ConsumerProbe(stage);
    await settle();
    expect(counting.made).toBe(0);
    await probe.ask(2);
    expect(probe.events).toEqual([bytes(0, 1, 2, 3), bytes(4, 5, 6, 7)]);
    expect(counting.views).toEqual([4, 4]);
  });

  test("gives what has come at the end of the stream", async () => {
    const counting = new CountingBytes(6);
    const { chunks } = await readAll(toReadableStream(fromReadableStream(counting.stream, { bytes: { chunkSize: 4 } })));
    expect(chunks).toEqual([bytes(0, 1, 2, 3), bytes(4, 5)]);
    expect(counting.stream.locked).toBe(false);
  });

  test("waits for min bytes, but at the end", async () => {
    const counting = new CountingBytes(8, 2);
    const probe = new ConsumerProbe(fromReadableStream(counting.stream, { bytes: { chunkSize: 8, min: 5 } }));
    await probe.ask(1);
    expect(probe.events).toEqual([bytes(0, 1, 2, 3, 4, 5)]);
    await probe.ask(1);
    expect(probe.events[1]).toEqual(bytes(6, 7));
    await probe.ask(1);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test.each([0, 100])("loses no byte of a stream that ends with fewer than min (high-water mark %i)", async (highWaterMark) => {
    const stream = toReadableStream(fromIterable([bytes(1, 2, 3), bytes(4)]), { type: "bytes", highWaterMark });
    const { chunks, error } = await readAll(toReadableStream(fromReadableStream(stream, { bytes: { chunkSize: 8, min: 3 }, preventCancel: true })));
    expect(error).toBeUndefined();
    expect(chunks).toEqual([bytes(1, 2, 3), bytes(4)]);
  });

  test("gives fewer than min bytes before the error that followed them", async () => {
    const boom = new Error("boom");
    let pulls = 0;
    const stream = new ReadableStream(
      {
        type: "bytes",
        pull(controller) {
          pulls += 1;
          if (pulls === 3) throw boom;
          controller.enqueue(bytes(pulls));
        },
      },
      { highWaterMark: 0 },
    ) as ReadableStream<Bytes>;
    const probe = new ConsumerProbe(fromReadableStream(stream, { bytes: { chunkSize: 8, min: 3 } }));
    await probe.ask(1);
    expect(probe.events).toEqual([bytes(1, 2)]);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("copies a few bytes out of a large buffer, and uses that again", async () => {
    await using stage = fromReadableStream(new CountingBytes(Infinity, 2).stream, { bytes: { chunkSize: 1000 } });
    const probe = new ConsumerProbe(stage);
    await probe.ask(3);
    expect(probe.events).toEqual([bytes(0, 1), bytes(2, 3), bytes(4, 5)]);
    expect(probe.events.map(({ buffer }) => buffer.byteLength)).toEqual([2, 2, 2]);
  });

  test("hands a buffer on that is filled well", async () => {
    await using stage = fromReadableStream(new CountingBytes(Infinity, 700).stream, { bytes: { chunkSize: 1000 } });
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    expect(probe.events.map(({ byteLength, buffer }) => [byteLength, buffer.byteLength])).toEqual([
      [700, 1000],
      [700, 1000],
    ]);
    expect(probe.events[1]?.[0]).toBe(700 % 256);
  });

  test("cancels the stream behind a read that is pending, and reports nothing", async () => {
    const cancels: unknown[] = [];
    const reports: Report[] = [];
    const stream = new ReadableStream({ type: "bytes", cancel: (reason) => void cancels.push(reason) }) as ReadableStream<Bytes>;
    const stage = fromReadableStream(stream, { bytes: { chunkSize: 4 }, handleReport: (report) => reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await stage.stop("enough");
    expect(cancels).toEqual(["enough"]);
    expect(reports).toEqual([]);
    expect(stream.locked).toBe(false);
  });

  test("fails with the error of the stream", async () => {
    const boom = new Error("boom");
    const stream = new ReadableStream({ type: "bytes", pull: () => Promise.reject(boom) }, { highWaterMark: 0 }) as ReadableStream<Bytes>;
    const probe = new ConsumerProbe(fromReadableStream(stream, { bytes: { chunkSize: 4 } }));
    await probe.ask(1);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("reads a byte stream by its chunks when it was given no size", async () => {
    await using stage = fromReadableStream(new CountingBytes().stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    expect(probe.events).toEqual([bytes(0), bytes(1)]);
  });
});

describe("toReadableStream of bytes", () => {
  /** A byte stream of these events. */
  const streamOf = (...events: readonly (ArrayBufferView | ArrayBuffer)[]): ReadableStream<Bytes> => toReadableStream(fromIterable(events), { type: "bytes" });

  test("gives an event as a chunk to a reader without a buffer, and does not touch the event", async () => {
    const event = bytes(1, 2, 3);
    const { chunks } = await readAll(streamOf(event));
    expect(chunks).toEqual([bytes(1, 2, 3)]);
    expect(event.byteLength).toBe(3);
  });

  test.each<[string, ArrayBufferView | ArrayBuffer]>([
    ["a Uint8Array", bytes(1, 2, 3, 4)],
    ["a part of one", bytes(0, 1, 2, 3, 4, 5).subarray(1, 5)],
    ["an ArrayBuffer", bytes(1, 2, 3, 4).buffer],
    ["a DataView", new DataView(bytes(0, 1, 2, 3, 4).buffer, 1)],
    ["a Uint16Array", new Uint16Array(bytes(1, 2, 3, 4).buffer)],
    ["a Buffer of the pool", Buffer.from([1, 2, 3, 4])],
  ])("takes %s", async (_, event) => {
    expect((await readAll(streamOf(event))).chunks).toEqual([bytes(1, 2, 3, 4)]);
    expect(await fill(streamOf(event), 8)).toEqual([{ done: false, value: [1, 2, 3, 4] }]);
  });

  test("leaves the pool of small Buffers alone", async () => {
    const other = Buffer.from("another");
    await readAll(streamOf(Buffer.from("text")));
    expect(other.toString()).toBe("another");
  });

  test("fills the buffers of its reader, and keeps the rest of an event", async () => {
    let demanded = 0;
    const stage = producer({
      handleDemand(demand) {
        demanded += demand;
        return [bytes(...range(10))];
      },
    });
    const stream = toReadableStream(stage, { type: "bytes" });
    expect(await fill(stream, 4, 4)).toEqual([
      { done: false, value: [0, 1, 2, 3] },
      { done: false, value: [4, 5, 6, 7] },
    ]);
    expect(demanded).toBe(1);
    expect(await fill(stream, 4)).toEqual([{ done: false, value: [8, 9] }]);
    expect(demanded).toBe(1);
    await stream.cancel();
  });

  test("gives the rest of an event to a reader without a buffer", async () => {
    const stream = streamOf(bytes(1, 2, 3), bytes(4));
    expect(await fill(stream, 2)).toEqual([{ done: false, value: [1, 2] }]);
    expect((await readAll(stream)).chunks).toEqual([bytes(3), bytes(4)]);
  });

  test("fills a view of wide elements from several events", async () => {
    const reader = streamOf(bytes(1), bytes(2, 3), bytes(4)).getReader({ mode: "byob" });
    const { value } = await reader.read(new Uint32Array(1));
    expect(Array.from(new Uint8Array((value as Uint32Array).buffer))).toEqual([1, 2, 3, 4]);
  });

  test("fills a view up to min", async () => {
    const reader = streamOf(bytes(1), bytes(2), bytes(3)).getReader({ mode: "byob" }) as unknown as { read(view: Uint8Array, options: { min: number }): Promise<{ value: Uint8Array }> };
    expect((await reader.read(new Uint8Array(8), { min: 2 })).value).toEqual(bytes(1, 2));
  });

  test("makes buffers for a reader without one, where it is told to", async () => {
    const stream = toReadableStream(fromIterable([bytes(...range(10))]), { type: "bytes", autoAllocateChunkSize: 4 });
    expect((await readAll(stream)).chunks.map(({ length }) => length)).toEqual([4, 4, 2]);
  });

  test("passes over empty events: they neither end nor stall it", async () => {
    const { chunks } = await readAll(streamOf(bytes(), bytes(1), bytes(), bytes(), bytes(2), bytes()));
    expect(chunks).toEqual([bytes(1), bytes(2)]);
    expect(await fill(streamOf(bytes(), bytes(1), bytes()), 4, 4)).toEqual([
      { done: false, value: [1] },
      { done: true, value: [] },
    ]);
  });

  test("reads nothing ahead, and with a high-water mark until so many bytes wait", async () => {
    let made = 0;
    const make = (): ReturnType<typeof producer<Bytes>> =>
      producer<Bytes>({
        handleDemand: (demand) =>
          range(demand).map(() => {
            made += 1;
            return bytes(1, 2, 3);
          }),
      });
    const lazy = toReadableStream(make(), { type: "bytes" });
    await settle();
    expect(made).toBe(0);
    await lazy.cancel();
    const eager = toReadableStream(make(), { type: "bytes", highWaterMark: 10 });
    await settle();
    expect(made).toBe(4);
    await eager.cancel();
  });

  test("answers reads that are pending when it closes", async () => {
    const stage = producer<Bytes>();
    const stream = toReadableStream(stage, { type: "bytes" });
    const filled = fill(stream, 4, 2);
    await settle();
    stage.complete();
    expect(await filled).toEqual([
      { done: true, value: [] },
      { done: true, value: [] },
    ]);
  });

  test("fails as the platform does when it closes in the middle of an element", async () => {
    const reader = streamOf(bytes(1)).getReader({ mode: "byob" });
    await expect(reader.read(new Uint16Array(1))).rejects.toBeInstanceOf(TypeError);
  });

  test.each([0, 100])("tells an error behind the bytes that came before it (high-water mark %i)", async (highWaterMark) => {
    const boom = new Error("boom");
    const stage = producer<Bytes>();
    const stream = toReadableStream(stage, { type: "bytes", highWaterMark });
    stage.emit([bytes(1, 2, 3), bytes(4)]);
    stage.fail(boom);
    await settle();
    const reader = stream.getReader({ mode: "byob" });
    expect((await reader.read(new Uint8Array(2))).value).toEqual(bytes(1, 2));
    const third = (await reader.read(new Uint8Array(2))).value as Uint8Array;
    expect(third[0]).toBe(3);
    reader.releaseLock();
    const { chunks, error } = await readAll(stream);
    expect([...third, ...chunks.flatMap((chunk) => [...chunk])]).toEqual([3, 4]);
    expect(error).toBe(boom);
  });

  test.each(["a string", 1, null, { length: 2 }])("refuses an event that is %j: what came before is read, and the producer stopped with the error", async (event) => {
    const stage = producer<unknown>({ whenUnused: "stop" });
    stage.emit([bytes(1), event, bytes(2)]);
    const { chunks, error } = await readAll(toReadableStream(stage as never, { type: "bytes", maxDemand: 10 }));
    expect(chunks).toEqual([bytes(1)]);
    expect(error).toMatchObject({ code: "SLUICE_BAD_EVENT" });
    expect(await stage.closed).toEqual({ type: "shutdown", reason: error });
  });

  test("reports the failure of the clean-up that a wrong event causes, and gives the error of the event", async () => {
    const reports: Report[] = [];
    const cleanup = new Error("disk gone");
    const stage = producer<unknown>({ whenUnused: "stop", handleStop: () => Promise.reject(cleanup), handleReport: (report) => reports.push(report) });
    stage.emit(["text"]);
    const { error } = await readAll(toReadableStream(stage as never, { type: "bytes" }));
    expect(error).toMatchObject({ code: "SLUICE_BAD_EVENT" });
    await stage.closed;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: cleanup }]);
  });

  test("is cancelled with reads pending", async () => {
    const reasons: unknown[] = [];
    const stage = producer<Bytes>({ whenUnused: "stop", handleStop: (reason) => void reasons.push(reason) });
    const reader = toReadableStream(stage, { type: "bytes" }).getReader({ mode: "byob" });
    const read = reader.read(new Uint8Array(4));
    await settle();
    await reader.cancel("enough");
    expect(await read).toEqual({ done: true, value: undefined });
    expect(reasons).toEqual([{ type: "shutdown", reason: "enough" }]);
  });

  test("lets timers run while a large event is read byte by byte", async () => {
    const stream = streamOf(new Uint8Array(100_000));
    const reader = stream.getReader({ mode: "byob" });
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 1);
    for (let read = 0; read < 100_000; read += 1) await reader.read(new Uint8Array(1));
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(2);
  });

  test("is a body of a Response", async () => {
    const encoder = new TextEncoder();
    const text = "grüße € 😀".repeat(100);
    const parts = range(400).map((at) => encoder.encode(text).subarray(at * 5, at * 5 + 5));
    expect(await new Response(toReadableStream(fromIterable(parts), { type: "bytes" })).text()).toBe(text.slice(0, new TextDecoder().decode(encoder.encode(text).subarray(0, 2000)).length));
  });
});
