/** fromReadableStream and a stream that has the shape only: its reads settle when a test says so. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { inNextTurn, type Report } from "sluice";
import { fromReadableStream, type ReadableStreamLike } from "sluice/web";
import { ConsumerProbe, settle } from "sluice/testing";
import { deferred, type Deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { withStillClock } from "../../core/support/still-clock.ts";
import { HeldStream, readAll } from "../support/readable-streams.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");

interface Result<Chunk> {
  readonly done: boolean;
  readonly value?: Chunk;
}

/** A stream whose reads stay in flight, also when the lock is given up. It says nothing of its end by itself. */
class Handmade<Chunk = number> implements ReadableStreamLike<Chunk> {
  locked = false;
  readonly reads: Deferred<Result<Chunk>>[] = [];
  readonly cancels: unknown[] = [];
  readonly #made: (read: Deferred<Result<Chunk>>, count: number) => void;

  constructor(made: (read: Deferred<Result<Chunk>>, count: number) => void = () => undefined) {
    this.#made = made;
  }

  cancel(reason: unknown): Promise<unknown> {
    this.cancels.push(reason);
    return Promise.resolve();
  }

  getReader(): ReturnType<ReadableStreamLike<Chunk>["getReader"]> {
    this.locked = true;
    return {
      read: () => {
        const read = deferred<Result<Chunk>>();
        this.reads.push(read);
        this.#made(read, this.reads.length);
        return read.promise;
      },
      cancel: (reason) => this.cancel(reason),
      releaseLock: () => void (this.locked = false),
    };
  }
}

/** Keeps the reports of failures. */
function kept(reports: Report[]): (report: Report) => void {
  return (report) => void ((report.kind === "late-failure" || report.kind === "cleanup-failed") && reports.push(report));
}

const lostOf = (count: string, name: string): object => ({
  kind: "cleanup-failed",
  error: { code: "SLUICE_ENDED", message: `${count} had been read from the stream of ${name} when it ended, and will be missed by whoever reads on` },
});

async function microtasks(count: number): Promise<void> {
  for (let microtask = 0; microtask < count; microtask += 1) await Promise.resolve();
}

describe("reads", () => {
  test("are at most 256 in flight", async () => {
    const stream = new Handmade();
    const stage = fromReadableStream<number>(stream);
    const probe = new ConsumerProbe(stage);
    await probe.ask(300);
    expect(stream.reads).toHaveLength(256);
    stream.reads[0]?.resolve({ done: false, value: 0 });
    await settle();
    expect(stream.reads).toHaveLength(257);
    await stage.stop();
  });

  test("that fail together are one failure", async () => {
    const reports: Report[] = [];
    const stream = new Handmade();
    const probe = new ConsumerProbe(fromReadableStream<number>(stream, { handleReport: kept(reports) }));
    await probe.ask(3);
    for (const [index, read] of stream.reads.entries()) read.reject(index === 0 ? boom : new Error("other"));
    await settle();
    expect(probe.end).toEqual({ type: "error", error: boom });
    expect(reports).toEqual([]);
    expect(stream.cancels).toEqual([]);
  });

  test("of lists end with the stream, whose reader says nothing of it", async () => {
    const stream = new Handmade<readonly number[]>();
    const probe = new ConsumerProbe(fromReadableStream<number>(stream, { lists: true }));
    await probe.ask(3);
    stream.reads[0]?.resolve({ done: false, value: [1, 2] });
    await settle();
    stream.reads[1]?.resolve({ done: true });
    await settle();
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("of lists go on without a turn of the event loop", async () => {
    const stream = new Handmade<readonly number[]>((read, count) => read.resolve({ done: false, value: [count] }));
    const stage = fromReadableStream<number>(stream, { lists: true });
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns += 1;
      if (!isOver) inNextTurn(turn);
    };
    inNextTurn(turn);
    for await (const event of stage) if (event === 1000) break;
    isOver = true;
    // But for the slices of the run queue.
    expect(turns).toBeLessThan(500);
  });

  test("bring the last event that is demanded before the turn ends", async () => {
    using fresh = await withStillClock();
    const web = await import("sluice/web");
    const stream = new Handmade();
    const stage = web.fromReadableStream<number>(stream);
    const probe = new fresh.ConsumerProbe(stage);
    await probe.ask(7);
    for (const [index, read] of stream.reads.slice(0, 7).entries()) {
      read.resolve({ done: false, value: index });
      await microtasks(20);
    }
    expect(probe.batches).toEqual([[0], [1], [2], [3], [4, 5, 6]]);
    await stage.stop();
  });

  test("bring 64 events as a list before the turn ends", async () => {
    using fresh = await withStillClock();
    const web = await import("sluice/web");
    const stream = new Handmade();
    const stage = web.fromReadableStream<number>(stream);
    const probe = new fresh.ConsumerProbe(stage);
    await probe.ask(100);
    for (const [index, read] of stream.reads.slice(0, 4 + 64).entries()) {
      read.resolve({ done: false, value: index });
      await microtasks(20);
    }
    expect(probe.batches.slice(4)).toEqual([range(64, 4)]);
    await stage.stop();
  });
});

describe("a stage that leaves the stream as it is", () => {
  test("counts all that was read for nobody, when the last read has settled", async () => {
    const reports: Report[] = [];
    const stream = new Handmade();
    const stage = fromReadableStream<number>(stream, { name: "numbers", preventCancel: true, handleReport: kept(reports) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(3);
    const stopped = stage.stop();
    for (const [index, read] of stream.reads.entries()) {
      await settle();
      expect(reports).toEqual([]);
      read.resolve({ done: false, value: index });
    }
    await stopped;
    expect(reports).toMatchObject([lostOf("3 events", "numbers")]);
  });

  test("counts no end as an event", async () => {
    const reports: Report[] = [];
    const stream = new Handmade();
    const stage = fromReadableStream<number>(stream, { preventCancel: true, handleReport: kept(reports) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    const stopped = stage.stop();
    await settle();
    for (const read of stream.reads) read.resolve({ done: true });
    await stopped;
    expect(reports).toEqual([]);
  });

  test("waits for no timer when no read is in flight", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const stream = new Handmade();
    const stage = fromReadableStream<number>(stream, { preventCancel: true });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    stream.reads[0]?.resolve({ done: false, value: 1 });
    await settle();
    void stage.stop();
    await settle();
    expect(stage.snapshot().state).toBe("ended");
    expect(stream.locked).toBe(false);
  });

  test("before its first read has nothing to report", async () => {
    const reports: Report[] = [];
    const stream = new Handmade();
    await fromReadableStream<number>(stream, { preventCancel: true, handleReport: kept(reports) }).stop();
    expect(reports).toEqual([]);
  });

  test("counts what was read for it when it had failed and still delivered", async () => {
    const reports: Report[] = [];
    const held = new HeldStream<number>();
    const stage = fromReadableStream<number>(held.stream, {
      name: "numbers",
      preventCancel: true,
      handleReport: kept(reports),
      handleInfo: () => {
        throw boom;
      },
    });
    const ann = new ConsumerProbe(stage);
    const bob = new ConsumerProbe(stage);
    await ann.ask(4);
    await ann.cancel();
    held.hold(1);
    await settle();
    stage.info("fail");
    held.hold(2);
    await settle();
    // The message is reached behind the first.
    await bob.ask(1);
    held.hold(3, 4);
    await settle();
    await bob.ask(2);
    expect(bob.events).toEqual([1, 2]);
    expect(bob.end).toEqual({ type: "error", error: boom });
    expect(reports).toMatchObject([lostOf("2 events", "numbers")]);
  });

  test("reads no further list when it has failed and still delivers", async () => {
    const held = new HeldStream<readonly number[]>();
    const stage = fromReadableStream<number>(held.stream, {
      lists: true,
      preventCancel: true,
      handleReport: () => undefined,
      handleInfo: () => {
        throw boom;
      },
    });
    const ann = new ConsumerProbe(stage);
    const bob = new ConsumerProbe(stage);
    await ann.ask(10);
    await ann.cancel();
    held.hold([1]);
    await settle();
    stage.info("fail");
    held.hold([2]);
    await settle();
    await bob.ask(1);
    held.hold([3], [4], [5]);
    await settle();
    await bob.ask(2);
    expect(bob.events).toEqual([1, 2]);
    expect(bob.end).toEqual({ type: "error", error: boom });
    held.close();
    expect(await readAll(held.stream)).toEqual({ chunks: [[4], [5]] });
  });
});

describe("buffers", () => {
  type Bytes = Uint8Array<ArrayBuffer>;

  test("that are not full enough for an event are one that is missed", async () => {
    const reports: Report[] = [];
    let controller!: ReadableByteStreamController;
    const stream = new ReadableStream({ type: "bytes", start: (given) => void (controller = given) }) as ReadableStream<Bytes>;
    const stage = fromReadableStream(stream, { name: "bytes", bytes: { chunkSize: 8, min: 4 }, preventCancel: true, handleReport: kept(reports) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    controller.enqueue(new Uint8Array([1, 2]));
    await settle();
    await stage.stop();
    expect(reports).toMatchObject([lostOf("1 event", "bytes")]);
  });

  test("that come back full behind the end are an event that is missed", async () => {
    const reports: Report[] = [];
    let controller!: ReadableByteStreamController;
    const stream = new ReadableStream({ type: "bytes", start: (given) => void (controller = given) }) as ReadableStream<Bytes>;
    const stage = fromReadableStream(stream, { name: "bytes", bytes: { chunkSize: 4 }, preventCancel: true, handleReport: kept(reports) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    const stopped = stage.stop();
    controller.enqueue(new Uint8Array([1, 2, 3, 4]));
    await stopped;
    expect(reports).toMatchObject([lostOf("1 event", "bytes")]);
  });

  test("that brought nothing are none", async () => {
    const reports: Report[] = [];
    const stream = new ReadableStream({ type: "bytes" }) as ReadableStream<Bytes>;
    const stage = fromReadableStream(stream, { bytes: { chunkSize: 4 }, preventCancel: true, handleReport: kept(reports) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await stage.stop();
    expect(reports).toEqual([]);
  });

  test("that are filled to a quarter are copied out of, and with a byte more handed on", async () => {
    let controller!: ReadableByteStreamController;
    const stream = new ReadableStream({ type: "bytes", start: (given) => void (controller = given) }) as ReadableStream<Bytes>;
    const stage = fromReadableStream(stream, { bytes: { chunkSize: 16 } });
    const probe = new ConsumerProbe(stage);
    for (const length of [4, 5]) {
      controller.enqueue(new Uint8Array(length));
      await probe.ask(1);
    }
    expect(probe.events.map(({ buffer }) => buffer.byteLength)).toEqual([4, 16]);
    await stage.stop();
  });
});
