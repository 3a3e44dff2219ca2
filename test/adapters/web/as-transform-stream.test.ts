import { describe, expect, test } from "vitest";
import { BadOptionError, StoppedError, producer, producerConsumer, type Producer, type ProducerConsumer } from "sluice";
import { asTransformStream, throughTransformStream } from "sluice/web";
import { settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { stateOf } from "../support/web-streams.ts";

const boom = new Error("boom");

const doubled = (numbers: Producer<number>): ProducerConsumer<number, number> =>
  producerConsumer({ subscribeTo: [{ to: numbers, maxDemand: 4 }], handleEvents: (events) => events.map((event) => 2 * event) });

/** A stream that counts what has been pulled. */
function counter(count = Infinity): { readonly stream: ReadableStream<number>; readonly cancels: unknown[]; pulled: number } {
  const source = {
    pulled: 0,
    cancels: [] as unknown[],
    stream: new ReadableStream<number>(
      {
        pull(controller) {
          if (source.pulled === count) controller.close();
          else controller.enqueue(source.pulled++);
        },
        cancel: (reason) => void source.cancels.push(reason),
      },
      { highWaterMark: 0 },
    ),
  };
  return source;
}

async function all<Event>(stream: ReadableStream<Event>): Promise<{ events: Event[]; error?: unknown }> {
  const events: Event[] = [];
  try {
    for await (const event of stream) events.push(event);
    return { events };
  } catch (error) {
    return { events, error };
  }
}

describe("pipeThrough", () => {
  test("brings what a function makes of the events, in order, and the end", async () => {
    expect(await all(counter(1000).stream.pipeThrough(asTransformStream(doubled)))).toEqual({ events: range(1000).map((n) => 2 * n) });
  });

  test("takes a stage as well", async () => {
    const stage = producerConsumer<number, string>({ handleEvents: (events) => events.map((event) => `<${event}>`) });
    expect(await all(counter(3).stream.pipeThrough(asTransformStream(stage)))).toEqual({ events: ["<0>", "<1>", "<2>"] });
  });

  test("takes a stage that is a TransformStream itself", async () => {
    const stage = throughTransformStream<number, number>(new TransformStream<number, number>({ transform: (event, controller) => controller.enqueue(event + 1) }));
    expect(await all(counter(3).stream.pipeThrough(asTransformStream(stage)))).toEqual({ events: [1, 2, 3] });
  });

  test.each([0, 1, 16])("takes high-water marks of %i on both sides", async (highWaterMark) => {
    // The platform pipes nothing into a stream that wants nothing.
    const writable = { highWaterMark: Math.max(1, highWaterMark) };
    expect(await all(counter(100).stream.pipeThrough(asTransformStream(doubled, { writable, readable: { highWaterMark } })))).toEqual({ events: range(100).map((n) => 2 * n) });
  });

  test("brings what the stage makes at its end", async () => {
    const sum = (numbers: Producer<number>): Producer<number> => {
      let total = 0;
      return producerConsumer({
        subscribeTo: [numbers],
        handleEvents(events: readonly number[]) {
          for (const event of events) total += event;
          return [];
        },
        handleComplete: () => [total],
      });
    };
    expect(await all(counter(10).stream.pipeThrough(asTransformStream(sum)))).toEqual({ events: [45] });
  });

  test("pulls no more than the windows and the marks allow while nobody reads", async () => {
    const source = counter();
    const readable = source.stream.pipeThrough(asTransformStream(doubled));
    await settle();
    // Four in the window of the stage, one waits in the writable side, and the platform has one in its hands.
    expect(source.pulled).toBeLessThanOrEqual(4 + 1 + 1);
    await readable.cancel();
  });
});

describe("an end", () => {
  test("of the writable side resolves close when the stage has taken all, and closes the readable one", async () => {
    const { writable, readable } = asTransformStream(doubled);
    const writer = writable.getWriter();
    void writer.write(1);
    await writer.close();
    expect(await all(readable)).toEqual({ events: [2] });
  });

  test("by an error of the stage fails both sides with it, the readable one behind what was made", async () => {
    const failing = (numbers: Producer<number>): Producer<number> =>
      producerConsumer({
        subscribeTo: [{ to: numbers, maxDemand: 1 }],
        handleEvents(events: readonly number[]) {
          if (events[0] === 2) throw boom;
          return events;
        },
      });
    const source = counter();
    const { writable, readable } = asTransformStream(failing);
    const piped = source.stream.pipeTo(writable);
    const failed = expect(piped).rejects.toBe(boom);
    expect(await all(readable)).toEqual({ events: [0, 1], error: boom });
    await failed;
    expect(source.cancels).toEqual([boom]);
  });

  test("by a cancel of the readable side stops the stage, and fails the writable one with the reason", async () => {
    let stage!: Producer<number>;
    const { writable, readable } = asTransformStream<number, number>((numbers) => (stage = doubled(numbers)));
    const reader = readable.getReader();
    const writer = writable.getWriter();
    void writer.write(1);
    expect(await reader.read()).toEqual({ value: 2, done: false });
    await reader.cancel(boom);
    expect(await stage.closed).toEqual({ type: "shutdown", reason: boom });
    await expect(writer.closed).rejects.toBe(boom);
    await expect(writer.write(2)).rejects.toBe(boom);
  });

  test("by an abort of the writable side fails the readable one with the reason, behind what was made", async () => {
    const { writable, readable } = asTransformStream(doubled);
    const writer = writable.getWriter();
    const got = all(readable);
    await writer.write(1);
    await settle();
    await writer.abort(boom);
    expect(await got).toEqual({ events: [2], error: boom });
  });

  test("by a stop of the stage fails both sides with a StoppedError", async () => {
    let stage!: Producer<number>;
    const { writable, readable } = asTransformStream<number, number>((numbers) => (stage = doubled(numbers)));
    const reader = readable.getReader();
    const read = reader.read();
    const failed = expect(read).rejects.toBeInstanceOf(StoppedError);
    await settle();
    await stage.stop("enough");
    await failed;
    expect(await stateOf(writable)).toEqual({ error: "enough" });
  });
});

describe("options", () => {
  test.each<[string, object]>([
    ["the options of asTransformStream", { highWaterMark: 3 }],
    ["writable", { writable: 3 }],
    ["highWaterMark", { writable: { highWaterMark: -1 } }],
    ["highWaterMark", { readable: { highWaterMark: -1 } }],
    ["the options of producer", { writable: { maxDemand: 3 } }],
  ])("refuses a bad %s", async (option, options) => {
    const partners: string[] = [];
    const stage = producerConsumer<number, number>({ handleEvents: (events) => events, handleSubscribe: (from) => void partners.push(from.name) });
    expect(() => asTransformStream(stage, options)).toThrow(expect.objectContaining({ option }));
    await settle();
    expect(partners).toEqual([]);
  });

  test.each([undefined, 3, {}, { subscribe: true }])("refuses what is no stage: %s", (stage) => {
    expect(() => asTransformStream(stage as unknown as ProducerConsumer<number, number>)).toThrow(BadOptionError);
  });

  test("throws what the function throws, and stops what it was given", async () => {
    let given!: Producer<number>;
    expect(() =>
      asTransformStream<number, number>((input) => {
        given = input;
        throw boom;
      }),
    ).toThrow(boom);
    expect(await given.closed).toEqual({ type: "shutdown", reason: boom });
  });

  test("stops what the function made when it cannot be read", async () => {
    let stage!: Producer<number>;
    expect(() => asTransformStream<number, number>((input) => (stage = doubled(input)), { readable: { maxDemand: 0 } })).toThrow(BadOptionError);
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
    const other = producer<number>({ handleDemand: () => undefined });
    expect(() => asTransformStream(() => other, { readable: { maxDemand: 0 } })).toThrow(BadOptionError);
    expect(await other.closed).toMatchObject({ type: "shutdown" });
    expect(() => asTransformStream(() => undefined as unknown as Producer<number>)).toThrow(BadOptionError);
  });
});
