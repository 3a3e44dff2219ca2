import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { BadOptionError, StoppedError, broadcastDispatcher, consumer, fromIterable, pipeline, producerConsumer, type Consumer, type ExitReason, type Report } from "sluice";
import { asWritableStream, intoWritableStream, type NativeWriter } from "sluice/web";
import { ConsumerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { stateOf } from "../support/web-streams.ts";

const boom = new Error("boom");

/** How a promise stands, once all is quiet. */
async function stateOfPromise(promise: Promise<unknown>): Promise<"pending" | "resolved" | { readonly error: unknown }> {
  let state: "pending" | "resolved" | { readonly error: unknown } = "pending";
  promise.then(
    () => (state = "resolved"),
    (error: unknown) => (state = { error }),
  );
  await settle();
  return state;
}

/** Writes with heed to the desired size. */
async function writeAll<Event>(writer: NativeWriter<Event>, events: readonly Event[]): Promise<void> {
  for (const event of events) {
    await writer.ready;
    writer.write(event).catch(() => undefined);
  }
  await writer.close();
}

describe("writing", () => {
  test.each([0, 1, 16])("brings all events in order, and an end, with a high-water mark of %i", async (highWaterMark) => {
    const { writable, producer } = asWritableStream<number>({ highWaterMark });
    const writer = writable.getWriter();
    const done = (async () => {
      for (const event of range(1000)) await writer.write(event);
      await writer.close();
    })();
    const events: number[] = [];
    for await (const event of producer) events.push(event);
    expect(events).toEqual(range(1000));
    await done;
  });

  test("is what a ReadableStream of the platform pipes to", async () => {
    const { writable, producer } = asWritableStream<number>();
    const piped = new ReadableStream<number>({
      start(controller) {
        for (const event of range(100)) controller.enqueue(event);
        controller.close();
      },
    }).pipeTo(writable);
    const events: number[] = [];
    for await (const batch of producer.batches()) events.push(...batch);
    expect(events).toEqual(range(100));
    await piped;
  });

  test("is what another stage writes into", async () => {
    const { writable, producer } = asWritableStream<number>({ highWaterMark: 4 });
    const wrote = pipeline(fromIterable(range(5000)), intoWritableStream<number>(writable));
    let sum = 0;
    for await (const event of producer.events()) sum += event;
    await wrote;
    expect(sum).toBe((5000 * 4999) / 2);
  });

  test("resolves without a promise of ours when demand is open, and waits for demand otherwise", async () => {
    const { writable, producer } = asWritableStream<string>();
    const probe = new ConsumerProbe(producer);
    const writer = writable.getWriter();
    await probe.ask(1);
    const first = writer.write("a");
    expect(await stateOfPromise(first)).toBe("resolved");
    const second = writer.write("b");
    expect(await stateOfPromise(second)).toBe("pending");
    expect(writer.desiredSize).toBe(0);
    expect(probe.events).toEqual(["a"]);
    await probe.ask(1);
    expect(probe.events).toEqual(["a", "b"]);
    expect(await stateOfPromise(second)).toBe("resolved");
    expect(writer.desiredSize).toBe(1);
  });

  test.each([0, 1, 16])("lets a writer that heeds desiredSize leave so many events waiting as the high-water mark says: %i", async (highWaterMark) => {
    const { writable, producer } = asWritableStream<number>({ highWaterMark });
    const probe = new ConsumerProbe(producer);
    const writer = writable.getWriter();
    await settle();
    let written = 0;
    while ((writer.desiredSize ?? 0) > 0) {
      void writer.write(written);
      written += 1;
    }
    expect(written).toBe(highWaterMark);
    expect(producer.bufferedCount).toBe(0);
    await probe.ask(100);
    expect(probe.events).toEqual(range(highWaterMark));
    await probe.cancel();
  });

  test("measures with size", async () => {
    const { writable, producer } = asWritableStream<string>({ highWaterMark: 5, size: (text) => text.length });
    const writer = writable.getWriter();
    void writer.write("abc").catch(() => undefined);
    expect(writer.desiredSize).toBe(2);
    await producer.stop();
  });

  test("takes each chunk as a list of events with lists", async () => {
    const { writable, producer } = asWritableStream<number>({ lists: true });
    const probe = new ConsumerProbe(producer);
    const writer = writable.getWriter();
    await probe.ask(4);
    const first = writer.write([1, 2, 3]);
    await writer.write([]).catch(() => undefined);
    const second = writer.write([4, 5, 6]);
    expect(await stateOfPromise(first)).toBe("resolved");
    expect(await stateOfPromise(second)).toBe("pending");
    expect(probe.batches).toEqual([[1, 2, 3], [4]]);
    await probe.ask(2);
    expect(probe.batches).toEqual([[1, 2, 3], [4], [5, 6]]);
    expect(await stateOfPromise(second)).toBe("resolved");
    await probe.cancel();
  });

  test("refuses a chunk that is no list with lists, on both ends", async () => {
    const { writable, producer } = asWritableStream<number>({ lists: true });
    const probe = new ConsumerProbe(producer);
    const writer = writable.getWriter();
    const write = writer.write(1 as unknown as readonly number[]);
    await expect(write).rejects.toMatchObject({ code: "SLUICE_BAD_PARTNER" });
    await settle();
    expect(probe.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
  });

  test("keeps every value as it is", async () => {
    const frozen = Object.freeze({ done: true });
    const thenable = Promise.resolve("unwrapped");
    const values = [undefined, null, Number.NaN, 0, "", false, frozen, frozen, [1, 2], thenable];
    const { writable, producer } = asWritableStream<unknown>({ highWaterMark: 20 });
    const probe = new ConsumerProbe(producer);
    await probe.ask(20);
    await writeAll(writable.getWriter(), values);
    for (const [index, value] of values.entries()) expect(probe.events[index]).toBe(value);
    expect(probe.events).toHaveLength(values.length);
  });

  test("gives each event to one of several consumers, as the dispatcher says", async () => {
    const { writable, producer } = asWritableStream<number>();
    const first = new ConsumerProbe(producer);
    const second = new ConsumerProbe(producer);
    await first.ask(2);
    await second.ask(2);
    await writeAll(writable.getWriter(), [1, 2, 3, 4]);
    expect([...first.events, ...second.events].toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
    expect(first.events).toHaveLength(2);
  });

  test("keeps for the next what a consumer demanded and left behind", async () => {
    const { writable, producer } = asWritableStream<number>({ whenUnused: "wait" });
    const first = new ConsumerProbe(producer);
    await first.ask(2);
    await first.cancel();
    const writer = writable.getWriter();
    await writer.write(1);
    await writer.write(2);
    expect(producer.bufferedCount).toBe(2);
    const second = new ConsumerProbe(producer);
    await second.ask(3);
    expect(second.events).toEqual([1, 2]);
    await producer.stop();
  });
});

describe("processed", () => {
  test("resolves a write when its event has been handled", async () => {
    const handling = deferred();
    const { writable, producer } = asWritableStream<number>({ processed: true });
    const stage = consumer({ subscribeTo: [{ to: producer, maxDemand: 1 }], handleEvents: () => handling.promise });
    await settle();
    const writer = writable.getWriter();
    const write = writer.write(1);
    expect(await stateOfPromise(write)).toBe("pending");
    handling.resolve();
    expect(await stateOfPromise(write)).toBe("resolved");
    await writer.close();
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("resolves a write when a loop comes back for the next", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true });
    const iterator = producer[Symbol.asyncIterator]();
    const next = iterator.next();
    const writer = writable.getWriter();
    const write = writer.write(1);
    expect(await next).toEqual({ value: 1, done: false });
    expect(await stateOfPromise(write)).toBe("pending");
    const last = iterator.next();
    expect(await stateOfPromise(write)).toBe("resolved");
    void writer.close();
    expect(await last).toEqual({ value: undefined, done: true });
  });

  test("waits for the one of two consumers that has it", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true });
    const first = new ConsumerProbe(producer);
    const second = new ConsumerProbe(producer);
    await first.ask(1);
    const writer = writable.getWriter();
    const write = writer.write(1);
    await settle();
    expect(first.events).toEqual([1]);
    await second.ask(1);
    expect(await stateOfPromise(write)).toBe("pending");
    await first.ask(1);
    expect(await stateOfPromise(write)).toBe("resolved");
    await producer.stop();
  });

  test("rejects a write whose event a consumer has failed with", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true });
    const stage = consumer({ subscribeTo: [{ to: producer, maxDemand: 1 }], handleEvents: () => Promise.reject(boom) });
    const { closed } = stage;
    await settle();
    const writer = writable.getWriter();
    await expect(writer.write(1)).rejects.toBe(boom);
    await expect(writer.closed).rejects.toBe(boom);
    expect(await closed).toEqual({ type: "error", error: boom });
  });

  test("goes with lists: a write resolves when the last of its events has been handled", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true, lists: true });
    const probe = new ConsumerProbe(producer);
    const writer = writable.getWriter();
    await probe.ask(1);
    const write = writer.write([1, 2]);
    await settle();
    await probe.ask(1);
    expect(probe.events).toEqual([1, 2]);
    expect(await stateOfPromise(write)).toBe("pending");
    await probe.ask(1);
    expect(await stateOfPromise(write)).toBe("resolved");
    await probe.cancel();
  });

  test("does not close before the producer has ended", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true });
    const probe = new ConsumerProbe(producer);
    await probe.ask(1);
    const writer = writable.getWriter();
    const close = writer.close();
    await settle();
    expect(probe.end).toEqual({ type: "normal" });
    await close;
  });

  test("goes on when a consumer leaves that had asked and got nothing", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true });
    const first = new ConsumerProbe(producer);
    const second = new ConsumerProbe(producer);
    await first.ask(1);
    await second.ask(1);
    const writer = writable.getWriter();
    const write = writer.write(1);
    await settle();
    expect([first.events, second.events]).toEqual([[1], []]);
    await second.cancel();
    expect(await stateOfPromise(write)).toBe("pending");
    await first.ask(1);
    expect(await stateOfPromise(write)).toBe("resolved");
    const next = writer.write(2);
    await settle();
    await first.ask(1);
    expect(await stateOfPromise(next)).toBe("resolved");
    expect(first.events).toEqual([1, 2]);
    await producer.stop();
  });

  test("resolves a write whose event is lost with a consumer, when another goes on", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true });
    const first = new ConsumerProbe(producer);
    const second = new ConsumerProbe(producer);
    await first.ask(1);
    const writer = writable.getWriter();
    const write = writer.write(1);
    await settle();
    await second.ask(1);
    await first.down({ type: "error", error: boom });
    expect(await stateOfPromise(write)).toBe("resolved");
    void writer.write(2).catch(() => undefined);
    await settle();
    expect(second.events).toEqual([2]);
    await producer.stop();
  });

  test("waits for the consumer that gets what another has given back", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true, whenUnused: "wait" });
    let fails = true;
    const handled: number[] = [];
    const worker = (): Consumer<number> =>
      consumer<number>({
        handleEvents: async (events) => {
          await Promise.resolve();
          if (fails) throw boom;
          handled.push(...events);
        },
      });
    const first = worker();
    void first.closed;
    first.subscribe(producer, { maxDemand: 1, onCrash: "redeliver" });
    await settle();
    const writer = writable.getWriter();
    const write = writer.write(1);
    expect(await stateOfPromise(write)).toBe("pending");
    expect(first.snapshot().state).toBe("ended");
    fails = false;
    const second = worker();
    second.subscribe(producer, { maxDemand: 1, onCrash: "redeliver" });
    expect(await stateOfPromise(write)).toBe("resolved");
    expect(handled).toEqual([1]);
    await producer.stop();
  });

  test("waits for all consumers of a broadcast, and for none when nobody wants it", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true, dispatcher: broadcastDispatcher() });
    const first = new ConsumerProbe(producer, { options: { selector: (event: number) => event !== 3 } });
    const second = new ConsumerProbe(producer, { options: { selector: (event: number) => event < 2 } });
    await first.ask(1);
    await second.ask(1);
    const writer = writable.getWriter();
    const both = writer.write(1);
    await settle();
    await first.ask(1);
    expect(await stateOfPromise(both)).toBe("pending");
    await second.ask(1);
    expect(await stateOfPromise(both)).toBe("resolved");
    const one = writer.write(2);
    await settle();
    expect([first.events, second.events]).toEqual([[1, 2], [1]]);
    expect(await stateOfPromise(one)).toBe("pending");
    await first.ask(1);
    expect(await stateOfPromise(one)).toBe("resolved");
    expect(await stateOfPromise(writer.write(3))).toBe("resolved");
    await producer.stop();
  });

  test("knows the options of the dispatcher that is given", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true, dispatcher: broadcastDispatcher() });
    const handled: number[] = [];
    const stage = consumer({ subscribeTo: [{ to: producer, maxDemand: 1, selector: (event: number) => event > 1 }], handleEvents: (events: readonly number[]) => void handled.push(...events) });
    await settle();
    await writeAll(writable.getWriter(), [1, 2]);
    expect(handled).toEqual([2]);
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("waits for the first consumer who comes, when an earlier one has demanded and left", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true, whenUnused: "wait" });
    const first = new ConsumerProbe(producer);
    await first.ask(1);
    await first.cancel();
    const write = writable.getWriter().write(1);
    expect(await stateOfPromise(write)).toBe("pending");
    const second = new ConsumerProbe(producer);
    await second.ask(1);
    expect(second.events).toEqual([1]);
    expect(await stateOfPromise(write)).toBe("pending");
    await second.ask(1);
    expect(await stateOfPromise(write)).toBe("resolved");
    await producer.stop();
  });

  test("does not take an event for lost that a stopped consumer is about to give back", async () => {
    const handling = deferred();
    const { writable, producer } = asWritableStream<number>({ processed: true, whenUnused: "wait" });
    const stage = consumer<number>({ handleEvents: () => handling.promise.then(() => Promise.reject(boom)) });
    stage.subscribe(producer, { maxDemand: 1, onCrash: "redeliver" });
    await settle();
    const write = writable.getWriter().write(1);
    await settle();
    const stopped = stage.stop();
    expect(await stateOfPromise(write)).toBe("pending");
    handling.resolve();
    await stopped;
    const probe = new ConsumerProbe(producer);
    await probe.ask(1);
    expect(probe.events).toEqual([1]);
    await probe.ask(1);
    expect(await stateOfPromise(write)).toBe("resolved");
    await producer.stop();
  });

  test("takes an empty list for handled", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true, lists: true });
    await writable.getWriter().write([]);
    await producer.stop();
  });

  test("fails when a consumer asks for several at once", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true, name: "input" });
    const probe = new ConsumerProbe(producer);
    await probe.ask(10);
    expect(probe.end).toMatchObject({ type: "error", error: { message: expect.stringContaining("expected each consumer of input to ask for one event at a time, got: an ask for 10") } });
    expect(await stateOf(writable)).toMatchObject({ error: { code: "SLUICE_BAD_PARTNER" } });
  });
});

describe("close", () => {
  test("waits until what was written has been taken, and for the end of the producer", async () => {
    const { writable, producer } = asWritableStream<number>();
    const probe = new ConsumerProbe(producer);
    const writer = writable.getWriter();
    const write = writer.write(1);
    const close = writer.close();
    expect(await stateOfPromise(close)).toBe("pending");
    await probe.ask(1);
    expect(probe.events).toEqual([1]);
    expect(probe.end).toEqual({ type: "normal" });
    await write;
    await close;
    expect(await producer.closed).toEqual({ type: "normal" });
  });

  test("waits for a drain of what consumers have left behind", async () => {
    const { writable, producer } = asWritableStream<number>({ whenUnused: "wait" });
    const first = new ConsumerProbe(producer);
    await first.ask(1);
    await first.cancel();
    const writer = writable.getWriter();
    await writer.write(1);
    const close = writer.close();
    expect(await stateOfPromise(close)).toBe("pending");
    const second = new ConsumerProbe(producer);
    await second.ask(1);
    expect(second.events).toEqual([1]);
    expect(await stateOfPromise(close)).toBe("resolved");
  });

  test("before anybody has subscribed ends for whoever comes", async () => {
    const { writable, producer } = asWritableStream<number>();
    await writable.getWriter().close();
    const events: number[] = [];
    for await (const event of producer) events.push(event);
    expect(events).toEqual([]);
  });

  test("rejects when the producer is stopped before it has drained, with the reason", async () => {
    const { writable, producer } = asWritableStream<number>({ whenUnused: "wait" });
    const probe = new ConsumerProbe(producer);
    await probe.ask(1);
    await probe.cancel();
    const writer = writable.getWriter();
    await writer.write(1);
    const close = writer.close();
    await settle();
    await producer.stop(boom);
    await expect(close).rejects.toBe(boom);
    await expect(writer.closed).rejects.toBe(boom);
  });
});

describe("abort", () => {
  test("fails the producer with the reason itself, behind what was taken; what waits is lost", async () => {
    const { writable, producer } = asWritableStream<number>({ highWaterMark: 3, whenUnused: "wait" });
    const first = new ConsumerProbe(producer);
    const second = new ConsumerProbe(producer);
    await first.ask(1);
    await first.cancel();
    const writer = writable.getWriter();
    const writes = [writer.write(1), writer.write(2), writer.write(3)];
    await settle();
    const abort = writer.abort(boom);
    expect(await Promise.all(writes.map(stateOfPromise))).toEqual(["resolved", { error: boom }, { error: boom }]);
    await abort;
    expect(second.end).toBeUndefined();
    await second.ask(1);
    expect(second.events).toEqual([1]);
    expect(second.end).toEqual({ type: "error", error: boom });
    expect(await producer.closed).toEqual({ type: "error", error: boom });
  });

  test("delivers what was taken before it first", async () => {
    const { writable, producer } = asWritableStream<number>();
    const probe = new ConsumerProbe(producer);
    const writer = writable.getWriter();
    await probe.ask(2);
    await writer.write(1);
    await writer.abort(boom);
    await settle();
    expect(probe.events).toEqual([1]);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("without a reason is a StoppedError", async () => {
    const { writable, producer } = asWritableStream<number>({ name: "input" });
    const probe = new ConsumerProbe(producer);
    await settle();
    await writable.abort();
    await settle();
    expect(probe.end).toMatchObject({ type: "error", error: expect.any(StoppedError) });
    expect((probe.end as { error: StoppedError }).error.message).toBe("input was stopped before its normal end");
  });

  test.each([null, "text", 0])("passes any reason on: %s", async (reason) => {
    const { writable, producer } = asWritableStream<number>();
    const probe = new ConsumerProbe(producer);
    await settle();
    await writable.abort(reason);
    await settle();
    expect(probe.end).toEqual({ type: "error", error: reason });
  });

  test("while an event is being handled waits for that, as the platform does", async () => {
    const { writable, producer } = asWritableStream<number>({ processed: true });
    const probe = new ConsumerProbe(producer);
    await probe.ask(1);
    const writer = writable.getWriter();
    const write = writer.write(1);
    await settle();
    const abort = writer.abort(boom);
    expect(await stateOfPromise(write)).toBe("pending");
    await probe.ask(1);
    expect(await stateOfPromise(write)).toBe("resolved");
    await abort;
    await settle();
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("while it closes fails the producer instead of its end", async () => {
    const { writable, producer } = asWritableStream<number>({ whenUnused: "wait" });
    const first = new ConsumerProbe(producer);
    const second = new ConsumerProbe(producer);
    await first.ask(1);
    await first.cancel();
    const writer = writable.getWriter();
    await writer.write(1);
    const close = writer.close();
    await settle();
    void writer.abort(boom).catch(() => undefined);
    expect(await stateOfPromise(close)).toEqual({ error: boom });
    await second.ask(1);
    expect(second.events).toEqual([1]);
    expect(second.end).toEqual({ type: "error", error: boom });
  });

  test("that nobody reads is no uncaught exception: who aborts knows", async () => {
    const { writable, producer } = asWritableStream<number>();
    await writable.abort(boom);
    await settle();
    expect(producer.snapshot().state).toBe("ended");
  });
});

describe("another end of the producer", () => {
  test("by a stop fails the stream and the writes that wait, with the reason itself", async () => {
    const { writable, producer } = asWritableStream<number>({ highWaterMark: 2 });
    const writer = writable.getWriter();
    const writes = [writer.write(1), writer.write(2)];
    await settle();
    await producer.stop(boom);
    expect(await Promise.all(writes.map(stateOfPromise))).toEqual([{ error: boom }, { error: boom }]);
    await expect(writer.closed).rejects.toBe(boom);
    await expect(writer.write(3)).rejects.toBe(boom);
  });

  test("by a stop without a reason fails it with a StoppedError", async () => {
    const { writable, producer } = asWritableStream<number>({ name: "input" });
    await producer.stop();
    expect(await stateOf(writable)).toMatchObject({ error: { message: "input was stopped before its normal end" } });
  });

  test("by a break of its only reader fails the stream", async () => {
    const { writable, producer } = asWritableStream<number>();
    const writer = writable.getWriter();
    void writer.write(1);
    void writer.write(2).catch(() => undefined);
    for await (const event of producer) if (event === 1) break;
    await expect(writer.closed).rejects.toBeInstanceOf(StoppedError);
  });

  test("by the failure of its consumer fails the stream with that error", async () => {
    const { writable, producer } = asWritableStream<number>();
    const run = pipeline(
      producer,
      consumer<number>({
        handleEvents: () => {
          throw boom;
        },
      }),
    );
    const writer = writable.getWriter();
    void writer.write(1);
    await expect(run).rejects.toBe(boom);
    await expect(writer.closed).rejects.toBe(boom);
  });

  test("by an abort of its signal fails the stream with the reason, and leaves no listener", async () => {
    const controller = new AbortController();
    const { writable, producer } = asWritableStream<number>({ signal: controller.signal });
    controller.abort(boom);
    await settle();
    expect(await stateOf(writable)).toEqual({ error: boom });
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    expect(await producer.closed).toEqual({ type: "shutdown", reason: boom });
  });

  test("by an error of its own fails the stream, when what it has is delivered", async () => {
    const reports: Report[] = [];
    const { writable, producer } = asWritableStream<number>({
      bufferSize: 1,
      bufferKeep: "last",
      whenUnused: "wait",
      handleReport: (report) => reports.push(report),
      handleDiscarded: () => {
        throw boom;
      },
    });
    const first = new ConsumerProbe(producer);
    const second = new ConsumerProbe(producer);
    await first.ask(3);
    await first.cancel();
    const writer = writable.getWriter();
    await writer.write(1);
    await writer.write(2);
    const third = writer.write(3);
    expect(await stateOfPromise(third)).toBe("pending");
    await second.ask(1);
    expect(second.events).toEqual([2]);
    expect(second.end).toEqual({ type: "error", error: boom });
    expect(await stateOfPromise(third)).toEqual({ error: boom });
    await expect(writer.closed).rejects.toBe(boom);
    expect(reports).toContainEqual(expect.objectContaining({ kind: "discarded", count: 1 }));
  });

  test.each<[string, (writer: NativeWriter<number>, stop: (reason: unknown) => void) => unknown]>([
    [
      "abort and stop",
      (writer, stop) => {
        void writer.abort(boom).catch(() => undefined);
        stop(boom);
      },
    ],
    [
      "stop and abort",
      (writer, stop) => {
        stop(boom);
        void writer.abort(boom).catch(() => undefined);
      },
    ],
    [
      "close and stop",
      (writer, stop) => {
        void writer.close().catch(() => undefined);
        stop(boom);
      },
    ],
  ])("and its stream in one turn (%s) is one end for each", async (_how, act) => {
    const { writable, producer } = asWritableStream<number>();
    const probe = new ConsumerProbe(producer);
    await probe.ask(1);
    const writer = writable.getWriter();
    void writer.write(1).catch(() => undefined);
    act(writer, (reason) => void producer.stop(reason));
    await settle();
    expect(probe.ends).toHaveLength(1);
    expect((probe.end as ExitReason).type).not.toBe("normal");
    await expect(writer.closed).rejects.toBe(boom);
  });
});

describe("a chain", () => {
  test("holds a fast writer back by the windows of its stages", async () => {
    const { writable, producer } = asWritableStream<number>({ highWaterMark: 4 });
    const writer = writable.getWriter();
    let handled = 0;
    let written = 0;
    let greatest = 0;
    const doubled = producerConsumer({ subscribeTo: [{ to: producer, maxDemand: 8 }], handleEvents: (events: readonly number[]) => events.map((event) => 2 * event) });
    const stage = consumer({
      subscribeTo: [{ to: doubled, maxDemand: 4 }],
      async handleEvents(events) {
        await new Promise((resolve) => setImmediate(resolve));
        handled += events.length;
      },
    });
    for (const event of range(500)) {
      await writer.ready;
      void writer.write(event);
      written += 1;
      greatest = Math.max(greatest, written - handled);
    }
    await writer.close();
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(handled).toBe(500);
    expect(greatest).toBeLessThanOrEqual(4 + 8 + 8 + 4);
  });
});

describe("the event loop", () => {
  test("turns while a writer writes as fast as it may", async () => {
    const { writable, producer } = asWritableStream<number>({ highWaterMark: 16 });
    const writer = writable.getWriter();
    const stage = consumer({ subscribeTo: [producer], handleEvents: () => undefined });
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 0);
    await writeAll(writer, range(50_000));
    clearInterval(timer);
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(ticks).toBeGreaterThan(2);
  });
});

describe("options", () => {
  test.each<[string, object]>([
    ["highWaterMark", { highWaterMark: -1 }],
    ["highWaterMark", { highWaterMark: Number.NaN }],
    ["size", { size: 3 }],
    ["processed", { processed: 1 }],
    ["lists", { lists: "yes" }],
    ["bufferSize", { bufferSize: 0 }],
    ["the options of asWritableStream", { handleDemand: () => undefined }],
    ["the options of asWritableStream", { handleStop: () => undefined }],
    ["the options of producer", { maxDemand: 3 }],
  ])("refuses a bad %s", (option, options) => {
    expect(() => asWritableStream(options)).toThrow(expect.objectContaining({ option }));
    expect(() => asWritableStream(options)).toThrow(BadOptionError);
  });
});
