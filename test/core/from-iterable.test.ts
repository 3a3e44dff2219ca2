import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, consumer, fromIterable, pipeline, type IterableSource, type Producer, type Report } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";
import { range } from "./support/range.ts";

/** Counts from 0 to `count`, and remembers what was done to it. */
class Source {
  reads = 0;
  readonly returns: unknown[] = [];
  readonly count: number;

  constructor(count = Infinity) {
    this.count = count;
  }

  #next(): IteratorResult<number, undefined> {
    const value = this.reads;
    this.reads += 1;
    return value < this.count ? { value, done: false } : { value: undefined, done: true };
  }

  #return(): IteratorResult<number, undefined> {
    this.returns.push("return");
    return { value: undefined, done: true };
  }

  get sync(): Iterable<number> {
    return { [Symbol.iterator]: () => ({ next: () => this.#next(), return: () => this.#return() }) };
  }

  get async(): AsyncIterable<number> {
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => this.#next(),
        return: async () => this.#return(),
      }),
    };
  }
}

const kinds = ["sync", "async"] as const;

async function read<Event>(stage: Producer<Event>, most = Infinity): Promise<Event[]> {
  const list: Event[] = [];
  for await (const event of stage) {
    list.push(event);
    if (list.length === most) break;
  }
  return list;
}

/** An iterable whose parts a test writes by hand. */
function iterable(kind: (typeof kinds)[number], makeIterator: () => unknown): Iterable<number> {
  return { [kind === "sync" ? Symbol.iterator : Symbol.asyncIterator]: makeIterator } as unknown as Iterable<number>;
}

describe.each(kinds)("from a %s iterable", (kind) => {
  test("come all events, in order, then the end", async () => {
    const source = new Source(5);
    expect(await read(fromIterable(source[kind]))).toEqual(range(5));
  });

  test("comes nothing but the end when it is empty", async () => {
    expect(await read(fromIterable(new Source(0)[kind]))).toEqual([]);
  });

  test("exactly as many events are read as were asked for", async () => {
    const source = new Source();
    await using stage = fromIterable(source[kind]);
    const probe = new ConsumerProbe(stage);
    await settle();
    expect(source.reads).toBe(0);
    await probe.ask(3);
    expect([source.reads, probe.events]).toEqual([3, [0, 1, 2]]);
    await probe.ask(2);
    expect([source.reads, probe.events]).toEqual([5, range(5)]);
  });

  test("all events are read for one great demand", async () => {
    const source = new Source(10_000);
    const events: number[] = [];
    for await (const batch of fromIterable(source[kind]).batches({ maxDemand: 1_000_000 })) events.push(...batch);
    expect(events).toEqual(range(10_000));
  });

  test.each([4, 5, 9, 10, 11, 20])("come %i events where 10 and 5 are the window", async (count) => {
    const events: number[] = [];
    await pipeline(fromIterable(new Source(count)[kind]), (from) =>
      consumer({ subscribeTo: [{ to: from, maxDemand: 10, minDemand: 5 }], handleEvents: (list) => void events.push(...list) }),
    );
    expect(events).toEqual(range(count));
  });

  test("nothing is read, and nothing released, when nobody asks", async () => {
    const source = new Source();
    const stage = fromIterable(source[kind]);
    await stage.stop();
    expect([source.reads, source.returns]).toEqual([0, []]);
  });

  test("nothing is released that has ended by itself", async () => {
    const source = new Source(2);
    await read(fromIterable(source[kind]));
    expect(source.returns).toEqual([]);
    // Its end was asked for once.
    expect(source.reads).toBe(3);
  });

  test("a break releases the iterator once, before it goes on", async () => {
    const source = new Source();
    expect(await read(fromIterable(source[kind]), 3)).toEqual([0, 1, 2]);
    expect([source.reads, source.returns]).toEqual([3, ["return"]]);
  });

  test("a stop releases the iterator once", async () => {
    const source = new Source();
    const stage = fromIterable(source[kind]);
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    await Promise.all([stage.stop(), stage.stop()]);
    await stage.stop();
    expect(source.returns).toEqual(["return"]);
    expect(probe.ends).toHaveLength(1);
  });

  test("a consumer that fails releases the iterator", async () => {
    const source = new Source();
    const failure = new Error("cannot handle 4");
    const handled: number[] = [];
    const run = pipeline(fromIterable(source[kind]), (from) =>
      consumer({
        subscribeTo: [{ to: from, maxDemand: 2 }],
        handleEvent(event) {
          if (event === 4) throw failure;
          handled.push(event);
        },
      }),
    );
    await expect(run).rejects.toBe(failure);
    expect([handled, source.returns]).toEqual([range(4), ["return"]]);
  });

  test("an error of next comes behind the events before it, and nothing is released", async () => {
    const failure = new Error("broken");
    const source = new Source();
    const stage = fromIterable(
      iterable(kind, () => ({
        next() {
          if (source.reads === 2) throw failure;
          source.reads += 1;
          return { value: source.reads, done: false };
        },
        return: () => expect.unreachable(),
      })),
    );
    const probe = new ConsumerProbe(stage);
    await probe.ask(10);
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toEqual({ type: "error", error: failure });
    expect((probe.end as { error: unknown }).error).toBe(failure);
  });

  test.each([undefined, null, "a string", Object.freeze({ code: 1 })])("an error that is %j arrives as it is", async (failure) => {
    const stage = fromIterable(
      iterable(kind, () => ({
        next() {
          throw failure;
        },
      })),
    );
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    expect(probe.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: failure } }]);
  });

  test("an error with getters that throw arrives as it is", async () => {
    const failure = {
      get message(): string {
        throw new Error("do not look at me");
      },
      get name(): string {
        throw new Error("do not look at me");
      },
    };
    const stage = fromIterable(
      iterable(kind, () => ({
        next() {
          throw failure;
        },
      })),
    );
    let caught: unknown;
    try {
      await read(stage);
    } catch (error) {
      caught = error;
    }
    expect(caught === failure).toBe(true);
  });

  test("the failure of its Symbol method is the error", async () => {
    const failure = new Error("no iterator");
    const stage = fromIterable(
      iterable(kind, () => {
        throw failure;
      }),
    );
    await expect(read(stage)).rejects.toBe(failure);
  });

  test.each([
    ["nothing", undefined],
    ["a number", 7],
    ["an object without next", {}],
    ["an object whose next is no function", { next: 7 }],
  ])("a Symbol method that returns %s is a TypeError", async (_name, iterator) => {
    await expect(read(fromIterable(iterable(kind, () => iterator)))).rejects.toThrow(TypeError);
  });

  test.each([undefined, null, 7, "done"])("a next that gives %j is a TypeError", async (result) => {
    const stage = fromIterable(iterable(kind, () => ({ next: () => (kind === "sync" ? result : Promise.resolve(result)) })));
    await expect(read(stage)).rejects.toThrow(TypeError);
  });

  test("an iterator without return is left alone", async () => {
    const stage = fromIterable(iterable(kind, () => ({ next: () => ({ value: 1, done: false }) })));
    expect(await read(stage, 2)).toEqual([1, 1]);
  });

  test.each([null, undefined])("a return that is %s counts as none", async (method) => {
    const stage = fromIterable(iterable(kind, () => ({ next: () => ({ value: 1, done: false }), return: method })));
    expect(await read(stage, 2)).toEqual([1, 1]);
  });

  test("a return that is no function is a TypeError for the loop", async () => {
    const stage = fromIterable(
      iterable(kind, () => ({ next: () => ({ value: 1, done: false }), return: 7 })),
      { handleReport: () => undefined },
    );
    await expect(read(stage, 2)).rejects.toThrow(TypeError);
  });

  test.each([undefined, null, 42])("a return that gives %s, no object, is a TypeError for the loop", async (result) => {
    const stage = fromIterable(
      iterable(kind, () => ({ next: () => ({ value: 1, done: false }), return: () => (kind === "sync" ? result : Promise.resolve(result)) })),
      { handleReport: () => undefined },
    );
    await expect(read(stage, 1)).rejects.toThrow("expected return() to give an object");
  });

  test("return is called when the stage is completed before the iterator has ended", async () => {
    const source = new Source();
    const stage = fromIterable(source[kind], { handleInfo: (_, self) => self.complete() });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    stage.info("complete");
    await settle();
    expect(probe.end).toEqual({ type: "normal" });
    expect(source.returns).toEqual(["return"]);
  });

  test("an iterator that nobody has read is told of the end, too", async () => {
    const returns: unknown[] = [];
    const iterator = {
      next: () => expect.fail("was read"),
      return(...args: unknown[]) {
        returns.push(...args);
        const result = { value: undefined, done: true };
        return kind === "sync" ? result : Promise.resolve(result);
      },
      [kind === "sync" ? Symbol.iterator : Symbol.asyncIterator]: () => iterator,
    };
    await fromIterable(iterator as unknown as Iterable<number>).stop("enough");
    expect(returns).toEqual(["enough"]);
  });

  test("a source whose method makes no iterator is refused at once", () => {
    expect(() => fromIterable({ [kind === "sync" ? Symbol.iterator : Symbol.asyncIterator]: 42 } as unknown as Iterable<number>)).toThrow(BadOptionError);
  });

  test("the failure of return surfaces to the loop that breaks", async () => {
    const failure = new Error("cannot close");
    const stage = fromIterable(
      iterable(kind, () => ({
        next: () => ({ value: 1, done: false }),
        return() {
          throw failure;
        },
      })),
      { handleReport: () => undefined },
    );
    await expect(read(stage, 1)).rejects.toBe(failure);
  });

  test("the failure of return is reported beside the error that caused it", async () => {
    const [primary, secondary] = [new Error("the consumer failed"), new Error("cannot close")];
    const reports: Report[] = [];
    const stage = fromIterable(
      iterable(kind, () => ({
        next: () => ({ value: 1, done: false }),
        return() {
          throw secondary;
        },
      })),
      { name: "source", handleReport: (report) => reports.push(report) },
    );
    const run = pipeline(stage, (from) =>
      consumer({
        subscribeTo: [from],
        handleEvents() {
          throw primary;
        },
      }),
    );
    await expect(run).rejects.toBe(primary);
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "source", error: secondary }]);
  });

  test("a function makes it at the first demand, and gets a signal that aborts with the stage", async () => {
    const source = new Source();
    const signals: AbortSignal[] = [];
    const stage = fromIterable((signal) => {
      signals.push(signal);
      return source[kind];
    });
    const probe = new ConsumerProbe(stage);
    await settle();
    expect(signals).toEqual([]);
    await probe.ask(1);
    await probe.ask(1);
    expect(signals.map((signal) => signal.aborted)).toEqual([false]);
    await stage.stop("enough");
    expect(signals[0]?.reason).toBe("enough");
    expect([probe.events, source.returns]).toEqual([[0, 1], ["return"]]);
  });

  test("any value is an event, by identity", async () => {
    const events = [undefined, null, Number.NaN, 0, "", false, { done: true }, [1, 2], [].values(), Object.freeze({})];
    const stage = fromIterable<unknown>(
      iterable(kind, () => {
        const values = events.values();
        return { next: () => (kind === "sync" ? values.next() : Promise.resolve(values.next())) };
      }),
    );
    const probe = new ConsumerProbe(stage);
    await probe.ask(100);
    expect(probe.events).toHaveLength(events.length);
    probe.events.forEach((event, place) => expect(Object.is(event, events[place])).toBe(true));
  });

  test("a consumer that leaves what it asked for ends only its subscription, whatever the buffer holds", async () => {
    const gate = deferred();
    async function* numbers(): AsyncGenerator<number> {
      await gate.promise;
      yield* range(10);
    }
    const promises = range(10).map((number) => gate.promise.then(() => number));
    const source: IterableSource<number | Promise<number>> = kind === "async" ? numbers() : promises;
    await using stage = fromIterable(source, { bufferSize: 2, await: true });
    const [ann, bob] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await ann.ask(5);
    await ann.cancel();
    gate.resolve();
    await settle();
    expect([bob.ends, stage.snapshot().state]).toEqual([[], "running"]);
    await bob.ask(10);
    expect(bob.events).toEqual(range(10));
  });

  test("several consumers share the events", async () => {
    const stage = fromIterable(new Source(4)[kind]);
    const [ann, bob] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await ann.ask(2);
    await bob.ask(3);
    expect([ann.events, bob.events]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect([ann.ends.length, bob.ends.length]).toEqual([1, 1]);
  });
});

describe("from a generator", () => {
  test("its finally block has run when a break goes on", async () => {
    const log: string[] = [];
    function* numbers(): Generator<number> {
      try {
        for (let number = 0; ; number += 1) yield number;
      } finally {
        log.push("finally");
      }
    }
    await read(fromIterable(numbers()), 2);
    expect(log).toEqual(["finally"]);
  });

  test("that was not started, nothing runs", async () => {
    const log: string[] = [];
    async function* numbers(): AsyncGenerator<number> {
      log.push("started");
      yield 1;
    }
    const iterator = fromIterable(numbers())[Symbol.asyncIterator]();
    await iterator.return?.();
    expect(log).toEqual([]);
  });

  test("that is async, its error comes behind its events", async () => {
    const failure = new Error("broken");
    async function* numbers(): AsyncGenerator<number> {
      yield 1;
      yield 2;
      throw failure;
    }
    const events: number[] = [];
    const loop = async (): Promise<void> => {
      for await (const event of fromIterable(numbers())) events.push(event);
    };
    await expect(loop()).rejects.toBe(failure);
    expect(events).toEqual([1, 2]);
  });
});

describe("a next that is stuck", () => {
  /** Gives 1, and then nothing any more. */
  class Stuck {
    readonly returns: unknown[] = [];
    readonly gate = deferred<IteratorResult<number, undefined>>();
    #reads = 0;
    readonly #return: () => unknown;

    constructor(onReturn: () => unknown = () => Promise.resolve({ value: undefined, done: true })) {
      this.#return = onReturn;
    }

    [Symbol.asyncIterator](): AsyncIterator<number, undefined> {
      return {
        next: () => ((this.#reads += 1) === 1 ? Promise.resolve({ value: 1, done: false }) : this.gate.promise),
        return: () => {
          this.returns.push("return");
          return this.#return() as Promise<IteratorResult<number, undefined>>;
        },
      };
    }
  }

  test("is told, and not waited for, when the loop returns", async () => {
    const source = new Stuck(() => new Promise(() => undefined));
    const iterator = fromIterable(source)[Symbol.asyncIterator]();
    await iterator.next();
    const stuck = iterator.next();
    await settle();
    expect(await iterator.return?.()).toEqual({ value: undefined, done: true });
    expect(await stuck).toEqual({ value: undefined, done: true });
    expect(source.returns).toEqual(["return"]);
  });

  test("may settle later, and nobody gets it", async () => {
    const source = new Stuck();
    const stage = fromIterable(source);
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    await stage.stop();
    source.gate.resolve({ value: 2, done: false });
    await settle();
    expect(probe.events).toEqual([1]);
    expect(probe.ends).toHaveLength(1);
  });

  test("may fail later, and that is reported", async () => {
    const reports: Report[] = [];
    const late = new Error("too late");
    const source = new Stuck();
    const stage = fromIterable(source, { name: "source", handleReport: (report) => reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    await stage.stop();
    source.gate.reject(late);
    await settle();
    expect(reports).toEqual([{ kind: "late-failure", stage: "source", error: late }]);
    expect(probe.ends).toHaveLength(1);
  });

  test("may give an event when the stage has failed meanwhile, and nobody gets it", async () => {
    const failure = new Error("told to fail");
    const source = new Stuck();
    const stage = fromIterable(source, {
      handleInfo() {
        throw failure;
      },
    });
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    stage.info("fail");
    await settle();
    source.gate.resolve({ value: 2, done: false });
    await settle();
    expect([probe.events, probe.end]).toEqual([[1], { type: "error", error: failure }]);
  });

  test("may give an event while the stage drains after a failure, and nobody gets it", async () => {
    const failure = new Error("told to fail");
    const reports: Report[] = [];
    const source = new Stuck();
    const stage = fromIterable(source, {
      handleReport: (report) => reports.push(report),
      handleSubscribe: (from, self) => void (from.name === "bob" && self.fail(failure)),
      whenUnused: "wait",
    });
    const ann = new ConsumerProbe(stage, { name: "ann" });
    void ann.ask(2);
    await ann.cancel();
    // What ann has left is in the buffer: the stage drains before it ends.
    expect(stage.bufferedCount).toBe(1);
    const bob = new ConsumerProbe(stage, { name: "bob" });
    await settle();
    expect(stage.snapshot().state).toBe("draining");
    source.gate.resolve({ value: 2, done: false });
    await settle();
    await bob.ask(2);
    expect([bob.events, bob.end]).toEqual([[1], { type: "error", error: failure }]);
    // It is lost, and that is nobody's failure.
    expect(reports).toEqual([]);
  });

  test("may be a promise that settles while the stage drains after a failure, and nobody gets it", async () => {
    const failure = new Error("told to fail");
    const gate = deferred<number>();
    const reports: Report[] = [];
    const stage = fromIterable([Promise.resolve(1), gate.promise, 3], {
      await: true,
      handleReport: (report) => reports.push(report),
      handleSubscribe: (from, self) => void (from.name === "bob" && self.fail(failure)),
      whenUnused: "wait",
    });
    const ann = new ConsumerProbe(stage, { name: "ann" });
    void ann.ask(3);
    await ann.cancel();
    expect(stage.bufferedCount).toBe(1);
    const bob = new ConsumerProbe(stage, { name: "bob" });
    await settle();
    gate.resolve(2);
    await settle();
    await bob.ask(2);
    expect([bob.events, bob.end]).toEqual([[1], { type: "error", error: failure }]);
    expect(reports).toEqual([]);
  });

  test("may have a return that fails later, and that is reported", async () => {
    const reports: Report[] = [];
    const late = new Error("cannot close");
    const source = new Stuck(() => Promise.reject(late));
    const stage = fromIterable(source, { name: "source", handleReport: (report) => reports.push(report) });
    await new ConsumerProbe(stage).ask(2);
    await stage.stop();
    await settle();
    expect(reports).toMatchObject([{ stage: "source", error: late }]);
  });
});

describe("a return that never settles", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("is waited for closeWithinMs, then reported", async () => {
    const reports: Report[] = [];
    const stage = fromIterable(
      {
        [Symbol.asyncIterator]: () => ({
          next: () => Promise.resolve({ value: 1, done: false }),
          return: () => new Promise<IteratorResult<number>>(() => undefined),
        }),
      },
      { name: "source", closeWithinMs: 200, handleReport: (report) => reports.push(report) },
    );
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    let isStopped = false;
    void stage.stop().then(() => (isStopped = true));
    await settle();
    vi.advanceTimersByTime(199);
    await settle();
    expect(isStopped).toBe(false);
    vi.advanceTimersByTime(1);
    await settle();
    expect(isStopped).toBe(true);
    expect(reports).toMatchObject([{ kind: "cleanup-failed", stage: "source", error: { code: "SLUICE_TIMEOUT" } }]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("an abort", () => {
  test("before the start: the source is never touched", async () => {
    const source = new Source();
    const stage = fromIterable(source.sync, { signal: AbortSignal.abort("too late") });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    expect([source.reads, source.returns]).toEqual([0, []]);
    expect(probe.end).toEqual({ type: "shutdown", reason: "too late" });
  });

  test("releases the source and ends with a shutdown", async () => {
    const controller = new AbortController();
    const source = new Source();
    const stage = fromIterable(source.async, { signal: controller.signal });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    controller.abort("enough");
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect([probe.events, source.returns]).toEqual([[0], ["return"]]);
  });
});

describe("promises", () => {
  test("in a sync iterable are events", async () => {
    const promises = [Promise.resolve(1), new Promise<number>(() => undefined)];
    const probe = new ConsumerProbe(fromIterable(promises));
    await probe.ask(3);
    expect(probe.events).toHaveLength(2);
    expect(probe.events[0]).toBe(promises[0]);
    expect(probe.events[1]).toBe(promises[1]);
  });

  test("in a sync iterable that reject are events", async () => {
    const promise = Promise.reject(new Error("an event, not a failure"));
    promise.catch(() => undefined);
    const probe = new ConsumerProbe(fromIterable([promise]));
    await probe.ask(2);
    expect(probe.events[0]).toBe(promise);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("are resolved in order with await: true", async () => {
    const [slow, fast] = [deferred<string>(), Promise.resolve("fast")];
    const stage = fromIterable([slow.promise, fast, "no promise"], { await: true });
    const probe = new ConsumerProbe(stage);
    await probe.ask(5);
    expect(probe.events).toEqual([]);
    slow.resolve("slow");
    await settle();
    expect(probe.events).toEqual(["slow", "fast", "no promise"]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("are resolved with await: true only as they are demanded", async () => {
    let made = 0;
    function* promises(): Generator<Promise<number>> {
      while (true) yield Promise.resolve(made++);
    }
    await using stage = fromIterable(promises(), { await: true });
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    expect([probe.events, made]).toEqual([[0, 1], 2]);
  });

  test("that reject end the stage with await: true, behind the events before them, and release the iterator", async () => {
    const failure = new Error("rejected");
    const log: string[] = [];
    function* promises(): Generator<Promise<number>> {
      try {
        yield Promise.resolve(1);
        yield Promise.reject(failure);
        yield Promise.resolve(3);
      } finally {
        log.push("finally");
      }
    }
    const probe = new ConsumerProbe(fromIterable(promises(), { await: true }));
    await probe.ask(5);
    expect(probe.events).toEqual([1]);
    expect(probe.end).toEqual({ type: "error", error: failure });
    expect(log).toEqual(["finally"]);
  });
});

describe("with concurrency", () => {
  test("so many next are in flight, never more, and never more than were demanded", async () => {
    let running = 0;
    let most = 0;
    let next = 0;
    const gates: (() => void)[] = [];
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next() {
          const value = next++;
          most = Math.max(most, (running += 1));
          return new Promise((resolve) =>
            gates.push(() => {
              running -= 1;
              resolve({ value, done: false });
            }),
          );
        },
      }),
    };
    const stage = fromIterable(source, { concurrency: 3 });
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    expect([running, next]).toEqual([2, 2]);
    await probe.ask(5);
    expect([running, next]).toEqual([3, 3]);
    while (gates.length > 0) {
      gates.shift()?.();
      await settle();
    }
    expect([probe.events, most, next]).toEqual([range(7), 3, 7]);
    await stage.stop();
  });

  test("events keep the order of their next, whichever settles first", async () => {
    const gates = range(3).map(() => deferred<IteratorResult<number, undefined>>());
    let next = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => gates[next++]?.promise ?? Promise.resolve({ value: undefined, done: true }) }),
    };
    const stage = fromIterable(source, { concurrency: 3 });
    const probe = new ConsumerProbe(stage);
    await probe.ask(3);
    for (const place of [2, 0, 1]) {
      gates[place]?.resolve({ value: place, done: false });
      await settle();
    }
    expect(probe.events).toEqual([0, 1, 2]);
    await stage.stop();
  });

  test("events in flight are not lost when a later next finds the end first", async () => {
    const slow = deferred<IteratorResult<string, undefined>>();
    let next = 0;
    const source: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({ next: () => ((next += 1) === 1 ? slow.promise : Promise.resolve({ value: undefined, done: true })) }),
    };
    const probe = new ConsumerProbe(fromIterable(source, { concurrency: 3 }));
    await probe.ask(3);
    slow.resolve({ value: "slow", done: false });
    await settle();
    expect(probe.events).toEqual(["slow"]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("an error of a later next comes behind the events in flight before it", async () => {
    const slow = deferred<IteratorResult<string, undefined>>();
    const failure = new Error("broken");
    let next = 0;
    const source: AsyncIterable<string> = {
      [Symbol.asyncIterator]: () => ({ next: () => ((next += 1) === 1 ? slow.promise : Promise.reject(failure)) }),
    };
    const probe = new ConsumerProbe(fromIterable(source, { concurrency: 2 }));
    await probe.ask(2);
    slow.resolve({ value: "slow", done: false });
    await settle();
    expect(probe.events).toEqual(["slow"]);
    expect(probe.end).toEqual({ type: "error", error: failure });
  });

  test("one that fails behind the end of the iterator is reported, and changes no end that has to wait for what is buffered", async () => {
    const results = [deferred<IteratorResult<number>>(), deferred<IteratorResult<number>>(), deferred<IteratorResult<number>>()];
    let next = 0;
    const iterator = { next: () => (results[next++] as (typeof results)[number]).promise, [Symbol.asyncIterator]: () => iterator };
    const late = new Error("late");
    const reports: Report[] = [];
    const numbers = fromIterable<number>(iterator, { name: "numbers", concurrency: 3, whenUnused: "wait", handleReport: (report) => reports.push(report) });
    const first = new ConsumerProbe(numbers);
    await first.ask(3);
    await first.cancel();
    results[0]?.resolve({ value: 1, done: false });
    results[1]?.resolve({ value: undefined, done: true });
    results[2]?.reject(late);
    await settle();
    const second = new ConsumerProbe(numbers);
    await second.ask(2);
    expect(second.events).toEqual([1]);
    expect(second.end).toEqual({ type: "normal" });
    expect(reports).toEqual([{ kind: "late-failure", stage: "numbers", error: late }]);
  });

  test("several next that find the end end the stage once", async () => {
    const source = new Source(2);
    const probe = new ConsumerProbe(fromIterable(source.async, { concurrency: 5 }));
    await probe.ask(5);
    expect(probe.events).toEqual([0, 1]);
    expect(probe.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "normal" } }]);
  });
});

describe("the options of fromIterable", () => {
  test.each([7, undefined, null, {}])("refuse %j as a source", (source) => {
    expect(() => fromIterable(source as number[])).toThrow(BadOptionError);
  });

  test.each<[object, string]>([
    [{ await: 1 }, "expected await to be a boolean, got: 1"],
    [{ concurrency: 0 }, "expected concurrency to be an integer of at least 1, got: 0"],
    [{ closeWithinMs: -1 }, "expected closeWithinMs to be an integer from 0 to 2147483647, got: -1"],
    [{ bufferSize: 0 }, "expected bufferSize to be an integer of at least 1, or Infinity, got: 0"],
    [{ maxDemand: 1 }, 'got: "maxDemand"'],
    [{ handleDemand: () => undefined }, "handleDemand"],
    [{ handleStop: () => undefined }, "handleStop"],
  ])("refuse %j", (options, message) => {
    expect(() => fromIterable([1], options)).toThrow(BadOptionError);
    expect(() => fromIterable([1], options)).toThrow(message);
  });

  test("are those of a producer otherwise", async () => {
    const messages: unknown[] = [];
    await using stage = fromIterable("ab", { name: "letters", handleInfo: (message) => void messages.push(message) });
    stage.info("hello");
    await settle();
    expect([stage.name, messages]).toEqual(["letters", ["hello"]]);
    expect(await read(stage)).toEqual(["a", "b"]);
  });
});
