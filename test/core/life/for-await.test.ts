import { fromIterable, producer, type Producer, type Report } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { deferred } from "../support/deferred.ts";
import { never, watch } from "./outcome.ts";
import { downNormally, same } from "./same.ts";

/** The three ways to read a stage. */
const WAYS: readonly (readonly [name: string, read: (stage: Producer<number>) => AsyncIterableIterator<unknown, undefined>])[] = [
  ["a loop", (stage) => stage[Symbol.asyncIterator]()],
  ["events", (stage) => stage.events({ maxDemand: 2 })],
  ["batches", (stage) => stage.batches({ maxDemand: 2 })],
];
const DONE = { done: true, value: undefined };

const counter = (options: { readonly handleStop?: () => unknown } = {}): Producer<number> => {
  let next = 0;
  return producer<number>({ handleDemand: (demand) => Array.from({ length: demand }, () => next++), ...options });
};

describe.each(WAYS)("%s subscribes", (_, read) => {
  test("at the first next(), not before", async () => {
    const numbers = counter();
    const reader = read(numbers);
    await settle();
    expect(numbers.snapshot().output?.consumers).toHaveLength(0);
    await reader.next();
    expect(numbers.snapshot().output?.consumers).toHaveLength(1);
    await reader.return?.();
  });
});

describe("a loop that is left cancels, then waits for what it stopped:", () => {
  const error = new Error("body");
  const ways: readonly (readonly [name: string, leave: (numbers: Producer<number>) => Promise<unknown>, outcome: object])[] = [
    [
      "by break",
      async (numbers) => {
        for await (const _ of numbers) break;
        return "after";
      },
      { value: "after" },
    ],
    [
      "by return",
      async (numbers) => {
        for await (const n of numbers) return `returned ${n}`;
        return "after";
      },
      { value: "returned 0" },
    ],
    [
      "by throw",
      async (numbers) => {
        for await (const _ of numbers) throw error;
        return "after";
      },
      { error },
    ],
  ];

  test.each(ways)("%s", async (_, leave, outcome) => {
    const stopping = deferred();
    const log: string[] = [];
    const numbers = counter({
      handleStop() {
        log.push("stopping");
        return stopping.promise.then(() => log.push("stopped"));
      },
    });
    const loop = watch(leave(numbers).finally(() => log.push("left")));
    await settle();
    expect(numbers.snapshot().output?.consumers).toHaveLength(0);
    expect(log).toEqual(["stopping"]);
    stopping.resolve();
    await settle();
    expect(loop).toEqual(outcome);
    expect(log).toEqual(["stopping", "stopped", "left"]);
  });

  test("by an abort, and throws the reason", async () => {
    const controller = new AbortController();
    const got: number[] = [];
    const numbers = counter();
    const loop = (async () => {
      for await (const n of numbers.events({ maxDemand: 3, signal: controller.signal })) {
        got.push(n);
        controller.abort(error);
      }
    })();
    await expect(loop).rejects.toBe(error);
    await settle();
    expect(got).toEqual([0]);
    expect(numbers.snapshot().state).toBe("ended");
  });

  test("by throw(), which rejects with the error", async () => {
    const cancels: unknown[] = [];
    const numbers = producer<number>({ handleCancel: (info) => void cancels.push(info) });
    const reader = numbers[Symbol.asyncIterator]();
    const pending = watch(reader.next());
    await settle();
    await expect(reader.throw?.(error)).rejects.toBe(error);
    expect(pending.value).toEqual(DONE);
    expect(cancels).toEqual([{ kind: "cancel", reason: { type: "error", error: same(error) } }]);
    await numbers.stop();
  });

  test("and does not wait for a stage that goes on", async () => {
    const numbers = producer<number>();
    numbers.emit([1]);
    const loop = watch(
      (async () => {
        for await (const _ of numbers) break;
        return "left";
      })(),
    );
    await settle();
    expect(loop.value).toBe("left");
    expect(numbers.snapshot().state).toBe("running");
    await numbers.stop();
  });

  test("and throws the failure of a clean-up that it has caused", async () => {
    const cleanup = new Error("disk full");
    const numbers = counter({ handleStop: () => Promise.reject(cleanup) });
    const reader = numbers[Symbol.asyncIterator]();
    await reader.next();
    await expect(reader.return?.()).rejects.toBe(cleanup);
  });
});

describe("closeWithinMs", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each(WAYS)("is 1,000: so long %s waits for what it stopped", async (_, read) => {
    const numbers = counter({ handleStop: never });
    const reader = read(numbers);
    await reader.next();
    const left = watch(Promise.resolve(reader.return?.()));
    await vi.advanceTimersByTimeAsync(999);
    await settle();
    expect(left).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(left.value).toEqual(DONE);
  });

  test("can be given", async () => {
    const numbers = counter({ handleStop: never });
    const reader = numbers.events({ closeWithinMs: 10 });
    await reader.next();
    const left = watch(Promise.resolve(reader.return?.()));
    await settle();
    expect(left).toEqual({});
    await vi.advanceTimersByTimeAsync(10);
    expect(left.value).toEqual(DONE);
  });

  test("leaves no timer when what it stopped has ended in time", async () => {
    const numbers = counter();
    for await (const _ of numbers) break;
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a source whose own next() is stuck", () => {
  test("is told and not waited for; a later failure of it is reported", async () => {
    const reports: Report[] = [];
    const late = new Error("connection lost");
    const stuck = deferred<IteratorResult<number>>();
    let returns = 0;
    const source: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => stuck.promise,
        return() {
          returns += 1;
          return stuck.promise;
        },
      }),
    };
    const numbers = fromIterable(source, { handleReport: (report) => void reports.push(report) });
    const reader = numbers[Symbol.asyncIterator]();
    const pending = watch(reader.next());
    await settle();
    const left = watch(Promise.resolve(reader.return?.()));
    await settle();
    expect(pending.value).toEqual(DONE);
    expect(left.value).toEqual(DONE);
    expect(returns).toBe(1);
    expect(reports).toEqual([]);
    stuck.reject(late);
    await settle();
    expect(reports).toContainEqual(expect.objectContaining({ error: same(late) }));
    for (const report of reports) expect(["late-failure", "cleanup-failed"]).toContain(report.kind);
  });

  test("rejects the first next() in flight when the stage fails; the others are done", async () => {
    const error = new Error("connection lost");
    const stuck = deferred<IteratorResult<number>>();
    const numbers = fromIterable({ [Symbol.asyncIterator]: () => ({ next: () => stuck.promise }) });
    const reader = numbers[Symbol.asyncIterator]();
    const nexts = [1, 2, 3].map(() => watch(reader.next()));
    await settle();
    stuck.reject(error);
    await settle();
    expect(nexts).toEqual([{ error: same(error) }, { value: DONE }, { value: DONE }]);
  });

  test("settles all next() in flight, in order, when the loop is left", async () => {
    const numbers = fromIterable({ [Symbol.asyncIterator]: () => ({ next: never }) });
    const reader = numbers[Symbol.asyncIterator]();
    const order: number[] = [];
    const nexts = [1, 2, 3].map(async (n) => {
      const result = await reader.next();
      order.push(n);
      return result;
    });
    await settle();
    await reader.return?.();
    expect(await Promise.all(nexts)).toEqual([DONE, DONE, DONE]);
    expect(order).toEqual([1, 2, 3]);
  });

  test("an abort rejects the next() in flight with its reason", async () => {
    const controller = new AbortController();
    const reason = new Error("time is up");
    const numbers = fromIterable({ [Symbol.asyncIterator]: () => ({ next: never }) });
    const reader = numbers.events({ signal: controller.signal });
    const pending = watch(reader.next());
    await settle();
    controller.abort(reason);
    await settle();
    expect(pending.error).toBe(reason);
    expect(await reader.next()).toEqual(DONE);
    expect(await numbers.closed).toMatchObject({ type: "shutdown" });
  });
});

describe.each(WAYS)("return() before the first next() of %s", (_, read) => {
  test("counts as a consumer that came and left: the stage is unused, and stops", async () => {
    const numbers = counter();
    expect(await read(numbers).return?.()).toEqual(DONE);
    expect(numbers.snapshot().state).toBe("ended");
    expect(await numbers.closed).toMatchObject({ type: "shutdown" });
  });

  test("touches no source, and next() is done afterwards", async () => {
    let opened = 0;
    const numbers = fromIterable(() => {
      opened += 1;
      return [1];
    });
    const reader = read(numbers);
    await reader.return?.();
    expect(await reader.next()).toEqual(DONE);
    expect(opened).toBe(0);
  });
});

test.each(["events", "batches"] as const)("a reader by %s whose signal has aborted already touches no source, and rejects with the reason", async (way) => {
  const error = new Error("time is up");
  let opened = 0;
  const numbers = fromIterable(() => {
    opened += 1;
    return [1];
  });
  const reader: AsyncIterator<unknown> = numbers[way]({ signal: AbortSignal.abort(error) });
  await expect(reader.next()).rejects.toBe(error);
  expect(await reader.next()).toEqual(DONE);
  expect(await reader.return?.()).toEqual(DONE);
  await settle();
  expect(opened).toBe(0);
  expect(numbers.snapshot().output?.consumers).toEqual([]);
});

describe("a second loop over a live stage", () => {
  test("is a second subscription: both get events, no event twice", async () => {
    const numbers = counter();
    const one = numbers[Symbol.asyncIterator]();
    const other = numbers[Symbol.asyncIterator]();
    const got = [await one.next(), await other.next(), await one.next(), await other.next()].map((result) => result.value);
    expect(got).toEqual([0, 1, 2, 3]);
    expect(numbers.snapshot().output?.consumers).toHaveLength(2);
    await one.return?.();
    expect(numbers.snapshot().state).toBe("running");
    await other.return?.();
    expect(numbers.snapshot().state).toBe("ended");
  });
});

describe("a second loop over an ended stage", () => {
  const read = async (numbers: Producer<number>): Promise<readonly number[]> => {
    const got: number[] = [];
    for await (const n of numbers) got.push(n);
    return got;
  };

  test("ends, when the first has ended", async () => {
    const numbers = fromIterable([1, 2]);
    expect(await read(numbers)).toEqual([1, 2]);
    expect(await read(numbers)).toEqual([]);
    expect(await read(numbers)).toEqual([]);
  });

  test("throws the same error, when the first has thrown", async () => {
    const error = new Error("source gone");
    const numbers = producer<number>({
      handleDemand() {
        throw error;
      },
    });
    await expect(read(numbers)).rejects.toBe(error);
    await expect(read(numbers)).rejects.toBe(error);
    await expect(numbers.batches().next()).rejects.toBe(error);
    await expect(numbers.events().next()).rejects.toBe(error);
  });

  test("throws a StoppedError with the same cause, when the stage was stopped", async () => {
    const numbers = producer<number>();
    await numbers.stop("enough");
    await expect(read(numbers)).rejects.toMatchObject({ code: "SLUICE_STOPPED", cause: "enough" });
    await expect(read(numbers)).rejects.toMatchObject({ code: "SLUICE_STOPPED", cause: "enough" });
  });

  test("by one reader, next() gives the error once and is done from then on", async () => {
    const numbers = producer<number>();
    await numbers.stop();
    const reader = numbers[Symbol.asyncIterator]();
    await expect(reader.next()).rejects.toMatchObject({ code: "SLUICE_STOPPED" });
    expect(await reader.next()).toEqual(DONE);
    expect(await reader.return?.()).toEqual(DONE);
  });
});

describe("what was read ahead", () => {
  const ahead: typeof WAYS = [
    ["events", (stage) => stage.events({ maxDemand: 8, minDemand: 0 })],
    ["batches", (stage) => stage.batches({ maxDemand: 8, minDemand: 5 })],
  ];

  test.each(ahead)("is given out no more after the return() of %s", async (_, read) => {
    const numbers = counter();
    const reader = read(numbers);
    expect((await reader.next()).done).toBe(false);
    await reader.return?.();
    expect(await reader.next()).toEqual(DONE);
    expect(await reader.next()).toEqual(DONE);
  });

  test.each(["events", "batches"] as const)("is given out no more after an abort of %s: the next next() rejects with its reason", async (way) => {
    const error = new Error("time is up");
    const controller = new AbortController();
    const numbers = counter();
    const reader: AsyncIterator<unknown> = numbers[way]({ maxDemand: 8, minDemand: 5, signal: controller.signal });
    expect((await reader.next()).done).toBe(false);
    controller.abort(error);
    await expect(reader.next()).rejects.toBe(error);
    expect(await reader.next()).toEqual(DONE);
  });

  test.each(["events", "batches"] as const)("is given out no more by %s, in however many lists it came", async (way) => {
    const numbers = producer<number>();
    const reader = numbers[way]({ maxDemand: 8 });
    const first = reader.next();
    for (const n of [1, 2, 3]) numbers.emit([n]);
    await first;
    await settle();
    await reader.return?.();
    expect(await reader.next()).toEqual(DONE);
    await numbers.stop();
  });

  test.each(["events", "batches"] as const)("and comes after an abort of %s is given out no more", async (way) => {
    const error = new Error("time is up");
    const controller = new AbortController();
    const numbers = producer<number>();
    const reader: AsyncIterator<unknown> = numbers[way]({ maxDemand: 8, signal: controller.signal });
    const first = reader.next();
    numbers.emit([1]);
    expect((await first).done).toBe(false);
    numbers.emit([2, 3]);
    controller.abort(error);
    await settle();
    await expect(reader.next()).rejects.toBe(error);
    expect(await reader.next()).toEqual(DONE);
    await numbers.stop();
  });

  test.each(["events", "batches"] as const)("and waits in %s when the stage ends normally is read to its end", async (way) => {
    const numbers = producer<number>();
    const reader: AsyncIterator<unknown> = numbers[way]({ maxDemand: 8, minDemand: 6 });
    const first = reader.next();
    await settle();
    numbers.emit([1, 2, 3]);
    numbers.complete();
    await settle();
    const got = [(await first).value];
    for (let result = await reader.next(); result.done !== true; result = await reader.next()) got.push(result.value);
    expect(got.flat()).toEqual([1, 2, 3]);
    expect(await reader.next()).toEqual(DONE);
  });
});

describe("return()", () => {
  test.each(WAYS)("of %s called twice, at once and later, cancels once", async (_, read) => {
    const cancels: string[] = [];
    const numbers = producer<number>({ handleCancel: (info) => void cancels.push(info.kind) });
    numbers.emit([1]);
    const reader = read(numbers);
    await reader.next();
    expect(await Promise.all([reader.return?.(), reader.return?.()])).toEqual([DONE, DONE]);
    expect(await reader.return?.()).toEqual(DONE);
    await settle();
    expect(cancels).toEqual(["cancel"]);
    await numbers.stop();
  });
});

test("the stage beside a loop that has ended sends nothing more to it", async () => {
  const numbers = producer<number>();
  const probe = new ConsumerProbe(numbers);
  numbers.emit([1]);
  for await (const _ of numbers) break;
  numbers.emit([2]);
  numbers.complete();
  await probe.ask(2);
  expect(probe.batches).toEqual([[2]]);
  expect(probe.ends).toEqual([downNormally]);
});
