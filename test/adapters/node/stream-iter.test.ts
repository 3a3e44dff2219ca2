import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, broadcastDispatcher, fromIterable, partitionDispatcher, pipeline, producer, type Consumer, type Producer, type Report } from "sluice";
import { fromStreamIter, intoStreamIterWriter, toStreamIter, type ChunkLists, type IntoStreamIterWriterOptions, type StreamIterWriter } from "sluice/node";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";

afterEach(() => vi.useRealTimers());

/** Chunks that are told apart by their only byte. */
function chunks(count: number, first = 0): Uint8Array[] {
  return range(count, first).map((n) => Uint8Array.of(n));
}

function numbers(list: readonly Uint8Array[]): (number | undefined)[] {
  return list.map((chunk) => chunk[0]);
}

/** A source that gives the lists one by one, and records how it is treated. */
class Lists implements AsyncIterableIterator<readonly Uint8Array[]> {
  nexts = 0;
  readonly returns: unknown[] = [];
  readonly #lists: (readonly Uint8Array[] | Error | Promise<never>)[];

  constructor(...lists: readonly (readonly Uint8Array[] | Error | Promise<never>)[]) {
    this.#lists = [...lists];
  }

  async next(): Promise<IteratorResult<readonly Uint8Array[]>> {
    this.nexts += 1;
    const list = await this.#lists.shift();
    if (list instanceof Error) throw list;
    return list === undefined ? { value: undefined, done: true } : { value: list, done: false };
  }

  async return(reason?: unknown): Promise<IteratorResult<readonly Uint8Array[]>> {
    this.returns.push(reason);
    return await Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A writer as `push()` of the module makes it, whose room a test decides on. */
class Writer implements StreamIterWriter<Uint8Array> {
  readonly calls: (readonly [string, ...unknown[]])[] = [];
  readonly #room: (() => Promise<void> | undefined) | undefined;

  constructor(room?: () => Promise<void> | undefined) {
    this.#room = room;
  }

  get written(): (number | undefined)[] {
    return this.calls.flatMap(([name, list]) => (name.startsWith("write") ? numbers(list as Uint8Array[]) : []));
  }

  write(chunk: Uint8Array): unknown {
    this.calls.push(["write", [chunk]]);
    return this.#room?.();
  }

  writev(list: Uint8Array[]): unknown {
    this.calls.push(["writev", [...list]]);
    return this.#room?.();
  }

  end(): unknown {
    this.calls.push(["end"]);
    return Promise.resolve(7);
  }

  fail(reason?: unknown): void {
    this.calls.push(["fail", reason]);
  }
}

describe("fromStreamIter", () => {
  test("makes each chunk an event, and each list of the source a list", async () => {
    const probe = new ConsumerProbe(fromStreamIter(new Lists(chunks(2), chunks(1, 2), chunks(3, 3))));
    await probe.ask(100);
    expect(probe.batches.map(numbers)).toEqual([[0, 1], [2], [3, 4, 5]]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("hands a list on as it came", async () => {
    const list = chunks(3);
    const probe = new ConsumerProbe(fromStreamIter(new Lists(list)));
    await probe.ask(3);
    expect(probe.batches[0]).toBe(list);
  });

  test("reads as long as more is demanded than came, and nothing ahead", async () => {
    const source = new Lists(chunks(3), chunks(3, 3), chunks(3, 6));
    await using stage = fromStreamIter(source);
    const probe = new ConsumerProbe(stage);
    await settle();
    expect(source.nexts).toBe(0);
    await probe.ask(2);
    expect(source.nexts).toBe(1);
    expect(numbers(probe.events)).toEqual([0, 1]);
    expect(stage.bufferedCount).toBe(1);
    await probe.ask(1);
    expect(source.nexts).toBe(1);
    await probe.ask(4);
    expect(source.nexts).toBe(3);
    expect(numbers(probe.events)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("skips lists without chunks", async () => {
    const probe = new ConsumerProbe(fromStreamIter(new Lists([], chunks(1), [], [], chunks(1, 1), [])));
    await probe.ask(2);
    expect(numbers(probe.events)).toEqual([0, 1]);
    await probe.ask(1);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test.each<[string, () => ChunkLists<Uint8Array>]>([
    ["an array of lists", () => [chunks(2), chunks(2, 2)]],
    [
      "a generator",
      function* () {
        yield chunks(2);
        yield chunks(2, 2);
      },
    ],
    [
      "an async generator",
      async function* () {
        yield await Promise.resolve(chunks(2));
        yield chunks(2, 2);
      },
    ],
  ])("takes %s", async (_what, make) => {
    const seen: Uint8Array[] = [];
    for await (const chunk of fromStreamIter(make())) seen.push(chunk);
    expect(numbers(seen)).toEqual(range(4));
  });

  test("fails with the error of the source, after what came before", async () => {
    const boom = new Error("boom");
    const probe = new ConsumerProbe(fromStreamIter(new Lists(chunks(3), boom)));
    await probe.ask(2);
    await probe.ask(1);
    expect(probe.end).toBeUndefined();
    await probe.ask(1);
    expect(numbers(probe.events)).toEqual([0, 1, 2]);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test.each<[string, unknown]>([
    ["a chunk", Uint8Array.of(1)],
    ["a string", "abc"],
    ["nothing", undefined],
  ])("fails when the source gives %s in the place of a list", async (_what, value) => {
    const source = [value] as unknown as ChunkLists<Uint8Array>;
    const probe = new ConsumerProbe(fromStreamIter(source, { name: "in" }));
    await probe.ask(1);
    expect(probe.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER", message: expect.stringContaining("expected in to read lists of chunks") } });
  });

  test("calls return once with the reason of a stop, and waits for it", async () => {
    const reason = new Error("enough");
    const source = new Lists(chunks(1), chunks(1));
    const stage = fromStreamIter(source);
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await stage.stop(reason);
    expect(source.returns).toEqual([reason]);
    expect(probe.end).toEqual({ type: "shutdown", reason });
  });

  test("follows a break, and does not touch a source that nobody read", async () => {
    const source = new Lists(chunks(2), chunks(2));
    for await (const _ of fromStreamIter(source)) break;
    expect(source.returns).toHaveLength(1);
    const untouched = new Lists(chunks(2));
    const stage = fromStreamIter(untouched);
    await stage.stop();
    expect(untouched.nexts).toBe(0);
  });

  test("does not wait behind a next() that is stuck", async () => {
    const source = new Lists(new Promise<never>(() => undefined));
    const stage = fromStreamIter(source);
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await stage.stop();
    expect(source.returns).toHaveLength(1);
    expect(probe.end).toEqual({ type: "shutdown" });
  });

  test("tells a loop of a return() that fails, and reports it once", async () => {
    const cleanup = new Error("disk gone");
    const reports: Report[] = [];
    const source = Object.assign(new Lists(chunks(2)), { return: () => Promise.reject(cleanup) });
    const loop = (async () => {
      for await (const _ of fromStreamIter(source, { name: "in", handleReport: (report) => reports.push(report) })) break;
    })();
    await expect(loop).rejects.toBe(cleanup);
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "in", error: cleanup }]);
  });

  test.each([50, 3000])("waits for a return() that hangs no longer than %i ms, and says so", async (closeWithinMs) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reports: Report[] = [];
    const source = Object.assign(new Lists(chunks(2)), { return: () => new Promise(() => undefined) });
    const stage = fromStreamIter(source, { name: "in", closeWithinMs, handleReport: (report) => reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    let isStopped = false;
    const stopped = stage.stop().then(() => (isStopped = true));
    await settle();
    await vi.advanceTimersByTimeAsync(closeWithinMs - 1);
    await settle();
    expect(isStopped).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", stage: "in", error: { message: `return() of the iterator did not settle within ${closeWithinMs} ms` } }]);
  });

  test("drops a list that comes when the stage has failed for another reason and still delivers", async () => {
    const gate = deferred();
    const boom = new Error("boom");
    const source = (async function* (): AsyncGenerator<Uint8Array[]> {
      yield chunks(2);
      await gate.promise;
      yield chunks(2, 2);
    })();
    const stage = fromStreamIter(source, {
      dispatcher: partitionDispatcher({ partitions: 2, hash: () => 1 }),
      handleCancel: () => {
        throw boom;
      },
    });
    const { closed } = stage;
    const ann = new ConsumerProbe(stage, { options: { partition: 0 } });
    const bob = new ConsumerProbe(stage, { options: { partition: 1 } });
    await ann.ask(5);
    await bob.ask(1);
    await ann.cancel();
    gate.resolve();
    await settle();
    await bob.ask(5);
    expect(numbers(bob.events)).toEqual([0, 1]);
    expect(await closed).toEqual({ type: "error", error: boom });
  });

  test("reports what a source says too late", async () => {
    const late = deferred<never>();
    const boom = new Error("late");
    const reports: Report[] = [];
    const stage = fromStreamIter(new Lists(late.promise), { name: "in", handleReport: (report) => reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await stage.stop();
    late.reject(boom);
    await settle();
    expect(reports).toEqual([{ kind: "late-failure", stage: "in", error: boom }]);
  });

  test.each<[string, object]>([
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["the options of fromStreamIter", { handleDemand: () => [] }],
    ["the options of producer", { concurrency: 2 }],
  ])("refuses a bad %s", (option, options) => {
    expect(() => fromStreamIter([], options)).toThrow(expect.objectContaining({ option }));
  });

  test("refuses what cannot be iterated", () => {
    expect(() => fromStreamIter({} as ChunkLists<Uint8Array>)).toThrow(BadOptionError);
  });
});

describe("toStreamIter", () => {
  test("gives the lists of the producer", async () => {
    const stage = producer<Uint8Array>();
    const got: (number | undefined)[][] = [];
    const loop = (async () => {
      for await (const list of toStreamIter(stage)) got.push(numbers(list));
    })();
    await settle();
    stage.emit(chunks(3));
    await settle();
    stage.emit(chunks(2, 3));
    stage.complete();
    await loop;
    expect(got).toEqual([
      [0, 1, 2],
      [3, 4],
    ]);
  });

  test("asks for 16 chunks, or by the window that is given", async () => {
    for (const [options, demand] of [
      [{}, 16],
      [{ maxDemand: 3 }, 3],
    ] as const) {
      const demands: number[] = [];
      const stage = producer<Uint8Array>({ handleDemand: (wanted) => void demands.push(wanted) });
      const iterator = toStreamIter(stage, options)[Symbol.asyncIterator]();
      void iterator.next();
      await settle();
      expect(demands).toEqual([demand]);
      await iterator.return?.();
    }
  });

  test("is one consumer for each iteration, and none before it", async () => {
    const stage = producer<Uint8Array>({ dispatcher: broadcastDispatcher() });
    const source = toStreamIter(stage);
    expect(stage.snapshot().output?.consumers).toEqual([]);
    const read = async (): Promise<unknown[]> => {
      const all: unknown[] = [];
      for await (const list of source) all.push(...numbers(list));
      return all;
    };
    const both = Promise.all([read(), read()]);
    await settle();
    stage.emit(chunks(4));
    stage.complete();
    expect(await both).toEqual([range(4), range(4)]);
  });

  test("throws the error of the producer behind what came before", async () => {
    const boom = new Error("boom");
    const seen: unknown[] = [];
    const loop = (async () => {
      for await (const list of toStreamIter(fromStreamIter(new Lists(chunks(2), boom)))) seen.push(...numbers(list));
    })();
    await expect(loop).rejects.toBe(boom);
    expect(seen).toEqual([0, 1]);
  });

  test("releases what a break leaves unused, and waits for it", async () => {
    const source = new Lists(chunks(2), chunks(2));
    for await (const _ of toStreamIter(fromStreamIter(source))) break;
    expect(source.returns).toHaveLength(1);
  });

  test.each<[string, object]>([
    ["maxDemand", { maxDemand: 0 }],
    ["the options of a reader", { highWaterMark: 1 }],
  ])("refuses a bad %s where it is given", (option, options) => {
    expect(() => toStreamIter(producer<Uint8Array>(), options)).toThrow(expect.objectContaining({ option }));
  });

  test("refuses what is no producer", () => {
    expect(() => toStreamIter({} as Producer<Uint8Array>)).toThrow("expected the producer of toStreamIter to be a producer");
  });
});

describe("intoStreamIterWriter", () => {
  /** A consumer that writes, and the producer that a test drives it by. */
  function writing(writer: StreamIterWriter<Uint8Array>, options: IntoStreamIterWriterOptions<Uint8Array> = {}): { readonly probe: ProducerProbe<Uint8Array>; readonly stage: Consumer<Uint8Array> } {
    const probe = new ProducerProbe<Uint8Array>();
    return { probe, stage: intoStreamIterWriter(writer, { subscribeTo: [probe.producer], ...options }) };
  }

  test("writes a list as a list, a chunk as a chunk, and ends", async () => {
    const writer = new Writer();
    const { probe, stage } = writing(writer);
    const { closed } = stage;
    await settle();
    await probe.emit(...chunks(3));
    await probe.emit(...chunks(1, 3));
    await probe.complete();
    expect(await closed).toEqual({ type: "normal" });
    expect(writer.calls.map(([name]) => name)).toEqual(["writev", "write", "end"]);
    expect(writer.written).toEqual(range(4));
  });

  test("writes chunk by chunk where there is no writev", async () => {
    const writer = new Writer();
    const plain: StreamIterWriter<Uint8Array> = { write: (chunk) => writer.write(chunk), end: () => writer.end() };
    await pipeline(fromIterable(chunks(20)), intoStreamIterWriter(plain));
    expect(writer.written).toEqual(range(20));
    expect(writer.calls.filter(([name]) => name === "writev")).toEqual([]);
  });

  test("tries the synchronous functions first, and falls back for what they refuse", async () => {
    let room = 3;
    const writer = Object.assign(new Writer(), {
      writeSync(chunk: Uint8Array): boolean {
        if (room === 0) return false;
        room -= 1;
        writer.calls.push(["writeSync", [chunk]]);
        return true;
      },
      writevSync: (list: Uint8Array[]): boolean => list.length > 5,
    });
    const { probe } = writing(writer);
    await settle();
    await probe.emit(...chunks(1));
    await probe.emit(...chunks(2, 1));
    room = 0;
    await probe.emit(...chunks(1, 3));
    expect(writer.calls.map(([name]) => name)).toEqual(["writeSync", "writev", "write"]);
    expect(writer.written).toEqual(range(4));
  });

  test("counts chunks as handled when the write has settled, and has one write in progress", async () => {
    const gates = [deferred(), deferred()];
    let calls = 0;
    const writer = new Writer(() => gates[calls++]?.promise);
    const { probe, stage } = writing(writer, { maxDemand: 4, minDemand: 2 });
    await settle();
    await probe.emit(...chunks(4));
    expect(calls).toBe(1);
    expect(stage.snapshot().input).toMatchObject({ inCallback: 2, handled: 0 });
    gates[0]?.resolve();
    await settle();
    expect(calls).toBe(2);
    expect(probe.asks).toEqual([4, 2]);
    gates[1]?.resolve();
    await stage.stop();
  });

  test("asks for 16 chunks", async () => {
    const { probe, stage } = writing(new Writer());
    await settle();
    expect(probe.asks).toEqual([16]);
    await stage.stop();
  });

  test("fails with the error of a write, and cancels the producer with it", async () => {
    const boom = new Error("the reader has left");
    const writer = new Writer(() => Promise.reject(boom));
    const { probe, stage } = writing(writer);
    const { closed } = stage;
    await settle();
    await probe.emit(...chunks(2));
    expect(await closed).toEqual({ type: "error", error: boom });
    await settle();
    expect(probe.cancels).toMatchObject([{ kind: "down", reason: { type: "error", error: boom } }]);
    expect(writer.calls.at(-1)).toEqual(["fail", boom]);
  });

  test("fails with what write or end throws", async () => {
    const boom = new Error("boom");
    const thrower = (): never => {
      throw boom;
    };
    for (const broken of [{ write: thrower, writev: undefined }, { end: thrower }]) {
      const writer = Object.assign(new Writer(), broken) as unknown as StreamIterWriter<Uint8Array>;
      await expect(pipeline(fromIterable(chunks(1)), intoStreamIterWriter(writer))).rejects.toBe(boom);
    }
  });

  test("tells the writer of an error of the producer, and does not end it", async () => {
    const boom = new Error("boom");
    const writer = new Writer();
    const { probe, stage } = writing(writer);
    const { closed } = stage;
    await settle();
    await probe.emit(...chunks(1));
    await probe.fail(boom);
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(writer.calls.map(([name]) => name)).toEqual(["write", "fail"]);
    expect(writer.calls[1]?.[1]).toBe(boom);
  });

  test("does not wait for a write that is stuck when it is stopped, and tells the writer of a StoppedError", async () => {
    const reason = new Error("enough");
    const writer = new Writer(() => new Promise(() => undefined));
    const { probe, stage } = writing(writer);
    await settle();
    await probe.emit(...chunks(2));
    void stage.stop(reason);
    await settle();
    expect(stage.snapshot().state).toBe("ended");
    const [name, told] = writer.calls.at(-1) ?? [];
    expect(name).toBe("fail");
    expect(told).toBeInstanceOf(StoppedError);
    expect(told).toMatchObject({ cause: reason });
  });

  test("does not wait for an end that is stuck when it is stopped", async () => {
    const writer = Object.assign(new Writer(), { end: () => new Promise(() => undefined) });
    const { probe, stage } = writing(writer);
    await settle();
    await probe.complete();
    void stage.stop();
    await settle();
    expect(await stage.closed).toEqual({ type: "shutdown" });
  });

  test("writes nothing more when it has been stopped in the middle of a list", async () => {
    const gate = deferred();
    const seen: Uint8Array[] = [];
    const { probe, stage } = writing({
      write: (chunk) => {
        seen.push(chunk);
        return gate.promise;
      },
    });
    await settle();
    await probe.emit(...chunks(3));
    await stage.stop();
    gate.resolve();
    await settle();
    expect(numbers(seen)).toEqual([0]);
  });

  test("waits for a promise of fail no longer than closeWithinMs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reports: Report[] = [];
    const writer = Object.assign(new Writer(), { fail: () => new Promise(() => undefined) });
    const { stage } = writing(writer, { closeWithinMs: 50, handleReport: (report) => reports.push(report) });
    const stopped = stage.stop();
    await settle();
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT", message: `fail() of the writer of ${stage.name} did not settle within 50 ms` } }]);
  });

  test("leaves the writer open with preventClose and preventFail", async () => {
    const writer = new Writer();
    await pipeline(fromIterable(chunks(2)), intoStreamIterWriter(writer, { preventClose: true }));
    const { stage } = writing(writer, { preventFail: true });
    await stage.stop();
    expect(writer.calls.map(([name]) => name)).toEqual(["writev"]);
  });

  test("writes a list by the synchronous function alone, if that takes it", async () => {
    const written: Uint8Array[] = [];
    const writer = Object.assign(new Writer(), { writevSync: (list: Uint8Array[]): boolean => written.push(...list) > 0 });
    const { probe, stage } = writing(writer);
    await settle();
    await probe.emit(...chunks(6));
    expect(numbers(written)).toEqual(range(6));
    expect(writer.calls).toEqual([]);
    await stage.stop();
  });

  test("has nothing to report of a writer without fail", async () => {
    const reports: Report[] = [];
    const { stage } = writing({ write: () => undefined }, { handleReport: (report) => reports.push(report) });
    await stage.stop();
    expect(reports).toEqual([]);
  });

  test("takes a writer with no more than write", async () => {
    const seen: Uint8Array[] = [];
    await pipeline(fromIterable(chunks(5)), intoStreamIterWriter({ write: (chunk) => seen.push(chunk) }));
    expect(numbers(seen)).toEqual(range(5));
    const { stage } = writing({ write: () => undefined });
    await stage.stop();
    expect(await stage.closed).toEqual({ type: "shutdown" });
  });

  test.each<[string, object]>([
    ["preventClose", { preventClose: 1 }],
    ["preventFail", { preventFail: 1 }],
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["the options of intoStreamIterWriter", { handleEvents: () => undefined }],
    ["maxDemand", { maxDemand: 0 }],
  ])("refuses a bad %s", (option, options) => {
    expect(() => intoStreamIterWriter(new Writer(), options)).toThrow(expect.objectContaining({ option }));
  });

  test("refuses what cannot be written into", () => {
    expect(() => intoStreamIterWriter({} as StreamIterWriter<Uint8Array>)).toThrow("expected the writer of intoStreamIterWriter to be an object with a write function");
  });

  test("calls the user's handleSubscribe as well", async () => {
    const names: string[] = [];
    const { stage } = writing(new Writer(), { handleSubscribe: (from) => void names.push(from.name) });
    await settle();
    expect(names).toEqual(["probe"]);
    await stage.stop();
  });
});

test("a chain of all three keeps every chunk, at the pace of the slowest", async () => {
  let written = 0;
  let read = 0;
  let ahead = 0;
  const source = (async function* (): AsyncGenerator<Uint8Array[]> {
    for (; read < 4000; read += 4) {
      ahead = Math.max(ahead, read - written);
      yield await Promise.resolve(chunks(4, read));
    }
  })();
  const writer: StreamIterWriter<Uint8Array> = {
    write: async () => {
      await Promise.resolve();
      written += 1;
    },
  };
  const sink = intoStreamIterWriter(writer, { subscribeTo: [{ to: fromStreamIter(toStreamIter(fromStreamIter(source))), maxDemand: 8 }] });
  expect(await sink.closed).toEqual({ type: "normal" });
  expect(written).toBe(4000);
  expect(ahead).toBeLessThanOrEqual(8 + 4 + 16 + 4 + 8);
});
