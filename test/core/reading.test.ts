import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, fromIterable, producer, producerConsumer, type EventReader, type Producer, type ProducerOptions, type PushProducer, type ReadOptions, type Report } from "sluice";
import { settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";
import { range } from "./support/range.ts";

/** Counts from 0, exactly as far as it is asked, and remembers the asks and how it ended. */
function counter(options: ProducerOptions<number> = {}): { readonly stage: PushProducer<number>; readonly demands: number[]; readonly stops: unknown[] } {
  const demands: number[] = [];
  const stops: unknown[] = [];
  let next = 0;
  const stage = producer<number>({
    handleDemand(demand) {
      demands.push(demand);
      return Array.from({ length: demand }, () => next++);
    },
    handleStop: (reason) => void stops.push(reason),
    ...options,
  });
  return { stage, demands, stops };
}

async function read<Event>(events: AsyncIterable<Event>, most = Infinity): Promise<Event[]> {
  const list: Event[] = [];
  if (most === 0) return list;
  for await (const event of events) {
    list.push(event);
    if (list.length === most) break;
  }
  return list;
}

/** The three ways to read, as lists of what they give. */
const ways: readonly [string, (stage: Producer<number>, options?: ReadOptions) => EventReader<number | readonly number[]>][] = [
  ["plain iteration", (stage) => stage[Symbol.asyncIterator]()],
  ["events()", (stage, options) => stage.events(options)],
  ["batches()", (stage, options) => stage.batches(options)],
];
const waysWithOptions = ways.slice(1);

describe("a loop", () => {
  test("asks for exactly one event at each next", async () => {
    const { stage, demands } = counter();
    expect(await read(stage, 3)).toEqual([0, 1, 2]);
    expect(demands).toEqual([1, 1, 1]);
  });

  test("asks for nothing before its first next, and never in the call", async () => {
    const { stage, demands } = counter();
    await using iterator = stage[Symbol.asyncIterator]();
    await settle();
    expect(stage.snapshot().output?.consumers).toEqual([]);
    const first = iterator.next();
    expect(demands).toEqual([]);
    expect(await first).toEqual({ value: 0, done: false });
  });

  test("gets its answers in the order of its calls, also when a callback of the stage makes one", async () => {
    const log: string[] = [];
    const source = producer<number>({
      handleDemand(_demand, self) {
        self.emit([1, 2]);
        next("inner");
      },
    });
    const reader = source[Symbol.asyncIterator]();
    const next = (who: string): void => void reader.next().then(({ value }) => log.push(`${who} ${value}`));
    next("outer");
    await settle();
    expect(log).toEqual(["outer 1", "inner 2"]);
    await source.stop();
  });

  test("asks for no event while its body runs", async () => {
    const { stage, demands } = counter();
    for await (const event of stage) {
      await settle();
      expect(demands).toHaveLength(event + 1);
      if (event === 2) break;
    }
  });

  test("makes one ask of several next of one turn, and settles them in order", async () => {
    const { stage, demands } = counter();
    await using iterator = stage[Symbol.asyncIterator]();
    const order: string[] = [];
    const results = ["first", "second", "third"].map(async (name) => {
      const result = await iterator.next();
      order.push(name);
      return result.value;
    });
    expect(await Promise.all(results)).toEqual([0, 1, 2]);
    expect(order).toEqual(["first", "second", "third"]);
    expect(demands).toEqual([3]);
  });

  test("settles several next in order when the events come one by one", async () => {
    await using stage = producer<number>();
    await using iterator = stage[Symbol.asyncIterator]();
    const results = Promise.all([iterator.next(), iterator.next(), iterator.next()]);
    for (const event of range(3)) {
      await settle();
      stage.emit([event]);
    }
    expect((await results).map((result) => result.value)).toEqual([0, 1, 2]);
  });

  test("settles a next that waits before a later one that finds its event at hand", async () => {
    await using stage = producer<number>();
    await using iterator = stage[Symbol.asyncIterator]();
    const order: (number | undefined)[] = [];
    const note = async (next: Promise<IteratorResult<number, undefined>>): Promise<void> => {
      order.push((await next).value);
    };
    void note(iterator.next());
    await settle();
    const later = note(iterator.next());
    stage.emit([0, 1]);
    await later;
    expect(order).toEqual([0, 1]);
  });

  test("reads a chain one event at a time, while its stages read ahead by their windows", async () => {
    const { stage, demands } = counter();
    const evens = producerConsumer({ subscribeTo: [{ to: stage, maxDemand: 10 }], handleEvents: (events) => events.filter((event) => event % 2 === 0) });
    expect(await read(evens, 4)).toEqual([0, 2, 4, 6]);
    // One message of ten was handled for the four, and one window was asked for again.
    expect(demands).toEqual([10, 5, 5]);
  });

  test("over a stage that lives after it loses nothing that it has not read", async () => {
    await using stage = producer<number>();
    stage.emit(range(5));
    expect(await read(stage, 2)).toEqual([0, 1]);
    expect(stage.bufferedCount).toBe(3);
    expect(await read(stage, 3)).toEqual([2, 3, 4]);
  });

  test("has delivered what it has read: an in-band message behind that is reached", async () => {
    const seen: unknown[] = [];
    await using stage = producer<number>({ handleInfo: (message) => void seen.push(message) });
    stage.emit([1, 2]);
    stage.info("behind two");
    stage.emit([3]);
    await settle();
    await using iterator = stage[Symbol.asyncIterator]();
    await iterator.next();
    await settle();
    expect(seen).toEqual([]);
    expect((await iterator.next()).value).toBe(2);
    await settle();
    expect(seen).toEqual(["behind two"]);
    await expect(Promise.all([stage.flushed(), iterator.next()])).resolves.toEqual([undefined, { value: 3, done: false }]);
  });

  test("reads the surplus of a list before the source is asked again", async () => {
    const demands: number[] = [];
    const stage = producer<number>({
      handleDemand(demand) {
        demands.push(demand);
        return range(3, 10 * demands.length);
      },
    });
    expect(await read(stage, 7)).toEqual([10, 11, 12, 20, 21, 22, 30]);
    expect(demands).toEqual([1, 1, 1]);
  });

  test("shows what it has taken in the stage's counts", async () => {
    await using stage = producer<number>();
    stage.emit(range(5));
    await using iterator = stage[Symbol.asyncIterator]();
    for (const _ of range(3)) await iterator.next();
    expect(stage.snapshot().output).toMatchObject({ emitted: 5, delivered: 3, buffered: 2 });
  });

  test("beside another is a second subscription: each event goes to one of them", async () => {
    const { stage } = counter();
    const [ann, bob] = [stage[Symbol.asyncIterator](), stage[Symbol.asyncIterator]()];
    const events = [(await ann.next()).value, (await bob.next()).value, (await bob.next()).value, (await ann.next()).value];
    expect(events).toEqual([0, 1, 2, 3]);
    await ann.return?.();
    expect(stage.snapshot().state).toBe("running");
    expect((await bob.next()).value).toBe(4);
    await bob.return?.();
    expect(stage.snapshot().state).toBe("ended");
  });
});

describe("events()", () => {
  test("reads ahead: maxDemand at its first next, then again once minDemand is left", async () => {
    const { stage, demands } = counter();
    await using iterator = stage.events({ maxDemand: 4, minDemand: 2 });
    await settle();
    expect(demands).toEqual([]);
    const log: [number | undefined, number[]][] = [];
    for (const _ of range(6)) {
      const { value } = await iterator.next();
      await settle();
      log.push([value, [...demands]]);
    }
    // An event counts as handled at the next `next()`.
    expect(log).toEqual([
      [0, [4]],
      [1, [4]],
      [2, [4, 2]],
      [3, [4, 2]],
      [4, [4, 2, 2]],
      [5, [4, 2, 2]],
    ]);
  });

  test("has never more than maxDemand in flight", async () => {
    const { stage, demands } = counter();
    let given = 0;
    for await (const event of stage.events({ maxDemand: 7, minDemand: 3 })) {
      await settle();
      given = event + 1;
      const asked = demands.reduce((sum, demand) => sum + demand, 0);
      expect(asked - event).toBeLessThanOrEqual(7);
      if (given === 50) break;
    }
    expect(given).toBe(50);
  });

  test("gives every event of a finite stage, then its end", async () => {
    expect(await read(fromIterable(range(100_000)).events())).toEqual(range(100_000));
  });

  test("gives several next of one turn their events in order", async () => {
    const { stage } = counter();
    await using iterator = stage.events({ maxDemand: 2 });
    const results = await Promise.all(range(7).map(() => iterator.next()));
    expect(results.map((result) => result.value)).toEqual(range(7));
  });
});

describe("batches()", () => {
  test("gives lists as they come, at most maxDemand - minDemand events in each", async () => {
    const stage = producer<number>();
    const iterator = stage.batches({ maxDemand: 10, minDemand: 6 });
    const first = iterator.next();
    await settle();
    stage.emit(range(2));
    stage.emit(range(5, 2));
    stage.complete();
    const batches = [(await first).value];
    for await (const batch of iterator) batches.push(batch);
    expect(batches).toEqual([
      [0, 1],
      [2, 3, 4, 5],
      [6],
    ]);
  });

  test("gives a list that is no longer than that uncopied", async () => {
    const list = Object.freeze([1, 2]);
    await using stage = producer<number>({ handleDemand: () => list });
    const { value } = await stage.batches().next();
    expect(value).toBe(list);
  });

  test("counts a list as handled at the next next", async () => {
    const { stage, demands } = counter();
    await using iterator = stage.batches({ maxDemand: 4, minDemand: 2 });
    await iterator.next();
    await settle();
    expect(demands).toEqual([4]);
    await iterator.next();
    await settle();
    expect(demands).toEqual([4, 2]);
  });

  test("gives several next of one turn their lists in order", async () => {
    const { stage } = counter();
    await using iterator = stage.batches({ maxDemand: 2 });
    const results = await Promise.all(range(5).map(() => iterator.next()));
    expect(results.map((result) => result.value)).toEqual([[0], [1], [2], [3], [4]]);
  });

  test("gives every event of a finite stage, then its end", async () => {
    const lists = await read(fromIterable(range(100_000)).batches());
    expect(lists.flat()).toEqual(range(100_000));
  });
});

describe.each(ways)("%s", (_name, open) => {
  test("ends when the stage has ended normally, and stays ended", async () => {
    const stage = fromIterable([1, 2]);
    const iterator = open(stage);
    expect((await read(iterator)).flat()).toEqual([1, 2]);
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(await iterator.return()).toEqual({ value: undefined, done: true });
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  });

  test("ends all next in flight when the stage ends", async () => {
    const stage = producer<number>();
    const iterator = open(stage);
    const results = Promise.all([iterator.next(), iterator.next()]);
    await settle();
    stage.complete();
    expect(await results).toEqual([
      { value: undefined, done: true },
      { value: undefined, done: true },
    ]);
  });

  test("throws the error of the stage behind the events before it, once", async () => {
    const failure = new Error("broken");
    const stage = producer<number>();
    const iterator = open(stage);
    const first = iterator.next();
    await settle();
    stage.emit([1]);
    stage.fail(failure);
    expect([(await first).value].flat()).toEqual([1]);
    await expect(iterator.next()).rejects.toBe(failure);
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(await iterator.return()).toEqual({ value: undefined, done: true });
  });

  test.each([undefined, null, "a string", Object.freeze({ code: 1 })])("throws an error that is %j as it is", async (failure) => {
    const stage = producer<number>({
      handleDemand() {
        throw failure;
      },
    });
    const outcome = await open(stage)
      .next()
      .then(
        () => "a result",
        (error: unknown) => ({ error }),
      );
    expect(outcome).toEqual({ error: failure });
  });

  test("gives the error to the first of several next in flight, and ends the others", async () => {
    const failure = new Error("broken");
    const stage = producer<number>();
    const iterator = open(stage);
    const results = [iterator.next(), iterator.next(), iterator.next()];
    const outcomes = Promise.allSettled(results);
    await settle();
    stage.fail(failure);
    expect(await outcomes).toEqual([
      { status: "rejected", reason: failure },
      { status: "fulfilled", value: { value: undefined, done: true } },
      { status: "fulfilled", value: { value: undefined, done: true } },
    ]);
  });

  test("fails with a StoppedError when the stage is stopped, never as a normal end", async () => {
    const stage = producer<number>({ name: "source" });
    const first = open(stage).next();
    first.catch(() => undefined);
    await settle();
    await stage.stop("enough");
    await expect(first).rejects.toThrow(StoppedError);
    await expect(first).rejects.toMatchObject({ code: "SLUICE_STOPPED", cause: "enough", message: "source was stopped before its normal end" });
  });

  test("over an ended stage ends, or throws, the same way again", async () => {
    const completed = fromIterable([1]);
    await read(completed);
    expect(await read(open(completed))).toEqual([]);
    expect(await read(open(completed))).toEqual([]);

    const failure = new Error("broken");
    const failed = producer<number>({ handleDemand: () => Promise.reject(failure) });
    await expect(read(open(failed))).rejects.toBe(failure);
    await expect(read(open(failed))).rejects.toBe(failure);

    const stopped = producer<number>();
    await stopped.stop();
    await expect(read(open(stopped))).rejects.toThrow(StoppedError);
    await expect(read(open(stopped))).rejects.toThrow(StoppedError);
  });

  test("releases the stage before a break goes on", async () => {
    const { stage, stops } = counter();
    const upper = producerConsumer({ subscribeTo: [{ to: stage, maxDemand: 10 }], handleEvents: (events) => events, handleStop: () => void stops.push("upper") });
    await read(open(upper), 1);
    expect(stops).toEqual(["upper", { type: "shutdown" }]);
    expect(stage.snapshot().state).toBe("ended");
  });

  test("leaves the stage when its body throws, and throws that error", async () => {
    const failure = new Error("body");
    const { stage, stops } = counter();
    const loop = async (): Promise<void> => {
      for await (const _ of open(stage)) throw failure;
    };
    await expect(loop()).rejects.toBe(failure);
    expect(stops).toEqual([{ type: "shutdown" }]);
  });

  test("tells the stage what it was thrown, and rejects with it", async () => {
    const failure = new Error("thrown");
    const { stage, stops } = counter();
    const iterator = open(stage);
    await iterator.next();
    await expect(iterator.throw(failure)).rejects.toBe(failure);
    expect(stops).toEqual([{ type: "shutdown", reason: failure }]);
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  });

  test("that returns before its first next has come and left: the stage stops unused, and its source is never touched", async () => {
    const { stage, demands, stops } = counter();
    expect(await open(stage).return?.()).toEqual({ value: undefined, done: true });
    expect(demands).toEqual([]);
    expect(stops).toEqual([{ type: "shutdown" }]);
  });

  test("settles a stuck next at once when it returns", async () => {
    const stage = producer<number>();
    const iterator = open(stage);
    const order: string[] = [];
    const pending = [iterator.next(), iterator.next()].map(async (next, place) => {
      expect(await next).toEqual({ value: undefined, done: true });
      order.push(`next ${place}`);
    });
    await settle();
    expect(await iterator.return()).toEqual({ value: undefined, done: true });
    await Promise.all(pending);
    expect(order).toEqual(["next 0", "next 1"]);
    await stage.stop();
  });

  test("returns once, however often it is told, at once or later", async () => {
    const cancels: unknown[] = [];
    const { stage, stops } = counter({ handleCancel: (info) => void cancels.push(info) });
    const iterator = open(stage);
    await iterator.next();
    const results = await Promise.all([iterator.return(), iterator.return()]);
    expect([...results, await iterator.return()]).toEqual(range(3).map(() => ({ value: undefined, done: true })));
    expect(cancels).toEqual([{ kind: "cancel", reason: { type: "shutdown" } }]);
    expect(stops).toHaveLength(1);
  });

  test("returns with a value: the producer's stop is told of it, and it comes back", async () => {
    const { stage, stops } = counter();
    const iterator = open(stage);
    await iterator.next();
    expect(await iterator.return("enough")).toEqual({ value: "enough", done: true });
    expect(await iterator.return("more")).toEqual({ value: "more", done: true });
    expect(stops).toEqual([{ type: "shutdown", reason: "enough" }]);
  });

  test("returns by await using", async () => {
    const { stage, stops } = counter();
    {
      await using iterator = open(stage);
      await iterator.next();
      expect(stops).toEqual([]);
    }
    expect(stops).toEqual([{ type: "shutdown" }]);
  });

  test("returns when a producer that other consumers need goes on", async () => {
    const { stage, stops } = counter();
    const other = open(stage);
    await other.next();
    const iterator = open(stage);
    await iterator.next();
    await iterator.return();
    expect(stops).toEqual([]);
    await other.return?.();
    expect(stops).toHaveLength(1);
  });

  test("surfaces the error of a clean-up that a break has caused", async () => {
    const failure = new Error("cannot close");
    const { stage } = counter({ handleStop: () => Promise.reject(failure), handleReport: () => undefined });
    const iterator = open(stage);
    await iterator.next();
    await expect(iterator.return()).rejects.toBe(failure);
    expect(await iterator.return()).toEqual({ value: undefined, done: true });
  });

  test("is not held up by an owner's stage: it returns when the subscription is cancelled", async () => {
    const { stage, stops } = counter({ whenUnused: "wait" });
    await read(open(stage), 1);
    expect(stops).toEqual([]);
    await stage.stop();
  });

  test("is its own iterable", () => {
    const { stage } = counter();
    const iterator = open(stage);
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });
});

interface Step {
  readonly do: "next" | "emit" | "rest";
  readonly count: number;
}

const steps = fc.array(
  fc.record<Step>({ do: fc.constantFrom("next" as const, "emit" as const, "rest" as const), count: fc.integer({ min: 1, max: 7 }) }),
  { maxLength: 30, size: "max" },
);
const windows = fc.record({ maxDemand: fc.integer({ min: 1, max: 9 }), least: fc.nat(8) });
const ends = fc.constantFrom("complete" as const, "fail" as const, "stop" as const, "return" as const);

describe.each(ways)("%s", (_name, open) => {
  test("gives every event once and in order, and settles every next, whoever is faster and however it ends", { timeout: 30_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(steps, windows, ends, async (script, { maxDemand, least }, end) => {
        const failure = new Error("told to");
        const stage = producer<number>({ bufferSize: Infinity });
        void stage.closed;
        const reader = open(stage, { maxDemand, minDemand: Math.min(least, maxDemand - 1) });
        const results: number[] = [];
        const errors: unknown[] = [];
        let asked = 0;
        let settled = 0;
        let finished = 0;
        let emitted = 0;
        const next = async (): Promise<void> => {
          asked += 1;
          try {
            const { value, done } = await reader.next();
            if (done === true) finished += 1;
            else results.push(...[value].flat());
          } catch (error) {
            errors.push(error);
          }
          settled += 1;
        };
        // A stage that has failed already answers a new reader with its error.
        void next();
        for (const step of script) {
          if (step.do === "rest") {
            await settle();
            // Nobody waits for what is there.
            expect(settled === asked || results.length === emitted).toBe(true);
          } else if (step.do === "emit") {
            stage.emit(range(step.count, emitted));
            emitted += step.count;
          } else for (const _ of range(step.count)) void next();
        }
        await settle();
        if (end === "return") await reader.return();
        else if (end === "fail") stage.fail(failure);
        else void stage[end]();
        await settle();
        expect(settled).toBe(asked);
        // What came before a normal end or an error is read first.
        for (let rest = emitted + 2; rest > 0; rest -= 1) await next();
        expect(results).toEqual(range(results.length));
        if (end === "complete" || end === "fail") expect(results).toHaveLength(emitted);
        if (end === "fail") expect(errors).toEqual([failure]);
        if (end === "complete" || end === "return") expect(errors).toEqual([]);
        if (end === "stop") expect(errors.every((error) => error instanceof StoppedError) && errors.length <= 1).toBe(true);
        expect(finished).toBeGreaterThan(0);
        await stage.stop();
      }),
      { numRuns: 60 },
    );
  });
});

describe.each(waysWithOptions)("%s with a signal", (_name, open) => {
  test("that is aborted already never starts: the first next rejects with its reason, once", async () => {
    const { stage, demands } = counter();
    const iterator = open(stage, { signal: AbortSignal.abort("too late") });
    await expect(iterator.next()).rejects.toBe("too late");
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(demands).toEqual([]);
    await stage.stop();
  });

  test("rejects a stuck next with the abort reason itself, and leaves the stage", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const { stage, stops } = counter({ handleDemand: () => undefined });
    const iterator = open(stage, { signal: controller.signal });
    const stuck = iterator.next();
    stuck.catch(() => undefined);
    await settle();
    controller.abort(reason);
    await expect(stuck).rejects.toBe(reason);
    await settle();
    expect(stops).toEqual([{ type: "shutdown", reason }]);
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
  });

  test("leaves the stage once, when the loop is left after the abort without another next", async () => {
    const controller = new AbortController();
    const cancels: unknown[] = [];
    const { stage } = counter({ whenUnused: "wait", handleCancel: ({ reason }) => void cancels.push(reason) });
    const iterator = open(stage, { signal: controller.signal });
    await iterator.next();
    controller.abort("enough");
    await iterator.return();
    await settle();
    expect(cancels).toEqual([{ type: "shutdown", reason: "enough" }]);
    await stage.stop();
  });

  test("rejects the next next when it is aborted while the body runs, though events are at hand", async () => {
    const controller = new AbortController();
    const { stage } = counter();
    const seen: unknown[] = [];
    const loop = async (): Promise<void> => {
      for await (const each of open(stage, { signal: controller.signal, maxDemand: 4 })) {
        seen.push(each);
        controller.abort("enough");
      }
    };
    await expect(loop()).rejects.toBe("enough");
    expect(seen).toHaveLength(1);
    await settle();
    expect(stage.snapshot().state).toBe("ended");
  });

  test("leaves no listener on it, however it ends", async () => {
    const { signal } = new AbortController();
    for (const _ of range(100)) {
      await read(open(fromIterable(range(3)), { signal }));
      await read(open(fromIterable(range(3)), { signal }), 1);
      await open(fromIterable(range(3)), { signal }).return?.();
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe.each(waysWithOptions)("the options of %s", (_name, open) => {
  test.each<[ReadOptions, string]>([
    [{ maxDemand: 0 }, "expected maxDemand to be an integer of at least 1, got: 0"],
    [{ maxDemand: 2, minDemand: 2 }, "expected minDemand to be an integer from 0 to 1, got: 2"],
    [{ signal: "now" as unknown as AbortSignal }, 'expected signal to be an AbortSignal, got: "now"'],
    [{ closeWithinMs: -1 }, "expected closeWithinMs to be an integer from 0 to 2147483647, got: -1"],
    [{ maxDemnad: 1 } as ReadOptions, 'got: "maxDemnad"'],
  ])("are checked in the call: %j", (options, message) => {
    const { stage } = counter();
    expect(() => open(stage, options)).toThrow(BadOptionError);
    expect(() => open(stage, options)).toThrow(message);
    expect(stage.snapshot().output?.consumers).toEqual([]);
  });
});

describe("a break", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("waits for a clean-up that does not settle for closeWithinMs, and no longer", async () => {
    const reports: Report[] = [];
    const { stage } = counter({ handleStop: () => new Promise(() => undefined), handleReport: (report) => reports.push(report) });
    const iterator = stage.events({ closeWithinMs: 200 });
    await iterator.next();
    let isBack = false;
    const back = iterator.return().then(() => (isBack = true));
    await settle();
    vi.advanceTimersByTime(199);
    await settle();
    expect(isBack).toBe(false);
    vi.advanceTimersByTime(1);
    await back;
    expect(isBack).toBe(true);
    vi.advanceTimersByTime(10_000);
    await settle();
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT" } }]);
    expect(stage.snapshot().state).toBe("ended");
  });

  test("waits for a second, unless told otherwise", async () => {
    const { stage } = counter({ handleStop: () => new Promise(() => undefined), handleReport: () => undefined });
    let isBack = false;
    const loop = read(stage, 1).then(() => (isBack = true));
    await settle();
    vi.advanceTimersByTime(999);
    await settle();
    expect(isBack).toBe(false);
    vi.advanceTimersByTime(1);
    await loop;
    vi.runAllTimers();
  });

  test("does not wait for the callback of a stage that is stuck, longer than that", async () => {
    const gate = deferred();
    const { stage } = counter({
      handleReport: () => undefined,
      async handleDemand() {
        await gate.promise;
      },
    });
    const iterator = stage[Symbol.asyncIterator]();
    const stuck = iterator.next();
    await settle();
    const back = iterator.return();
    expect(await stuck).toEqual({ value: undefined, done: true });
    await settle();
    vi.advanceTimersByTime(1000);
    expect(await back).toEqual({ value: undefined, done: true });
    gate.resolve();
    await settle();
    expect(stage.snapshot().state).toBe("ended");
  });

  test("leaves no timer behind", async () => {
    const { stage } = counter();
    await read(stage, 2);
    await settle();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a pipeline flows under fake timers", () => {
  test.each(ways)("read by %s", async (_name, open) => {
    vi.useFakeTimers();
    try {
      expect((await read(open(fromIterable(range(2000))))).flat()).toEqual(range(2000));
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});
