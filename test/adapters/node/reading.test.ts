/** How a stream is read, whatever its kind. */
import { EventEmitter } from "node:events";
import { PassThrough, Readable } from "node:stream";
import { afterEach, describe, expect, test, vi } from "vitest";
import { partitionDispatcher, producer, type Report } from "sluice";
import { fromReadable, throughDuplex, wrapNullish, type ReadableLike } from "sluice/node";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { closing } from "../support/closing.ts";
import { Counter, Source } from "../support/streams.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");

/** A stream of another make, which says no more of itself than it must. */
class Foreign extends EventEmitter implements ReadableLike {
  readonly events: unknown[] = [];
  destroyed?: boolean;
  destroys = 0;

  read(): unknown {
    return this.events.length === 0 ? null : this.events.shift();
  }

  destroy(): void {
    this.destroys += 1;
  }
}

describe("what a stream held when it broke", () => {
  test.each<[string, Error | undefined, object]>([
    ["with an error", boom, { type: "error", error: boom }],
    ["without one", undefined, { type: "error", error: { code: "SLUICE_BAD_PARTNER" } }],
  ])("comes first, though it broke before there was a stage (%s)", async (_how, error, end) => {
    const stream = new Source().hold(1, 2);
    stream.destroy(error);
    await closing(stream);
    const probe = new ConsumerProbe(fromReadable(stream));
    await probe.ask(1);
    expect(probe.events).toEqual([1]);
    expect(probe.end).toBeUndefined();
    await probe.ask(1);
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toMatchObject(end);
  });

  test("is not delivered with errors: immediate, though it came in the same turn and is demanded", async () => {
    const stream = new Source();
    const probe = new ConsumerProbe(fromReadable(stream, { errors: "immediate" }));
    await probe.ask(3);
    stream.hold(1, 2);
    stream.destroy(boom);
    await settle();
    expect(probe.events).toEqual([]);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("is lost if its read throws: that is the error", async () => {
    const stream = new Source();
    stream.hold(1);
    stream.read = (size) => {
      if (size === undefined) throw boom;
    };
    const probe = new ConsumerProbe(fromReadable(stream));
    await probe.ask(1);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });
});

test("a stream that has ended before there was a stage is a normal end of it", async () => {
  const stream = new Counter(3);
  stream.resume();
  await closing(stream);
  const stage = fromReadable(stream);
  const { closed } = stage;
  const probe = new ConsumerProbe(stage);
  await probe.ask(1);
  expect(await closed).toEqual({ type: "normal" });
  expect(probe.end).toEqual({ type: "normal" });
});

test("what a look for the end throws is the error of the stage", async () => {
  const stream = new Source();
  const read = stream.read.bind(stream);
  const probe = new ConsumerProbe(fromReadable(stream));
  await probe.ask(1);
  stream.read = (size) => {
    if (size === 0) throw boom;
    return read(size) as unknown;
  };
  stream.hold(1);
  await settle();
  expect(probe.events).toEqual([1]);
  stream.push(null);
  await settle();
  expect(probe.end).toEqual({ type: "error", error: boom });
});

test("a stream that says in the middle of a read that it can be read is read in order", async () => {
  let next = 0;
  const stream: Readable = new Readable({
    objectMode: true,
    highWaterMark: 1,
    read() {
      stream.push(next++);
      stream.emit("readable");
    },
  });
  const probe = new ConsumerProbe(fromReadable(stream));
  await probe.ask(5);
  await probe.ask(5);
  expect(probe.events).toEqual(range(10));
  await probe.cancel();
});

test("a stage that is stopped in the middle of a read takes nothing of it, and throws nothing into the stream", async () => {
  const stream = new Source();
  const stage = fromReadable<number>(stream);
  const { closed } = stage;
  const probe = new ConsumerProbe(stage);
  await probe.ask(3);
  const read = stream.read.bind(stream);
  stream.read = (size) => {
    if (size === undefined) void stage.stop();
    return read(size) as unknown;
  };
  stream.hold(1);
  await settle();
  expect(probe.events).toEqual([]);
  expect(await closed).toMatchObject({ type: "shutdown" });
});

describe("a stream of another make", () => {
  test("that has ended before anybody has subscribed has ended, though it is destroyed by then", async () => {
    const stream = new Foreign();
    const stage = fromReadable(stream);
    stream.emit("end");
    stream.destroyed = true;
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    stream.emit("close");
    await settle();
    expect(probe.end).toEqual({ type: "normal" });
  });

  test.each<[string, boolean | undefined, object[]]>([
    ["says that it is destroyed", true, []],
    ["says nothing", undefined, [{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT", message: "the stream of in did not close within 50 ms" } }]],
  ])("that never says that it has closed is waited for no longer than closeWithinMs; it %s", async (_what, destroyed, expected) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reports: Report[] = [];
    const stream = new Foreign();
    const stage = fromReadable(stream, { name: "in", closeWithinMs: 50, handleReport: (report) => void reports.push(report) });
    const stopped = stage.stop();
    if (destroyed !== undefined) stream.destroyed = destroyed;
    await settle();
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(reports).toMatchObject(expected);
    expect(stream.destroys).toBe(1);
  });
});

test("a stream that has closed without saying so is not waited for", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  let isStopped = false;
  void fromReadable(new Counter(Infinity, { emitClose: false }))
    .stop()
    .then(() => (isStopped = true));
  await settle();
  await vi.advanceTimersByTimeAsync(1);
  await settle();
  expect(isStopped).toBe(true);
});

test("a stage that has failed for another reason reads no more, and delivers what it has", async () => {
  const stream = new Source();
  const stage = fromReadable<number>(stream, {
    dispatcher: partitionDispatcher({ partitions: 2, hash: () => 1 }),
    handleCancel: () => {
      throw boom;
    },
  });
  const ann = new ConsumerProbe(stage, { options: { partition: 0 } });
  const bob = new ConsumerProbe(stage, { options: { partition: 1 } });
  await bob.ask(1);
  await ann.ask(5);
  stream.hold(1, 2, 3);
  await settle();
  await ann.cancel();
  // It is found out by the first that comes then.
  stream.hold(4);
  await settle();
  stream.hold(5);
  await settle();
  expect(stream.readableLength).toBe(1);
  await bob.ask(5);
  expect(bob.events).toEqual([1, 2, 3]);
  expect(bob.end).toEqual({ type: "error", error: boom });
});

test("a Duplex leaves wrapped what is wrapped, without nullish: wrap", async () => {
  const up = new ProducerProbe<unknown>();
  const down = new ConsumerProbe(throughDuplex(new PassThrough({ objectMode: true }), { subscribeTo: [up.producer] }));
  await down.ask(1);
  await up.emit(wrapNullish(null));
  expect(down.events).toEqual([wrapNullish(null)]);
  await down.cancel();
});

test("a Duplex that has ended ends a stage that has producers, before anybody consumes it", async () => {
  const duplex = new PassThrough({ objectMode: true });
  duplex.resume();
  duplex.end();
  await closing(duplex);
  const other = producer<number>();
  const stage = throughDuplex(duplex, { subscribeTo: [other], handleReport: () => undefined });
  expect(await stage.closed).toEqual({ type: "normal" });
});

test("a Duplex that is read by itself is destroyed by a stop, though its other half is open", async () => {
  const duplex = new PassThrough({ objectMode: true });
  await fromReadable(duplex).stop();
  expect(duplex.destroyed).toBe(true);
});
