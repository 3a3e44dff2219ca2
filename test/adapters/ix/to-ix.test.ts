import { getEventListeners } from "node:events";
import { AsyncIterableX, as, from, toArray } from "ix/asynciterable";
import { filter, flatMap, map, retry, take, withAbort } from "ix/asynciterable/operators";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, fromIterable, producer, type ExitReason, type PushProducer } from "sluice";
import { toIx, type IxIterable } from "sluice/ix";
import { settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");

function counter(): { readonly stage: PushProducer<number>; readonly demands: number[]; readonly stops: ExitReason[] } {
  const demands: number[] = [];
  const stops: ExitReason[] = [];
  let next = 0;
  const stage = producer<number>({
    handleDemand(demand) {
      demands.push(demand);
      return Array.from({ length: demand }, () => next++);
    },
    handleStop: (reason) => void stops.push(reason),
  });
  return { stage, demands, stops };
}

describe("toIx", () => {
  test("gives what IxJS takes for its own: it is handed signals, and wrapped by nobody", () => {
    const numbers = toIx(fromIterable([1]));
    expect(numbers).toBeInstanceOf(AsyncIterableX);
    expect(as(numbers)).toBe(numbers);
  });

  test("is piped through operators of IxJS, and of one's own that give no AsyncIterableX", async () => {
    async function* doubled(source: AsyncIterable<number>): AsyncGenerator<number> {
      for await (const n of source) yield 2 * n;
    }
    const chain = toIx(fromIterable(range(10))).pipe(
      doubled,
      (source) => as(source).pipe(filter((n) => n % 4 === 0)),
      map((n) => `${n}`),
    );
    expect(await toArray(chain)).toEqual(["0", "4", "8", "12", "16"]);
    const own = toIx(fromIterable(range(3))).pipe(doubled, (source) => (source as unknown as AsyncIterableX<number>).pipe(map((n: number) => n + 1)));
    expect(await toArray(own)).toEqual([1, 3, 5]);
  });

  test("hands what an operator returned to the next: an AsyncIterableX, and what is not iterable, as it is", async () => {
    const numbers = toIx(fromIterable(range(3)));
    const own = from(range(3));
    const given: unknown[] = [];
    const next = (value: unknown): unknown => {
      given.push(value);
      return value;
    };
    for (const value of [own, 7, "text", null, undefined, [1], { next: 1 }]) expect(numbers.pipe(() => value, next)).toBe(value);
    expect(given).toEqual([own, 7, "text", null, undefined, [1], { next: 1 }]);
    await numbers.forEach(() => undefined);
  });

  test("dresses an iterable of one's own, whose iterators need not be iterable", async () => {
    const countdown = (): AsyncIterable<number> => {
      let left = 3;
      return { [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve(left > 0 ? { value: (left -= 1), done: false } : { value: undefined, done: true }) }) };
    };
    const seen: number[] = [];
    const numbers = toIx(fromIterable<number>([]));
    await numbers.pipe(countdown, (source) => (source as IxIterable<number>).forEach((n) => void seen.push(n)));
    expect(seen).toEqual([2, 1, 0]);
    await numbers.forEach(() => undefined);
  });

  test("is walked by forEach, which awaits each call", async () => {
    const seen: unknown[] = [];
    const { stage, demands } = counter();
    const end = toIx(stage).forEach(async (event, index) => {
      await settle();
      seen.push([event, index, demands.length]);
      if (index === 2) throw boom;
    });
    await expect(end).rejects.toBe(boom);
    expect(seen).toEqual([
      [0, 0, 1],
      [1, 1, 2],
      [2, 2, 3],
    ]);
  });

  test.each([undefined, new AbortController().signal])("demands exactly what is read, with the signal %s", async (signal) => {
    const { stage, demands, stops } = counter();
    const chain = toIx(stage).pipe(map((n: number) => n));
    const iterator = chain[Symbol.asyncIterator](signal);
    await settle();
    expect(demands).toEqual([]);
    await iterator.next();
    await iterator.next();
    await settle();
    expect(demands).toEqual([1, 1]);
    await iterator.return?.();
    expect(stops).toEqual([{ type: "shutdown", reason: undefined }]);
  });

  test("demands at once what is read at once", async () => {
    const { stage, demands } = counter();
    const iterator = toIx(stage)[Symbol.asyncIterator]();
    const results = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
    expect(results.map(({ value }) => value)).toEqual([0, 1, 2]);
    expect(demands).toEqual([3]);
    await iterator.return?.();
  });

  test("waits no longer than closeWithinMs for what the departure stops", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const stuck = producer<number>({ handleDemand: () => [1], handleStop: () => new Promise(() => undefined) });
    const iterator = toIx(stuck, { closeWithinMs: 50 })[Symbol.asyncIterator]();
    await iterator.next();
    let hasLeft = false;
    const left = iterator.return?.().then(() => (hasLeft = true));
    await settle();
    await vi.advanceTimersByTimeAsync(49);
    expect(hasLeft).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await left;
    expect(hasLeft).toBe(true);
  });

  test("reads ahead by a window, and moves lists as lists", async () => {
    const ahead = counter();
    for await (const n of toIx(ahead.stage, { maxDemand: 10 })) if (n === 0) break;
    expect(ahead.demands[0]).toBe(10);
    const batches = counter();
    for await (const list of toIx(batches.stage, { lists: true, maxDemand: 10, minDemand: 2 }).pipe(map((each) => each.length))) {
      expect(list).toBe(8);
      break;
    }
    expect(batches.demands[0]).toBe(10);
  });

  test("throws the error itself, behind what came before, and what stopped the producer as a cause", async () => {
    const seen: number[] = [];
    const failing = fromIterable(
      (function* numbers(): Generator<number> {
        yield 0;
        throw boom;
      })(),
    );
    await expect(toIx(failing).forEach((n) => void seen.push(n))).rejects.toBe(boom);
    expect(seen).toEqual([0]);
    const { stage } = counter();
    const stopped = toIx(stage).forEach(() => stage.stop(boom));
    await expect(stopped).rejects.toThrow(StoppedError);
  });

  test("leaves its producer when an operator has enough", async () => {
    const { stage, demands, stops } = counter();
    expect(await toArray(toIx(stage).pipe(take(2)))).toEqual([0, 1]);
    expect([demands, stops.length]).toEqual([[1, 1], 1]);
  });

  test("settles a next that is stuck, below operators, when the signal aborts", async () => {
    const controller = new AbortController();
    const stuck = producer<number>({ handleDemand: () => undefined });
    const chain = toIx(stuck).pipe(
      map((n: number) => n),
      flatMap((n) => [n]),
      withAbort(controller.signal),
    );
    const end = toArray(chain);
    await settle();
    controller.abort(boom);
    await expect(end).rejects.toBe(boom);
    expect(await stuck.closed).toEqual({ type: "shutdown", reason: boom });
  });

  test("returns at once though a next is stuck: it is no generator", async () => {
    const iterator = toIx(producer<number>({ handleDemand: () => undefined }))[Symbol.asyncIterator]();
    const stuck = [iterator.next(), iterator.next()];
    await iterator.return?.();
    expect(await Promise.all(stuck)).toEqual(range(2).map(() => ({ value: undefined, done: true })));
  });

  test("leaves no listener on a signal", async () => {
    const { signal } = new AbortController();
    for (const _ of range(100)) {
      await toArray(toIx(fromIterable(range(3))), signal);
      await toArray(toIx(fromIterable(range(3))).pipe(take(1), withAbort(signal)));
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("is one more consumer at each iteration: retry reads on where it failed", async () => {
    let isFirst = true;
    let next = 0;
    await using waiting = producer<number>({ whenUnused: "wait", handleDemand: (demand) => Array.from({ length: demand }, () => next++) });
    const chain = toIx(waiting).pipe(
      map((n: number) => {
        if (n === 1 && isFirst) {
          isFirst = false;
          throw boom;
        }
        return n;
      }),
      retry(2),
      take(3),
    );
    expect(await toArray(chain)).toEqual([0, 2, 3]);
  });

  test("refuses what is no producer or no operator, and wrong options", () => {
    // @ts-expect-error -- no producer
    expect(() => toIx([1])).toThrow("expected the producer of toIx to be a producer or a producerConsumer, got: an array of 1");
    const numbers = fromIterable([1]);
    expect(() => toIx(numbers, { maxDemand: 0 })).toThrow(BadOptionError);
    expect(() => toIx(numbers, { maxDemand: 2, minDemand: 2 })).toThrow(BadOptionError);
    expect(() => toIx(numbers, { minDemand: 0 })).toThrow("expected minDemand to be given with maxDemand only, got: 0");
    // @ts-expect-error -- the signal is that of the iterator
    expect(() => toIx(numbers, { signal: new AbortController().signal })).toThrow(BadOptionError);
    // @ts-expect-error -- a Writable: see intoWritable
    expect(() => toIx(numbers).pipe({})).toThrow("expected an operator to be a function, got: an object");
  });
});
