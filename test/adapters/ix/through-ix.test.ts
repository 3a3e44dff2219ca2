import { getEventListeners } from "node:events";
import { from, of, zip } from "ix/asynciterable";
import { buffer, catchError, concatAll, filter, finalize, flatMap, map, repeat, retry, take, withAbort } from "ix/asynciterable/operators";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, consumer, fromIterable, partitionDispatcher, pipeline, producer, type ProducerConsumer, type Report } from "sluice";
import { throughIx, type IxIterable, type ThroughIxOptions } from "sluice/ix";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");
const same = map((n: number) => n);

/** A stage between two probes. */
function between(
  operators: (source: IxIterable<number>) => AsyncIterable<number>,
  options: ThroughIxOptions<number, number> = {},
): { up: ProducerProbe<number>; stage: ProducerConsumer<number, number>; down: ConsumerProbe<number> } {
  const up = new ProducerProbe<number>({ name: "up" });
  const stage = throughIx<number, number>(operators, { subscribeTo: [up.producer], ...options });
  return { up, stage, down: new ConsumerProbe(stage) };
}

/** For what never comes to rest. */
async function turns(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function all<Event>(stage: AsyncIterable<Event>): Promise<Event[]> {
  const events: Event[] = [];
  for await (const event of stage) events.push(event);
  return events;
}

describe("throughIx", () => {
  test("moves events through one operator, or many", async () => {
    expect(await all(throughIx(map((n: number) => 2 * n), { subscribeTo: [fromIterable(range(3))] }))).toEqual([0, 2, 4]);
    const lines: string[] = [];
    await pipeline(
      fromIterable(range(10)),
      (numbers) => throughIx((source: IxIterable<number>) => source.pipe(filter((n) => n % 3 === 0), map((n) => `${n}`)), { subscribeTo: [numbers] }),
      (texts) => consumer({ subscribeTo: [texts], handleEvents: (events) => void lines.push(...events) }),
    );
    expect(lines).toEqual(["0", "3", "6", "9"]);
  });

  test("ends normally when nothing comes, and hands over what operators make at the end", async () => {
    expect(await all(throughIx(same, { subscribeTo: [fromIterable<number>([])] }))).toEqual([]);
    expect(await all(throughIx(buffer<number>(2), { subscribeTo: [fromIterable(range(3))] }))).toEqual([[0, 1], [2]]);
  });

  test.each([1, 2, 7, 1000])("asks its producers by a window of %i, and loses nothing", async (maxDemand) => {
    expect(await all(throughIx(same, { subscribeTo: [fromIterable(range(50))], maxDemand }))).toEqual(range(50));
  });

  test("asks for one event more when the operators want one more", async () => {
    const { up, down } = between(same);
    await settle();
    expect(up.outstanding).toBe(1);
    await up.emit(0);
    expect(up.outstanding).toBe(0);
    await down.ask(1);
    expect(down.events).toEqual([0]);
    expect(up.outstanding).toBe(0);
    await down.ask(1);
    expect(up.outstanding).toBe(1);
  });

  test("has a name of its own, unless it is given one", async () => {
    const stages = [throughIx(same), throughIx(same), throughIx(same, { name: "same" })];
    const [first, second, third] = stages.map(({ name }) => name);
    const number = Number(/^ix (\d+)$/.exec(first ?? "")?.[1]);
    expect([second, third]).toEqual([`ix ${number + 1}`, "same"]);
    for (const stage of stages) await stage.stop();
  });

  test("calls the operators at the first demand, once", async () => {
    let calls = 0;
    const { up, down } = between((source) => {
      calls += 1;
      return source;
    });
    await up.emit(0);
    expect(calls).toBe(0);
    await down.ask(1);
    await down.ask(1);
    expect(calls).toBe(1);
  });

  test("gives the operators lists, and takes lists from them", async () => {
    const up = new ProducerProbe<number>({ name: "up" });
    const seen: (readonly number[])[] = [];
    const stage = throughIx<number, string>(
      map((list) => {
        seen.push(list);
        return list.map((n) => `${n}`);
      }),
      { lists: true, subscribeTo: [up.producer] },
    );
    const down = new ConsumerProbe(stage);
    const list = range(5);
    await up.wire.send(list);
    await down.ask(2);
    expect(seen).toEqual([list]);
    expect(seen[0]).toBe(list);
    expect(down.events).toEqual(["0", "1"]);
    expect(stage.bufferedCount).toBe(3);
    await down.ask(3);
    expect(seen).toHaveLength(1);
    await stage.stop();
  });

  test("fails with what is no list", async () => {
    const stage = throughIx<number, number>(map((list) => list[0] as unknown as number[]), { lists: true, subscribeTo: [fromIterable(range(3))] });
    await expect(all(stage)).rejects.toMatchObject({ code: "SLUICE_BAD_PARTNER" });
  });

  test("lets through values that look like something else", async () => {
    const odd = [undefined, null, Number.NaN, 0, "", false, { done: true }, [1, 2], Object.freeze({})];
    const out = await all(throughIx((source: IxIterable<unknown>) => source.pipe(map((value) => value)), { subscribeTo: [fromIterable(odd)] }));
    expect(out.map((value, index) => Object.is(value, odd[index]))).toEqual(odd.map(() => true));
  });
});

describe("a slice of the event loop", () => {
  /** Numbers without end, almost; each takes some work. */
  function busy(work: number, count = Infinity): { readonly numbers: AsyncIterable<number>; readonly nexts: () => number } {
    let nexts = 0;
    const next = (): Promise<IteratorResult<number>> => {
      for (let n = 0; n < work; n += 1) Math.hypot(n, nexts);
      nexts += 1;
      return Promise.resolve(nexts <= count ? { value: nexts, done: false } : { value: undefined, done: true });
    };
    return { numbers: { [Symbol.asyncIterator]: () => ({ next }) }, nexts: () => nexts };
  }

  test.each([false, true])("is not enough for much, which goes on in the next (lists: %s)", async (lists) => {
    const { numbers } = busy(20_000, 200);
    const stage = lists ? throughIx<number, number>(() => from(numbers).pipe(map((n) => [n])), { lists }) : throughIx<number, number>(() => numbers);
    const down = new ConsumerProbe(stage);
    await down.ask(300);
    expect(down.events).toEqual(range(200, 1));
    expect(down.end).toEqual({ type: "normal" });
  });

  test("is all that operators get that bring without end", async () => {
    const count = 2_000_000;
    const { numbers, nexts } = busy(0, count);
    const stage = throughIx<number, number>(() => numbers);
    const down = new ConsumerProbe(stage);
    const asked = down.ask(2 * count);
    await turns();
    await stage.stop();
    await asked;
    expect(nexts()).toBeLessThan(count);
    expect(down.events).toEqual(range(down.events.length, 1));
    expect(down.events.length).toBeGreaterThan(0);
  });
});

describe("errors", () => {
  test("of an operator fail the stage with the same object, and cancel the producers", async () => {
    const { up, down } = between(
      map((n) => {
        if (n === 1) throw boom;
        return n;
      }),
    );
    await down.ask(9);
    await up.emit(0);
    await up.emit(1);
    expect(down.events).toEqual([0]);
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(up.cancels[0]).toMatchObject({ reason: { type: "error", error: boom } });
  });

  test("of a producer are thrown into the operators, behind its events, and pass them", async () => {
    let isFinal = false;
    const { up, down } = between((source) => source.pipe(same, finalize(() => void (isFinal = true))));
    await down.ask(9);
    await up.emit(0);
    await up.fail(boom);
    expect(down.events).toEqual([0]);
    expect(down.end).toEqual({ type: "error", error: boom });
    expect(isFinal).toBe(true);
  });

  test("of a producer may be caught by the operators", async () => {
    const { up, down } = between(catchError(() => of(7)));
    await down.ask(9);
    await up.emit(0);
    await up.fail(boom);
    expect(down.events).toEqual([0, 7]);
    expect(down.end).toEqual({ type: "normal" });
  });

  test("of a producer are not lost by retry, and not retried without turns of the event loop", async () => {
    const { up, down } = between((source) => source.pipe(same, retry(3)));
    await down.ask(9);
    await up.fail(boom);
    await settle();
    expect(down.end).toEqual({ type: "error", error: boom });
  });

  test("of a producer that the operators have not read when the stage is stopped are reported", async () => {
    const reports: Report[] = [];
    const { up, stage } = between(same, { handleReport: (report) => void reports.push(report) });
    await up.fail(boom);
    await stage.stop("enough");
    await settle();
    expect(reports).toContainEqual(expect.objectContaining({ kind: "late-failure", error: boom }));
  });

  test("of a producer's event are passed over by retry: it reads on behind it", async () => {
    const out = await all(
      throughIx((source: IxIterable<number>) => source.pipe(map((n) => (n === 1 ? Promise.reject(boom) : n)), retry(2)), { subscribeTo: [fromIterable(range(4))] }),
    );
    expect(out).toEqual([0, 2, 3]);
  });

  test("of what the operators are, and give, are errors of the stage", async () => {
    const open = (operators: unknown): Promise<unknown> => all(throughIx(operators as typeof same, { subscribeTo: [fromIterable(range(1))] }));
    await expect(open(() => 5)).rejects.toThrow(TypeError);
    await expect(open(() => ({ [Symbol.asyncIterator]: () => ({}) }))).rejects.toThrow(TypeError);
    await expect(open(() => ({ [Symbol.asyncIterator]: () => ({ next: () => 5 }) }))).rejects.toThrow(TypeError);
    const thrower = (): never => {
      throw boom;
    };
    await expect(open(thrower)).rejects.toBe(boom);
    await expect(open(() => ({ [Symbol.asyncIterator]: () => ({ next: thrower }) }))).rejects.toBe(boom);
  });
});

describe("the end", () => {
  test("comes early when the operators have enough, and cancels the producers", async () => {
    const { up, stage, down } = between(take(2));
    await down.ask(3);
    await up.emit(0);
    await up.emit(1);
    await settle();
    expect(down.events).toEqual([0, 1]);
    expect(down.end).toEqual({ type: "normal" });
    expect(up.cancels[0]).toMatchObject({ reason: { type: "shutdown" } });
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("leaves the producers before the rest of a last list is taken", async () => {
    const up = new ProducerProbe<number>({ name: "up" });
    const stage = throughIx<number, number>((source) => from(source).pipe(take(1)), {
      lists: true,
      subscribeTo: [up.producer],
      dispatcher: partitionDispatcher({ partitions: 2, hash: (n) => n % 2 }),
    });
    const even = new ConsumerProbe(stage, { options: { partition: 0 } });
    const odd = new ConsumerProbe(stage, { options: { partition: 1 } });
    await up.emit(...range(4));
    await even.ask(9);
    expect(even.events).toEqual([0, 2]);
    expect(up.cancels).toHaveLength(1);
    expect(odd.ends).toEqual([]);
    expect(stage.snapshot().input).toMatchObject({ inCallback: 0, handled: 4 });
    await odd.ask(2);
    expect(odd.events).toEqual([1, 3]);
    expect([odd.end, even.end]).toEqual([{ type: "normal" }, { type: "normal" }]);
  });

  test.each([false, true])("gets operators out of a next that is stuck, when it is stopped (preventAbort: %s)", async (preventAbort) => {
    let isFinal = false;
    const reports: Report[] = [];
    const { up, stage, down } = between((source) => source.pipe(same, flatMap((n) => [n]), finalize(() => void (isFinal = true))), {
      preventAbort,
      handleReport: (report) => void reports.push(report),
    });
    await down.ask(2);
    await up.emit(0);
    await stage.stop(boom);
    expect(isFinal).toBe(true);
    expect(up.cancels[0]).toMatchObject({ reason: { type: "shutdown", reason: boom } });
    expect(reports).toEqual([]);
  });

  test.each([1, 9])("is no unhandled rejection where operators have read ahead of what is asked of them (asked: %i)", async (demand) => {
    async function* ahead(source: AsyncIterable<number>): AsyncGenerator<number> {
      const iterator = source[Symbol.asyncIterator]();
      for (let next = iterator.next(); ; ) {
        const { value, done } = await next;
        if (done === true) return;
        next = iterator.next();
        yield value;
      }
    }
    const { up, stage, down } = between(ahead);
    await down.ask(demand);
    await up.emit(0);
    await stage.stop(boom);
    await settle();
    expect(down.events).toEqual([0]);
    expect(down.end).toEqual({ type: "shutdown", reason: boom });
  });

  test("hands operators the signal of the stage", async () => {
    let given: AbortSignal | undefined;
    const { up, stage, down } = between(
      map((_, __, signal) => {
        given = signal;
        return new Promise<number>((___, reject) => signal?.addEventListener("abort", () => reject(signal.reason as Error)));
      }),
    );
    await down.ask(1);
    await up.emit(0);
    await stage.stop(boom);
    expect(given?.aborted).toBe(true);
    expect(down.end).toEqual({ type: "shutdown", reason: boom });
  });

  test("is told by the source to who reads from it, not by the signal of the stage", async () => {
    let given: AbortSignal | undefined;
    const { stage, down } = between((source) => ({
      [Symbol.asyncIterator](signal?: AbortSignal) {
        given = signal;
        return source[Symbol.asyncIterator](signal);
      },
    }));
    await down.ask(1);
    expect(given && getEventListeners(given, "abort")).toEqual([]);
    await stage.stop(boom);
    expect(down.end).toEqual({ type: "shutdown", reason: boom });
  });

  test("waits for the producers first: a return that fails meanwhile is reported behind that", async () => {
    const reports: Report[] = [];
    let release: (() => void) | undefined;
    const slow = producer<number>({ handleDemand: () => undefined, handleStop: () => new Promise<void>((resolve) => (release = resolve)) });
    const failing: AsyncIterable<number> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined), return: () => Promise.reject(boom) }) };
    const stage = throughIx<number, number>(() => failing, { name: "ix", subscribeTo: [slow], handleReport: (report) => void reports.push(report) });
    await new ConsumerProbe(stage).ask(1);
    const stopped = stage.stop();
    await settle();
    expect(reports).toEqual([]);
    release?.();
    await stopped;
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "ix", error: boom }]);
  });

  test("waits for operators that hang no longer than it may", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const reports: Report[] = [];
    const { up, stage, down } = between(map(() => new Promise<number>(() => undefined)), { closeWithinMs: 50, handleReport: (report) => void reports.push(report) });
    await down.ask(1);
    await up.emit(0);
    const stopped = stage.stop();
    await settle();
    expect(down.end).toEqual({ type: "shutdown", reason: undefined });
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT" } }]);
  });

  test.each<[string, (source: IxIterable<number>) => AsyncIterable<number>]>([
    ["repeat", repeat<number>()],
    ["repeat, behind another", (source) => from(source).pipe(same, repeat())],
  ])("lets %s, of which there is no end, turn with the event loop until the stage is stopped", async (_, operators) => {
    const { up, stage, down } = between(operators, { preventAbort: true });
    await down.ask(2);
    await up.emit(0);
    void up.complete();
    await turns();
    await stage.stop();
    expect(down.events).toEqual([0]);
    await settle();
  });

  test("lets retry, which never succeeds, turn with the event loop until the stage is stopped", async () => {
    const { up, stage, down } = between((source) => source.pipe(same, retry()), { preventAbort: true });
    await down.ask(1);
    void up.fail(boom);
    await turns();
    await stage.stop();
    expect(down.end).toMatchObject({ type: "shutdown" });
    await settle();
  });

  test("is told to each iterator of the source, which read from one place", async () => {
    const out = await all(throughIx((source: IxIterable<number>) => zip(source, source).pipe(map(([a, b]) => 10 * a + b)), { subscribeTo: [fromIterable(range(5))] }));
    expect(out).toEqual([1, 23]);
  });

  test("is seen by operators of IxJS that have a signal of their own", async () => {
    const controller = new AbortController();
    const { down } = between((source) => source.pipe(withAbort(controller.signal), same));
    await down.ask(1);
    controller.abort(boom);
    await settle();
    expect(down.end).toMatchObject({ type: "error" });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("comes by itself where operators have enough of no producers", async () => {
    const reports: Report[] = [];
    expect(await all(throughIx(() => of(1, 2), { handleReport: (report) => void reports.push(report) }))).toEqual([1, 2]);
    await settle();
    expect(reports).toEqual([]);
  });

  test("is shown to a reader as a stop", async () => {
    const stage = throughIx(same, { subscribeTo: [fromIterable(range(9))] });
    const loop = async (): Promise<void> => {
      for await (const n of stage) if (n === 2) void stage.stop(boom);
    };
    await expect(loop()).rejects.toThrow(StoppedError);
  });

  test("refuses what is no function, and wrong options", () => {
    // @ts-expect-error -- a list
    expect(() => throughIx([same])).toThrow("expected the operators of throughIx to be a function, got: an array of 1");
    expect(() => throughIx(same, { maxDemand: 0 })).toThrow(BadOptionError);
    expect(() => throughIx(same, { closeWithinMs: -1 })).toThrow(BadOptionError);
    expect(() => throughIx(same, { preventAbort: 1 as unknown as boolean })).toThrow(BadOptionError);
    expect(() => throughIx(same, { lists: 1 as unknown as false })).toThrow(BadOptionError);
    // @ts-expect-error -- unknown
    expect(() => throughIx(same, { nothing: 1 })).toThrow(BadOptionError);
  });

  test("makes as many events of one as the operators like", async () => {
    expect(await all(throughIx((source: IxIterable<number>) => source.pipe(map((n) => from(range(n))), concatAll()), { subscribeTo: [fromIterable(range(4))] }))).toEqual([0, 0, 1, 0, 1, 2]);
  });
});
