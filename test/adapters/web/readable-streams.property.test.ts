import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { producer, type Producer, type PushProducer } from "sluice";
import { fromReadableStream, toReadableStream } from "sluice/web";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type End = { readonly type: "complete" } | { readonly type: "fail"; readonly error: unknown };

const ends: fc.Arbitrary<End> = fc.oneof(fc.constant<End>({ type: "complete" }), fc.constantFrom<unknown>(undefined, "a string", new Error("boom")).map((error): End => ({ type: "fail", error })));
const lists = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });
const highWaterMarks = fc.constantFrom(0, 0, 1, 2, 3, 16, 100);

/** Lists of these lengths, of the integers from 0. */
function listsOf(lengths: readonly number[]): number[][] {
  let next = 0;
  return lengths.map((length) => range(length).map(() => next++));
}

function end(stage: Pick<PushProducer<never>, "complete" | "fail">, how: End): void {
  if (how.type === "complete") stage.complete();
  else stage.fail(how.error);
}

/** Reads with so many reads in flight, until the end, or until `most` chunks have come. */
async function read<Chunk>(stream: ReadableStream<Chunk>, inFlight: number, most = Infinity): Promise<{ chunks: Chunk[]; end: End | undefined }> {
  const reader = stream.getReader();
  const chunks: Chunk[] = [];
  while (chunks.length < most) {
    const results = await Promise.allSettled(range(Math.min(inFlight, most - chunks.length)).map(() => reader.read()));
    for (const result of results) {
      if (result.status === "rejected") return { chunks, end: { type: "fail", error: result.reason } };
      if (result.value.done) return { chunks, end: { type: "complete" } };
      chunks.push(result.value.value);
    }
  }
  await reader.cancel();
  return { chunks, end: undefined };
}

describe("toReadableStream", () => {
  test("gives all events in order and then the end, whatever the lists, windows and reads", async () => {
    await fc.assert(
      fc.asyncProperty(lists, highWaterMarks, fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }), fc.integer({ min: 1, max: 9 }), fc.boolean(), ends, async (lengths, highWaterMark, maxDemand, inFlight, isDelayed, how) => {
        const stage = producer<number>({ bufferSize: Infinity });
        const stream = toReadableStream(stage, { highWaterMark, maxDemand });
        const reading = read(stream, inFlight);
        for (const list of listsOf(lengths)) {
          if (isDelayed) await settle();
          stage.emit(list);
        }
        end(stage, how);
        const result = await reading;
        expect(result.chunks).toEqual(range(lengths.reduce((sum, length) => sum + length, 0)));
        expect(result.end).toEqual(how);
      }),
      { numRuns: 150 },
    );
  });

  test("never asks for more than its reader has read, its window and its high-water mark, and unwinds when it is cancelled", async () => {
    await fc.assert(
      fc.asyncProperty(highWaterMarks, fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 60 }), async (highWaterMark, maxDemand, inFlight, most) => {
        let asked = 0;
        let next = 0;
        const stage = producer<number>({
          handleDemand(demand) {
            asked += demand;
            return range(demand).map(() => next++);
          },
        });
        const { chunks } = await read(toReadableStream(stage, { highWaterMark, maxDemand }), inFlight, most);
        expect(chunks).toEqual(range(most));
        // One more for each read in flight that found the stream closed.
        expect(asked).toBeLessThanOrEqual(most + highWaterMark + (maxDemand ?? 0));
        expect(await stage.closed).toEqual({ type: "shutdown" });
      }),
      { numRuns: 150 },
    );
  });

  test("keeps lists whole as chunks", async () => {
    await fc.assert(
      fc.asyncProperty(lists, highWaterMarks, fc.integer({ min: 40, max: 100 }), ends, async (lengths, highWaterMark, maxDemand, how) => {
        const stage = producer<number>({ bufferSize: Infinity });
        const stream = toReadableStream(stage, { lists: true, highWaterMark, maxDemand });
        const reading = read(stream, 2);
        for (const list of listsOf(lengths)) stage.emit(list);
        end(stage, how);
        const result = await reading;
        expect(result.chunks.flat()).toEqual(range(lengths.reduce((sum, length) => sum + length, 0)));
        expect(result.end).toEqual(how);
      }),
    );
  });
});

describe("fromReadableStream", () => {
  test("reads exactly what is demanded, in order, and then tells the end", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 60 }), highWaterMarks, fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 10 }), ends, async (count, highWaterMark, demands, how) => {
        let made = 0;
        const stream = new ReadableStream<number>(
          {
            pull(controller) {
              if (made < count) controller.enqueue(made++);
              else if (how.type === "complete") controller.close();
              else controller.error(how.error);
            },
          },
          { highWaterMark },
        );
        await using stage = fromReadableStream(stream);
        const probe = new ConsumerProbe(stage);
        let asked = 0;
        for (const demand of demands) {
          await probe.ask(demand);
          asked += demand;
          expect(made).toBeLessThanOrEqual(asked + highWaterMark);
          expect(probe.events).toEqual(range(probe.events.length));
          if (probe.end === undefined) expect(probe.events).toHaveLength(asked);
        }
        if (probe.end?.type === "error") expect(probe.end.error).toBe((how as { error: unknown }).error);
        else if (probe.end !== undefined) expect([probe.end, probe.events.length]).toEqual([{ type: "normal" }, count]);
      }),
      { numRuns: 200 },
    );
  });

  test("takes lists apart as they are demanded, and loses none", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 20 }), highWaterMarks, fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 12 }), ends, async (lengths, highWaterMark, demands, how) => {
        const chunks = listsOf(lengths);
        const all = chunks.flat();
        let taken = 0;
        const stream = new ReadableStream<readonly number[]>(
          {
            pull(controller) {
              const chunk = chunks[taken];
              taken += 1;
              if (chunk !== undefined) controller.enqueue(chunk);
              else if (how.type === "complete") controller.close();
              else controller.error(how.error);
            },
          },
          { highWaterMark: Math.min(highWaterMark, 1) },
        );
        await using stage = fromReadableStream(stream, { lists: true });
        const probe = new ConsumerProbe(stage);
        let asked = 0;
        for (const demand of demands) {
          await probe.ask(demand);
          asked += demand;
          // With a high-water mark of 1 a stream that fails throws one chunk away.
          if (how.type === "complete" || highWaterMark === 0) expect(probe.events).toEqual(all.slice(0, asked));
          else expect(probe.events).toEqual(all.slice(0, probe.events.length));
        }
        if (how.type === "complete" && asked > all.length) expect(probe.end).toEqual({ type: "normal" });
      }),
      { numRuns: 200 },
    );
  });
});

describe("bytes", () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 20 });
  /** Events of these lengths, of one row of bytes. */
  const eventsOf = (lengths: readonly number[]): Bytes[] => {
    let next = 0;
    return lengths.map((length) => Uint8Array.from(range(length), () => next++ % 256));
  };
  const joined = (chunks: readonly Uint8Array[]): number[] => chunks.flatMap((chunk) => [...chunk]);

  function source(events: readonly Bytes[]): Producer<Bytes> {
    let next = 0;
    return producer<Bytes>({
      handleDemand(demand, self) {
        const list = events.slice(next, next + demand);
        next += list.length;
        if (next === events.length) self.complete();
        return list;
      },
    });
  }

  test("are equal for all sizes of events, views and high-water marks", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 8 }), highWaterMarks, fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }), async (lengths, views, highWaterMark, autoAllocateChunkSize) => {
        const events = eventsOf(lengths);
        const stream = toReadableStream(source(events), { type: "bytes", highWaterMark, autoAllocateChunkSize });
        const chunks: Uint8Array[] = [];
        for (let reads = 0; ; reads += 1) {
          const size = views[reads % views.length] as number;
          // 0 is a reader without a buffer.
          const reader = size === 0 ? stream.getReader() : stream.getReader({ mode: "byob" });
          const { done, value } = await (size === 0 ? (reader as ReadableStreamDefaultReader<Bytes>).read() : (reader as ReadableStreamBYOBReader).read(new Uint8Array(size)));
          reader.releaseLock();
          if (done) break;
          expect((value as Uint8Array).byteLength).toBeGreaterThan(0);
          if (size > 0) expect((value as Uint8Array).byteLength).toBeLessThanOrEqual(size);
          chunks.push(value);
        }
        expect(joined(chunks)).toEqual(joined(eventsOf(lengths)));
        // Nobody took the events away from their owner.
        expect(events).toEqual(eventsOf(lengths));
      }),
      { numRuns: 200 },
    );
  });

  test("are equal on the way through a byte stream and back, by buffers of any size", async () => {
    await fc.assert(
      fc.asyncProperty(sizes, highWaterMarks, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5 }), async (lengths, highWaterMark, chunkSize, least, maxDemand) => {
        const min = Math.min(least, chunkSize);
        const stream = toReadableStream(source(eventsOf(lengths)), { type: "bytes", highWaterMark });
        const chunks: Uint8Array[] = [];
        for await (const event of fromReadableStream(stream, { bytes: { chunkSize, min } }).events({ maxDemand })) chunks.push(event);
        expect(joined(chunks)).toEqual(joined(eventsOf(lengths)));
        for (const [place, { byteLength }] of chunks.entries()) {
          expect(byteLength).toBeLessThanOrEqual(chunkSize);
          if (place < chunks.length - 1) expect(byteLength).toBeGreaterThanOrEqual(min);
        }
      }),
      { numRuns: 200 },
    );
  });
});
