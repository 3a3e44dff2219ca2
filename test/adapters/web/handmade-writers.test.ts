/** intoWritableStream and a stream that has the shape only: its writer does what a test says, when the test says it. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { fromIterable, inNextTurn, pipeline, type Consumer, type Report } from "sluice";
import { intoWritableStream, throughTransformStream, type IntoWritableStreamOptions, type WritableStreamLike } from "sluice/web";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred, type Deferred } from "../../core/support/deferred.ts";
import { HeldStream } from "../support/readable-streams.ts";
import { WebSink, stateOf } from "../support/web-streams.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");
const other = new Error("other");

/** A stream and its writer in one. Nothing settles by itself, but for an abort. */
class Handmade implements WritableStreamLike {
  locked = false;
  desiredSize: number | null = 16;
  readonly ready = deferred();
  readonly closed = deferred();
  readonly writes: Deferred<void>[] = [];
  readonly aborts: unknown[] = [];
  /** How often somebody has listened to `ready`. */
  readiesHeard = 0;
  onLock: () => void = () => undefined;
  /** Called in each write, with its place among them. */
  onWrite: (place: number) => void = () => undefined;

  getWriter(): ReturnType<WritableStreamLike["getWriter"]> {
    this.locked = true;
    this.onLock();
    return writerOf(this);
  }
}

function writerOf(made: Handmade): ReturnType<WritableStreamLike["getWriter"]> {
  return {
    get desiredSize() {
      return made.desiredSize;
    },
    get ready() {
      made.readiesHeard += 1;
      return made.ready.promise;
    },
    closed: made.closed.promise,
    write() {
      const write = deferred();
      made.onWrite(made.writes.push(write) - 1);
      return write.promise;
    },
    close: () => made.closed.promise,
    abort: (reason) => Promise.resolve(void made.aborts.push(reason)),
    releaseLock: () => void (made.locked = false),
  };
}

/** Keeps the reports of failures: that a stage stops is none. */
function kept(reports: Report[]): (report: Report) => void {
  return (report) => void (report.kind !== "consumer-stopping" && reports.push(report));
}

/** A consumer that writes into a stream, the producer that a test drives it by, and the failures that it reports. */
function writing(stream: WritableStreamLike, options: IntoWritableStreamOptions<unknown> & { readonly lists?: false } = {}): { probe: ProducerProbe<unknown>; stage: Consumer<unknown>; reports: Report[] } {
  const probe = new ProducerProbe<unknown>();
  const reports: Report[] = [];
  return { probe, stage: intoWritableStream(stream, { subscribeTo: [probe.producer], handleReport: kept(reports), ...options }), reports };
}

describe("a failure", () => {
  test("that only the ready of a new writer tells of pulls nothing", async () => {
    const sink = new WebSink({ manual: true });
    const first = sink.stream.getWriter();
    first.closed.catch(() => undefined);
    first.ready.catch(() => undefined);
    await settle();
    first.write(1).catch(() => undefined);
    await settle();
    sink.controller.error(boom);
    first.releaseLock();
    // `closed` waits for the write that is stuck.
    const { probe, stage } = writing(sink.stream, { closeWithinMs: 0 });
    const { closed } = stage;
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(probe.asks).toEqual([]);
  });

  test("that shows some microtasks after the first subscription pulls nothing", async () => {
    const stream = new Handmade();
    stream.onLock = () => {
      let microtasks = Promise.resolve();
      for (let microtask = 0; microtask < 4; microtask += 1) microtasks = microtasks.then(() => undefined);
      void microtasks.then(() => stream.closed.reject(boom));
    };
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(probe.asks).toEqual([]);
  });

  test("that no write tells of is heard in each list that is stuck", async () => {
    const sink = new WebSink({ manual: true });
    const { probe, stage } = writing(sink.stream, { closeWithinMs: 0 });
    const { closed } = stage;
    await settle();
    await probe.emit(1, 2);
    for (let write = 0; write < 2; write += 1) {
      sink.answer();
      await settle();
    }
    await probe.emit(3, 4);
    sink.controller.error(boom);
    await settle();
    expect(probe.cancels).toMatchObject([{ reason: { type: "error", error: boom } }]);
    expect(await closed).toEqual({ type: "error", error: boom });
  });

  test("that comes with a write which has been taken is one, and settles nothing twice", async () => {
    const stream = new Handmade();
    const { probe, stage, reports } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1, 2);
    stream.writes[0]?.reject(boom);
    stream.writes[1]?.resolve();
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(reports).toEqual([]);
  });

  test("is the first that is heard of: what comes behind it is not reported", async () => {
    const stream = new Handmade();
    const { probe, stage, reports } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.emit(1, 2);
    stream.writes[0]?.reject(boom);
    stream.closed.reject(other);
    stream.writes[1]?.reject(other);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(reports).toEqual([]);
  });

  test("that follows from the abort is not reported", async () => {
    const stream = new Handmade();
    const { probe, stage, reports } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.fail(boom);
    stream.closed.reject(other);
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(stream.aborts).toEqual([boom]);
    expect(reports).toEqual([]);
  });

  test("that follows from an abort that takes its time is not reported", async () => {
    const stream = new Handmade();
    const aborted = deferred();
    const getWriter = stream.getWriter.bind(stream);
    stream.getWriter = () => Object.defineProperty(getWriter(), "abort", { value: () => aborted.promise });
    const { probe, stage, reports } = writing(stream);
    const { closed } = stage;
    await settle();
    await probe.fail(boom);
    stream.closed.reject(other);
    await settle();
    aborted.resolve();
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(reports).toEqual([]);
  });
});

describe("a list", () => {
  test("is not written into a stream that is failing and has not said so", async () => {
    const stream = new Handmade();
    const { probe, stage } = writing(stream);
    const { closed } = stage;
    await settle();
    stream.desiredSize = null;
    await probe.emit(1);
    expect(stream.writes).toHaveLength(0);
    stream.closed.reject(boom);
    expect(await closed).toEqual({ type: "error", error: boom });
  });

  test("listens to `ready` when a write has been stuck for a turn of the event loop, and not before", async () => {
    const stream = new Handmade();
    const { probe, stage } = writing(stream, { closeWithinMs: 0 });
    await settle();
    stream.desiredSize = 0;
    const heard: number[] = [];
    // Each of these turns comes before the look of the stage in it.
    stream.onWrite = () =>
      inNextTurn(() => {
        heard.push(stream.readiesHeard);
        inNextTurn(() => heard.push(stream.readiesHeard));
      });
    await probe.emit(1, 2, 3);
    expect(heard).toEqual([0, 1]);
    await stage.stop();
  });

  test("does not listen to `ready` when it is done by the next turn", async () => {
    const stream = new Handmade();
    const { probe, stage } = writing(stream);
    await settle();
    stream.desiredSize = 0;
    stream.onWrite = (place) => stream.writes[place]?.resolve();
    await probe.emit(1, 2, 3, 4, 5);
    expect(stream.writes).toHaveLength(5);
    expect(stream.readiesHeard).toBe(0);
    await stage.stop();
  });

  test("does not listen to `ready` while its writes settle, turn by turn", async () => {
    const stream = new Handmade();
    const { probe, stage } = writing(stream);
    await settle();
    stream.desiredSize = 0;
    stream.onWrite = (place) => {
      const settleIt = (): void => stream.writes[place]?.resolve();
      if (place === 2) inNextTurn(() => queueMicrotask(settleIt));
      else settleIt();
    };
    await probe.emit(1, 2, 3, 4, 5);
    expect(stream.writes).toHaveLength(5);
    expect(stream.readiesHeard).toBe(0);
    await stage.stop();
  });
});

describe("a stage that leaves the stream as it is", () => {
  test("waits for no timer when the last write has settled", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const stream = new Handmade();
    const { probe, stage, reports } = writing(stream, { preventAbort: true });
    await settle();
    await probe.emit(1, 2);
    const stopped = stage.stop(boom);
    await settle();
    stream.writes[0]?.resolve();
    await settle();
    expect(stream.locked).toBe(true);
    stream.writes[1]?.resolve();
    await settle();
    expect(stream.locked).toBe(false);
    await stopped;
    expect(reports).toEqual([]);
  });

  test("waits for no timer when the last write has been refused, and reports nothing", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const stream = new Handmade();
    const { probe, stage, reports } = writing(stream, { preventAbort: true });
    await settle();
    await probe.emit(1, 2);
    const stopped = stage.stop(boom);
    await settle();
    stream.writes[0]?.reject(other);
    await settle();
    expect(stream.locked).toBe(true);
    stream.writes[1]?.reject(other);
    await settle();
    expect(stream.locked).toBe(false);
    await stopped;
    expect(reports).toEqual([]);
  });

  test("waits for a write that is stuck no longer than closeWithinMs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const stream = new Handmade();
    const { probe, stage } = writing(stream, { preventAbort: true, closeWithinMs: 50 });
    await settle();
    await probe.emit(1);
    const stopped = stage.stop(boom);
    await settle();
    await vi.advanceTimersByTimeAsync(49);
    expect(stream.locked).toBe(true);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(stream.locked).toBe(false);
  });

  test("before its first subscription touches nothing, and reports nothing", async () => {
    const sink = new WebSink();
    const reports: Report[] = [];
    await intoWritableStream(sink.stream, { preventAbort: true, handleReport: kept(reports) }).stop(boom);
    expect(reports).toEqual([]);
    expect(await stateOf(sink.stream)).toBe("open");
  });

  test("hears no more of it at a normal end", async () => {
    const stream = new Handmade();
    const { probe, stage, reports } = writing(stream, { preventClose: true });
    await settle();
    await probe.complete();
    expect(await stage.closed).toEqual({ type: "normal" });
    stream.closed.reject(boom);
    await settle();
    expect(reports).toEqual([]);
  });

  test("is quiet about the lock that the platform takes back", async () => {
    const reports: Report[] = [];
    const sink = new WebSink<number>();
    const stage = intoWritableStream<number>(sink.stream, { preventClose: true, handleReport: kept(reports) });
    await pipeline(fromIterable([1, 2]), stage);
    await settle();
    expect(reports).toEqual([]);
    expect(await stateOf(sink.stream)).toBe("open");
  });
});

describe("throughTransformStream", () => {
  test("ends normally with a readable side that closes before there is a producer", async () => {
    const held = new HeldStream();
    const sink = new WebSink();
    const reports: Report[] = [];
    const stage = throughTransformStream({ readable: held.stream, writable: sink.stream }, { handleReport: kept(reports) });
    const probe = new ConsumerProbe(stage);
    await settle();
    held.close();
    expect(await stage.closed).toEqual({ type: "normal" });
    await settle();
    expect(probe.end).toEqual({ type: "normal" });
    expect(reports).toEqual([]);
    expect(sink.stream.locked).toBe(false);
  });

  test("takes minDemand alone with the window of every stage", async () => {
    const probe = new ProducerProbe<number>();
    const stage = throughTransformStream<number, number>(new TransformStream<number, number>(), { minDemand: 100, subscribeTo: [probe.producer] });
    await settle();
    expect(probe.asks).toEqual([1000]);
    await stage.stop();
  });

  test("waits for the cancel of its readable side as long as it was told", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const cancelled = deferred();
    const readable = new ReadableStream<number>({ cancel: () => cancelled.promise });
    const stage = throughTransformStream<number, number>({ readable, writable: new WritableStream<number>() }, { closeWithinMs: 50 });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    const stopped = stage.stop(boom);
    await settle();
    await vi.advanceTimersByTimeAsync(49);
    expect(readable.locked).toBe(true);
    cancelled.resolve();
    await stopped;
    expect(readable.locked).toBe(false);
  });
});
