import { getEventListeners } from "node:events";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Transform, Writable, finished } from "node:stream";
import { finished as finishing, pipeline as piping } from "node:stream/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, broadcastDispatcher, consumer, partitionDispatcher, type ExitReason, type Producer, type Report } from "sluice";
import { asWritable, wrapNullish, type AsWritableOptions } from "sluice/node";
import { ConsumerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { Uncaught } from "../../core/support/uncaught.ts";
import { listeners } from "../support/listeners.ts";
import { watchingWrites } from "../support/writing.ts";
import { Counter, Source } from "../support/streams.ts";

afterEach(() => vi.useRealTimers());

/** A Writable, and a consumer of its events that a test drives. */
function probing<In = unknown>(options: AsWritableOptions<In> = {}): { readonly writable: Writable; readonly producer: Producer<In>; readonly probe: ConsumerProbe<In> } {
  const { writable, producer } = asWritable<In>(options);
  return { writable, producer, probe: new ConsumerProbe(producer) };
}

/** What a loop over a producer got, and how it ended. */
async function all<Event>(stage: AsyncIterable<Event>): Promise<{ events: Event[]; error?: unknown }> {
  const events: Event[] = [];
  try {
    for await (const event of stage) events.push(event);
    return { events };
  } catch (error) {
    return { events, error };
  }
}

describe("writing", () => {
  test("makes what is written the events of the producer, in order, and its end their end", async () => {
    const { writable, producer } = asWritable<number>();
    const got = all(producer);
    for (const event of range(100)) writable.write(event);
    writable.end(100);
    await finishing(writable);
    expect(await got).toEqual({ events: range(101) });
    expect(await producer.closed).toEqual({ type: "normal" });
  });

  test("is an instance of Writable with the marks of Node", () => {
    const objects = asWritable().writable;
    const bytes = asWritable({ objectMode: false }).writable;
    expect(objects).toBeInstanceOf(Writable);
    expect([objects.writableObjectMode, objects.writableHighWaterMark]).toEqual([true, new Writable({ objectMode: true }).writableHighWaterMark]);
    expect([bytes.writableObjectMode, bytes.writableHighWaterMark]).toEqual([false, new Writable().writableHighWaterMark]);
  });

  test.each([0, 1, 2, 16, 1000].flatMap((highWaterMark) => [1, 10, 1000].map((maxDemand) => ({ highWaterMark, maxDemand }))))(
    "carries a pipeline of 3,000 at a high-water mark of $highWaterMark into a consumer with a window of $maxDemand",
    async ({ highWaterMark, maxDemand }) => {
      for (const processed of maxDemand === 1 ? [false, true] : [false]) {
        const { writable, producer } = asWritable<number>({ highWaterMark, processed });
        const events: number[] = [];
        const sink = consumer({ subscribeTo: [{ to: producer, maxDemand }], handleEvents: (list) => void events.push(...list) });
        await piping(new Counter(3000), writable);
        expect(await sink.closed).toEqual({ type: "normal" });
        expect(events).toEqual(range(3000));
      }
    },
  );

  test("carries 100,000 events from a fast Readable to a slow consumer, and holds no more than the marks and the window", async () => {
    const stream = new Counter(100_000, { highWaterMark: 16 });
    const { writable, producer } = asWritable<number>({ highWaterMark: 16 });
    let handled = 0;
    let greatest = 0;
    const sink = consumer({
      subscribeTo: [{ to: producer, maxDemand: 50 }],
      async handleEvents(events) {
        greatest = Math.max(greatest, stream.made - handled);
        if (handled % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
        handled += events.length;
      },
    });
    await piping(stream, writable);
    await sink.closed;
    expect(handled).toBe(100_000);
    expect(greatest).toBeLessThanOrEqual(16 + 16 + 50);
  });

  test("moves what is written in one turn as one list", async () => {
    const { writable, probe } = probing();
    await probe.ask(100);
    for (const event of range(7)) writable.write(event);
    await settle();
    expect(probe.batches).toEqual([range(7)]);
  });

  test("moves what was held as one list, as far as it is demanded", async () => {
    const { writable, producer, probe } = probing();
    writable.cork();
    for (const event of range(7)) writable.write(event);
    writable.uncork();
    await settle();
    expect(producer.bufferedCount).toBe(0);
    await probe.ask(3);
    await probe.ask(100);
    expect(probe.batches).toEqual([
      [0, 1, 2],
      [3, 4, 5, 6],
    ]);
  });
});

describe("demand", () => {
  test("lets a write be called back when all of it was taken", async () => {
    const { writable, probe } = probing({ highWaterMark: 4 });
    const { called } = watchingWrites(writable, range(10));
    await settle();
    expect(called).toEqual([]);
    await probe.ask(3);
    // Behind the first one Node hands over what it holds, as one list.
    expect(probe.events).toEqual([0, 1, 2]);
    expect(called).toEqual([0]);
    await probe.ask(6);
    expect(called).toEqual([0]);
    await probe.ask(1);
    expect(probe.events).toEqual(range(10));
    expect(called).toEqual(range(10));
  });

  test("is back-pressure: write returns false at the mark, and 'drain' comes with demand", async () => {
    const { writable, probe, producer } = probing({ highWaterMark: 3 });
    let drains = 0;
    writable.on("drain", () => (drains += 1));
    expect(range(4).map((event) => writable.write(event))).toEqual([true, true, false, false]);
    await settle();
    expect(drains).toBe(0);
    expect(producer.bufferedCount).toBe(0);
    await probe.ask(4);
    expect(drains).toBe(1);
    expect(probe.events).toEqual(range(4));
  });

  test("none holds everything back, for ever", async () => {
    const stream = new Counter(Infinity, { highWaterMark: 2 });
    const { writable, producer } = asWritable({ highWaterMark: 3 });
    const probe = new ConsumerProbe(producer);
    writable.on("error", () => undefined);
    stream.pipe(writable);
    await settle();
    expect(writable.writableLength).toBe(3);
    expect(producer.bufferedCount).toBe(0);
    expect(stream.made).toBeLessThanOrEqual(3 + 2 + 1);
    stream.destroy();
    await probe.cancel();
  });

  test("that comes in the middle of a turn does not let a later write be told before an earlier one", async () => {
    const { writable, probe } = probing();
    await probe.ask(2);
    void probe.ask(5);
    const { called } = watchingWrites(writable, range(4));
    await settle();
    expect(called).toEqual(range(4));
  });

  test("goes on when a writer writes from within 'drain' and its callbacks", async () => {
    const { writable, producer } = asWritable<number>({ highWaterMark: 1 });
    const got = all(producer);
    let next = 0;
    const write = (): void => {
      if (next === 500) writable.end();
      else if (next < 500) writable.write(next++, write);
    };
    write();
    writable.on("drain", write);
    writable.on("error", () => undefined);
    expect((await got).events).toEqual(range(500));
  });

  test("that a consumer leaves behind is bounded by what it demanded", async () => {
    const { writable, producer } = asWritable<number>({ whenUnused: "wait", highWaterMark: 2 });
    const ann = new ConsumerProbe(producer);
    await ann.ask(5);
    await ann.cancel();
    const { called } = watchingWrites(writable, range(20));
    await settle();
    expect(producer.bufferedCount).toBe(5);
    expect(called).toEqual(range(5));
    const bob = new ConsumerProbe(producer);
    await bob.ask(100);
    expect(bob.events).toEqual(range(20));
  });
});

describe("processed: true", () => {
  test("calls a write back when its event has been handled, and the consumer asks for the next", async () => {
    const { writable, producer } = asWritable<number>({ processed: true });
    const gate = deferred();
    const handled: number[] = [];
    consumer({
      subscribeTo: [{ to: producer, maxDemand: 1 }],
      async handleEvents(events) {
        await gate.promise;
        handled.push(...events);
      },
    });
    const { called } = watchingWrites(writable, [1, 2]);
    await settle();
    expect(called).toEqual([]);
    gate.resolve();
    await settle();
    expect(handled).toEqual([1, 2]);
    expect(called).toEqual([1, 2]);
  });

  test("calls what Node held back as one list when all of it has been handled", async () => {
    const { writable, probe } = probing({ processed: true });
    const { called } = watchingWrites(writable, range(4));
    await probe.ask(1);
    expect(called).toEqual([]);
    await probe.ask(1);
    expect(called).toEqual([0]);
    await probe.ask(1);
    await probe.ask(1);
    expect(probe.events).toEqual(range(4));
    expect(called).toEqual([0]);
    await probe.ask(1);
    expect(called).toEqual(range(4));
  });

  test("waits for all of several consumers", async () => {
    const { writable, producer } = asWritable<number>({ processed: true, dispatcher: broadcastDispatcher() });
    const ann = new ConsumerProbe(producer);
    const bob = new ConsumerProbe(producer);
    const { called } = watchingWrites(writable, [1]);
    await ann.ask(1);
    await bob.ask(1);
    expect([ann.events, bob.events]).toEqual([[1], [1]]);
    await ann.ask(1);
    expect(called).toEqual([]);
    await bob.ask(1);
    expect(called).toEqual([1]);
  });

  test("does not wait for a consumer that has left, nor for one that an event is not for", async () => {
    const { writable, producer } = asWritable<number>({ processed: true, whenUnused: "wait", dispatcher: broadcastDispatcher() });
    const ann = new ConsumerProbe(producer);
    const { called } = watchingWrites(writable, [1]);
    await ann.ask(1);
    await ann.cancel();
    expect(called).toEqual([1]);
    const bob = new ConsumerProbe(producer, { options: { selector: () => false } });
    const later = watchingWrites(writable, [2, 3]);
    await bob.ask(1);
    expect(later.called).toEqual([2, 3]);
    expect(bob.events).toEqual([]);
  });

  test("waits for what is queued for a partition, whoever else asks", async () => {
    const { writable, producer } = asWritable<number>({ processed: true, dispatcher: partitionDispatcher({ partitions: 2, hash: (n: number) => n % 2 }) });
    const odd = new ConsumerProbe(producer, { options: { partition: 1 } });
    await odd.ask(1);
    const { called } = watchingWrites(writable, [2]);
    await settle();
    expect(producer.bufferedCount).toBe(1);
    expect(called).toEqual([]);
    const even = new ConsumerProbe(producer, { options: { partition: 0 } });
    await even.ask(1);
    expect(even.events).toEqual([2]);
    await even.ask(1);
    expect(called).toEqual([2]);
  });

  test("does not wait for an event that a hash drops", async () => {
    const { writable, producer } = asWritable<number>({ processed: true, dispatcher: partitionDispatcher({ partitions: 1, hash: (n: number) => (n === 2 ? undefined : 0) }) });
    const probe = new ConsumerProbe(producer, { options: { partition: 0 } });
    const { called } = watchingWrites(writable, [1, 2, 3]);
    await probe.ask(1);
    await probe.ask(1);
    expect(probe.events).toEqual([1, 3]);
    await probe.ask(1);
    expect(called).toEqual([1, 2, 3]);
  });

  test("waits for somebody to handle all that a consumer demanded and left behind", async () => {
    const { writable, producer } = asWritable<number>({ processed: true, whenUnused: "wait" });
    const ann = new ConsumerProbe(producer);
    await ann.ask(1);
    await ann.ask(1);
    await ann.cancel();
    writable.cork();
    const { called } = watchingWrites(writable, [1, 2]);
    writable.uncork();
    await settle();
    expect(producer.bufferedCount).toBe(2);
    const bob = new ConsumerProbe(producer);
    for (const events of [[1], [1, 2]]) {
      await bob.ask(1);
      expect(bob.events).toEqual(events);
      expect(called).toEqual([]);
    }
    await bob.ask(1);
    expect(called).toEqual([1, 2]);
  });

  test("waits at the end, too", async () => {
    const { writable, probe } = probing({ processed: true });
    const { called } = watchingWrites(writable, [1, 2]);
    writable.end();
    await probe.ask(1);
    expect(called).toEqual([]);
    await probe.ask(1);
    expect(called).toEqual([1]);
    expect(probe.end).toBeUndefined();
    await probe.ask(1);
    expect(called).toEqual([1, 2]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("refuses a consumer that asks for many: nobody could tell which of them it has handled", async () => {
    const { writable, producer } = asWritable<number>({ name: "in", processed: true });
    const errors: unknown[] = [];
    writable.on("error", (error) => errors.push(error));
    const sink = consumer({ subscribeTo: [producer], handleEvents: () => undefined });
    expect(await sink.closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER", message: expect.stringContaining("each consumer of in to ask for one event at a time") } });
    await settle();
    expect(errors).toMatchObject([{ code: "SLUICE_BAD_PARTNER" }]);
  });

  test("gives a write in progress the error of the end", async () => {
    const { writable, producer } = asWritable<number>({ processed: true });
    const { failed } = watchingWrites(writable, [1]);
    writable.on("error", () => undefined);
    const reason = new Error("enough");
    await producer.stop(reason);
    await settle();
    expect(failed).toEqual([reason]);
  });
});

describe("a normal end", () => {
  test("is 'finish' when everything has been delivered, and the producer has ended", async () => {
    const { writable, probe } = probing();
    const signals: string[] = [];
    for (const name of ["finish", "close", "error"]) writable.on(name, () => signals.push(name));
    for (const event of range(5)) writable.write(event);
    writable.end();
    await settle();
    expect(signals).toEqual([]);
    await probe.ask(4);
    expect(signals).toEqual([]);
    expect(probe.end).toBeUndefined();
    await probe.ask(1);
    expect(probe.end).toEqual({ type: "normal" });
    expect(signals).toEqual(["finish", "close"]);
  });

  test("follows the last demanded event without further demand", async () => {
    const { writable, probe } = probing();
    await probe.ask(2);
    writable.write(1);
    writable.write(2);
    writable.end();
    await settle();
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("of nothing is an end without demand", async () => {
    const { writable, probe } = probing();
    writable.end();
    await settle();
    expect(probe.events).toEqual([]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("waits for the clean-up of the producer, and fails with it", async () => {
    const cleanup = new Error("disk gone");
    const { writable, producer } = asWritable({
      handleStop: () => {
        throw cleanup;
      },
    });
    const errors: unknown[] = [];
    writable.on("error", (error) => errors.push(error));
    writable.end();
    expect((await all(producer)).error).toBe(cleanup);
    await settle();
    expect(errors).toEqual([cleanup]);
  });

  test.each([0, 1, 15, 16, 17, 33])("comes once after %i events", async (count) => {
    const { writable, producer } = asWritable<number>();
    const got = all(producer);
    await piping(Readable.from(range(count)), writable);
    expect(await got).toEqual({ events: range(count) });
  });
});

describe("destroy", () => {
  const boom = new Error("boom");

  test("with an error fails the producer with it, after what was called back", async () => {
    const { writable, producer, probe } = probing();
    const errors: unknown[] = [];
    writable.on("error", (error) => errors.push(error));
    await probe.ask(3);
    const { called, failed } = watchingWrites(writable, range(6));
    writable.destroy(boom);
    await settle();
    expect(called).toEqual([0, 1, 2]);
    expect(probe.events).toEqual([0, 1, 2]);
    expect(failed).toHaveLength(3);
    expect(failed[0]).toBe(boom);
    expect(probe.end).toEqual({ type: "error", error: boom });
    expect((probe.end as { error: unknown }).error).toBe(boom);
    expect(errors).toEqual([boom]);
    expect(await producer.closed).toEqual({ type: "error", error: boom });
  });

  test("with an error needs no demand, and loses what was not taken", async () => {
    const { writable, probe } = probing();
    writable.on("error", () => undefined);
    const { failed } = watchingWrites(writable, [1, 2]);
    await settle();
    writable.destroy(boom);
    await settle();
    expect(probe.events).toEqual([]);
    expect(failed[0]).toBe(boom);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("with an error comes behind what a consumer demanded and left behind", async () => {
    const { writable, producer } = asWritable<number>({ whenUnused: "wait" });
    writable.on("error", () => undefined);
    const ann = new ConsumerProbe(producer);
    await ann.ask(2);
    await ann.cancel();
    const bob = new ConsumerProbe(producer);
    watchingWrites(writable, [1, 2, 3]);
    await settle();
    writable.destroy(boom);
    await bob.ask(1);
    expect(bob.end).toBeUndefined();
    await bob.ask(1);
    expect(bob.events).toEqual([1, 2]);
    expect(bob.end).toEqual({ type: "error", error: boom });
  });

  test("without an error is an error of the producer, never a silent end", async () => {
    const { writable, producer } = asWritable();
    const got = all(producer);
    const signals: string[] = [];
    for (const name of ["finish", "close", "error"]) writable.on(name, () => signals.push(name));
    await settle();
    writable.destroy();
    expect((await got).error).toMatchObject({ code: "SLUICE_BAD_PARTNER", message: expect.stringContaining("premature close") });
    await settle();
    expect(signals).toEqual(["close"]);
  });

  test("without an error settles the write in progress and those that wait", async () => {
    const { writable, producer } = asWritable();
    void producer.closed;
    const { called, failed } = watchingWrites(writable, range(3));
    await settle();
    writable.destroy();
    await settle();
    expect(called).toEqual([]);
    expect(failed).toHaveLength(3);
    for (const error of failed) expect(error).toBeInstanceOf(Error);
  });

  test("while it finishes is an error, not an end", async () => {
    const { writable, probe } = probing();
    writable.on("error", () => undefined);
    writable.write(1);
    writable.end();
    await settle();
    writable.destroy(boom);
    await probe.ask(1);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("after 'finish' changes nothing", async () => {
    const { writable, producer } = asWritable({});
    const got = all(producer);
    writable.end(1);
    await finishing(writable);
    writable.destroy();
    expect(await got).toEqual({ events: [1] });
    expect(await producer.closed).toEqual({ type: "normal" });
  });

  test("by a pipeline whose source fails gives that error", async () => {
    const { writable, producer } = asWritable<number>();
    const got = all(producer);
    const source = new Source();
    const run = piping(source, writable);
    await settle();
    source.destroy(boom);
    await expect(run).rejects.toBe(boom);
    expect((await got).error).toBe(boom);
  });

  test("of a stream that nobody consumes is no uncaught exception but that of the stream", async () => {
    using uncaught = new Uncaught();
    const { writable } = asWritable();
    writable.destroy(boom);
    await settle();
    expect(uncaught.errors).toEqual([boom]);
  });

  test("re-entrant, from the callback of a write, is one end", async () => {
    const { writable, probe } = probing();
    const errors: unknown[] = [];
    writable.on("error", (error) => errors.push(error));
    writable.write(1, () => writable.destroy(boom));
    writable.write(2);
    await probe.ask(5);
    await probe.ask(5);
    expect(errors).toEqual([boom]);
    expect(probe.ends).toHaveLength(1);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });
});

describe("an end of the consumers", () => {
  const reason = new Error("enough");

  test("destroys the stream with the reason of a stop, and writers see it", async () => {
    const reports: Report[] = [];
    const { writable, producer } = asWritable({ handleReport: (report) => reports.push(report) });
    const errors: unknown[] = [];
    writable.on("error", (error) => errors.push(error));
    const { failed } = watchingWrites(writable, range(3));
    await settle();
    await producer.stop(reason);
    await settle();
    expect(errors).toEqual([reason]);
    expect(failed).toEqual([reason, reason, reason]);
    expect(writable.closed).toBe(true);
    expect(reports).toEqual([]);
  });

  test("without a reason is a StoppedError", async () => {
    const { writable, producer } = asWritable({ name: "in" });
    const errors: unknown[] = [];
    writable.on("error", (error) => errors.push(error));
    writable.write(1);
    for await (const event of producer) {
      expect(event).toBe(1);
      break;
    }
    await settle();
    expect(errors[0]).toBeInstanceOf(StoppedError);
    expect(errors).toMatchObject([{ message: "in was stopped before its normal end" }]);
  });

  test("by an error of a consumer is that error", async () => {
    const { writable, producer } = asWritable();
    const errors: unknown[] = [];
    writable.on("error", (error) => errors.push(error));
    const sink = consumer({
      subscribeTo: [producer],
      handleEvents: () => {
        throw reason;
      },
    });
    const { closed } = sink;
    writable.write(1);
    expect(await closed).toEqual({ type: "error", error: reason });
    await settle();
    expect(errors).toEqual([reason]);
  });

  test("fails a pipeline that writes, and stops its source", async () => {
    const { writable, producer } = asWritable<number>();
    const source = new Counter(Infinity);
    const run = piping(source, writable);
    let seen = 0;
    for await (const _ of producer) if ((seen += 1) === 10) break;
    await expect(run).rejects.toBeInstanceOf(StoppedError);
    expect(source.destroyed).toBe(true);
  });

  test("while it finishes is an error for the writer, not 'finish'", async () => {
    const { writable, producer } = asWritable();
    writable.write(1);
    const ends: unknown[] = [];
    finished(writable, (error) => ends.push(error));
    writable.end();
    await settle();
    await producer.stop(reason);
    await settle();
    expect(ends).toEqual([reason]);
  });

  test.each<[string, unknown]>([
    ["a string", "enough"],
    ["null", null],
    ["a hostile object", Object.defineProperty({}, "stack", { get: () => expect.fail("was looked at") })],
  ])("with a reason that is %s reaches the writer", async (what, given) => {
    const { writable, producer } = asWritable();
    const errors: unknown[] = [];
    writable.on("error", (error) => errors.push(error));
    await producer.stop(given);
    await settle();
    expect(errors).toHaveLength(1);
    if (what === "a string") expect(errors[0]).toBe(given);
    else expect(errors[0]).toMatchObject({ code: "SLUICE_STOPPED" });
  });

  test("by a signal is its reason", async () => {
    const controller = new AbortController();
    const { writable, producer } = asWritable({ signal: controller.signal });
    const errors: unknown[] = [];
    writable.on("error", (error) => errors.push(error));
    controller.abort(reason);
    await producer.closed;
    await settle();
    expect(errors).toEqual([reason]);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });
});

describe("values", () => {
  test("pass unchanged", async () => {
    const frozen = Object.freeze({ done: true });
    const values = [undefined, NaN, 0, "", false, frozen, frozen, [1, 2]];
    const { writable, producer } = asWritable();
    const got = all(producer.events());
    for (const value of values) writable.write(value);
    writable.end();
    expect((await got).events).toEqual(values);
  });

  test("are unwrapped with nullish: wrap", async () => {
    const values = [null, undefined, 1];
    const { writable, producer } = asWritable({ nullish: "wrap" });
    const got = all(producer);
    for (const value of values) writable.write(wrapNullish(value));
    writable.end();
    expect((await got).events).toEqual(values);
  });

  test("of null is refused by Node", () => {
    const { writable } = asWritable();
    expect(() => writable.write(null)).toThrow(expect.objectContaining({ code: "ERR_STREAM_NULL_VALUES" }));
  });

  test("of bytes are buffers, whatever was written", async () => {
    const { writable, producer } = asWritable<Buffer>({ objectMode: false });
    const got = all(producer);
    writable.write("ab");
    writable.write(new Uint8Array(Buffer.from("__cd__")).subarray(2, 4));
    writable.write("");
    writable.write("zz", "hex" as BufferEncoding);
    writable.write("c3a9", "hex");
    writable.end(Buffer.from("€"));
    const { events } = await got;
    expect(events.every((event) => Buffer.isBuffer(event))).toBe(true);
    expect(Buffer.concat(events).toString()).toBe("abcdé€");
  });

  test("of bytes stay strings with decodeStrings: false, but for other encodings", async () => {
    const { writable, producer } = asWritable({ objectMode: false, decodeStrings: false });
    const got = all(producer);
    writable.write("é");
    writable.write("c3a9", "hex");
    writable.end(Buffer.from("x"));
    expect((await got).events).toEqual(["é", Buffer.from("é"), Buffer.from("x")]);
  });

  test("of a file arrive whole", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-"));
    const bytes = Buffer.from(range(300_000).map((n) => n % 251));
    await writeFile(join(folder, "bytes"), bytes);
    const { writable, producer } = asWritable<Buffer>({ objectMode: false });
    const got = all(producer);
    await piping(createReadStream(join(folder, "bytes"), { highWaterMark: 1000 }), writable);
    expect(Buffer.concat((await got).events).equals(bytes)).toBe(true);
    await rm(folder, { recursive: true });
  });

  test("of a request that is piped in reach a consumer, and its end the end", async () => {
    const got = deferred<string>();
    const server = createServer((incoming, response) => {
      const { writable, producer } = asWritable<Buffer>({ objectMode: false });
      incoming.pipe(writable);
      void all(producer).then(({ events }) => {
        got.resolve(Buffer.concat(events).toString());
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    request({ port: (server.address() as AddressInfo).port, method: "POST" }, (response) => response.resume()).end("x".repeat(100_000));
    expect(await got.promise).toBe("x".repeat(100_000));
    server.close();
  });
});

describe("among Node's own", () => {
  test("is the target of a pipeline through a Transform", async () => {
    const double = new Transform({ objectMode: true, transform: (event: number, _encoding, done) => done(null, 2 * event) });
    const { writable, producer } = asWritable<number>();
    const got = all(producer);
    await piping(new Counter(100), double, writable);
    expect((await got).events).toEqual(range(100).map((n) => 2 * n));
  });

  test("Writable.toWeb writes into it", async () => {
    const { writable, producer } = asWritable<number>();
    const got = all(producer);
    const writer = Writable.toWeb(writable).getWriter();
    await writer.write(1);
    await writer.write(2);
    await writer.close();
    expect((await got).events).toEqual([1, 2]);
  });

  test.each<[string, (writable: Writable, producer: Producer<unknown>) => unknown]>([
    ["the end", (writable) => writable.end()],
    ["destroy", (writable) => writable.destroy()],
    ["a stop", (_writable, producer) => producer.stop()],
  ])("has no further listener after %s", async (_how, end) => {
    const { writable, producer } = asWritable();
    const before = listeners(writable);
    writable.on("error", () => undefined);
    const got = all(producer);
    await settle();
    end(writable, producer);
    await got;
    await settle();
    expect(listeners(writable)).toEqual({ ...before, error: 1 });
    expect(writable.closed).toBe(true);
  });

  test("a listener that throws is an uncaught exception, not the error of the stage", async () => {
    using uncaught = new Uncaught();
    const boom = new Error("boom");
    const { writable, probe } = probing({ highWaterMark: 1 });
    writable.on("drain", () => {
      throw boom;
    });
    writable.write(1);
    await probe.ask(2);
    expect(uncaught.errors).toEqual([boom]);
    expect(probe.end).toBeUndefined();
    writable.end();
    await settle();
    expect(probe.end).toEqual({ type: "normal" });
  });
});

describe("options", () => {
  test.each<[string, object]>([
    ["objectMode", { objectMode: "yes" }],
    ["highWaterMark", { highWaterMark: -1 }],
    ["decodeStrings", { decodeStrings: 1 }],
    ["processed", { processed: "yes" }],
    ["nullish", { nullish: "drop" }],
    ["nullish", { nullish: "wrap", objectMode: false }],
    ["the options of asWritable", { handleDemand: () => [] }],
    ["the options of asWritable", { bufferSize: 3 }],
    ["the options of producer", { maxDemand: 3 }],
  ])("refuses a bad %s (%j)", (option, options) => {
    expect(() => asWritable(options)).toThrow(BadOptionError);
    expect(() => asWritable(options)).toThrow(expect.objectContaining({ option }));
  });

  test("of the producer are its own: a name, a dispatcher, callbacks", async () => {
    const names: string[] = [];
    const reasons: ExitReason[] = [];
    const { writable, producer } = asWritable({ name: "in", handleSubscribe: (from) => void names.push(from.name), handleStop: (reason) => void reasons.push(reason) });
    const probe = new ConsumerProbe(producer, { name: "ann" });
    expect(producer.name).toBe("in");
    writable.end();
    await settle();
    expect(names).toEqual(["ann"]);
    expect(reasons).toEqual([{ type: "normal" }]);
    expect(probe.ends).toHaveLength(1);
  });
});
