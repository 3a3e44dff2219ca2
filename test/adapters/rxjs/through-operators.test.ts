import { getEventListeners } from "node:events";
import type { Observable } from "rxjs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, consumer, fromIterable, pipeline, producer, type ProducerConsumer } from "sluice";
import { sync, throughOperators, toObservable, tracked, each, type ObservableOf, type Operators, type ThroughOperatorsOptions } from "sluice/rxjs";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { Uncaught } from "../../core/support/uncaught.ts";
import { VERSIONS } from "./support/versions.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");

interface Scene<Out> {
  readonly up: ProducerProbe<number>;
  readonly stage: ProducerConsumer<number, Out>;
  readonly down: ConsumerProbe<Out>;
}

function between<Out>(operators: Operators<number, Out>, options: ThroughOperatorsOptions<number, Out> = {}): Scene<Out> {
  const up = new ProducerProbe<number>({ name: "up" });
  const stage = throughOperators(operators, { subscribeTo: [up.producer], ...options });
  return { up, stage, down: new ConsumerProbe(stage) };
}

describe.each(VERSIONS)("%s: synchronous operators", (_, rx) => {
  const { EMPTY, NEVER, bufferCount, catchError, concatMap, concatWith, defer, delay, filter, finalize, map, mergeMap, mergeWith, of, reduce, repeat, retry, share, startWith, take, tap, throwError, timer, toArray } = rx;

  describe("demand", () => {
    test("gets what the operators make, and feeds no more than that takes", async () => {
      const fed: number[] = [];
      const { up, stage, down } = between(
        sync(
          tap((n: number) => void fed.push(n)),
          filter((n) => n % 3 === 0),
          map((n) => `${n}`),
        ),
        { maxDemand: 10 },
      );
      await settle();
      expect(up.asks).toEqual([10]);
      await up.emit(...range(10));
      expect(fed).toEqual([]);
      await down.ask(2);
      expect([down.events, fed]).toEqual([["0", "3"], range(4)]);
      await down.ask(1);
      expect([down.events, fed]).toEqual([["0", "3", "6"], range(7)]);
      expect(stage.bufferedCount).toBe(0);
    });

    test("comes first: nothing is subscribed before", async () => {
      let subscriptions = 0;
      const { up, down } = between(
        sync((source) =>
          defer(() => {
            subscriptions += 1;
            return source as Observable<number>;
          }),
        ),
      );
      await up.emit(1);
      expect(subscriptions).toBe(0);
      await down.ask(1);
      expect([subscriptions, down.events]).toEqual([1, [1]]);
    });

    test("is met before another event is fed, when one makes many", async () => {
      const fed: number[] = [];
      const { up, stage, down } = between(
        sync(
          tap((n: number) => void fed.push(n)),
          mergeMap((n) => [n, n, n]),
        ),
      );
      await up.emit(1, 2);
      await down.ask(1);
      expect([down.events, fed, stage.bufferedCount]).toEqual([[1], [1], 2]);
      await down.ask(2);
      expect([down.events, fed]).toEqual([[1, 1, 1], [1]]);
      await down.ask(1);
      expect([down.events, fed]).toEqual([[1, 1, 1, 2], [1, 2]]);
    });

    test("arrives with lists: what is made of a list leaves as one, or as few where it takes long", async () => {
      const { up, down } = between(sync(map((n: number) => n + 1)));
      await down.ask(100);
      await up.emit(...range(50));
      expect(down.events).toEqual(range(50, 1));
      expect(down.batches.length).toBeLessThan(7);
    });

    test("of a loop is one by one", async () => {
      const fed: number[] = [];
      const stage = throughOperators(sync(tap((n: number) => void fed.push(n))), { subscribeTo: [fromIterable(range(10))] });
      const seen: (readonly [number, number])[] = [];
      for await (const n of stage) seen.push([n, fed.length]);
      expect(seen).toEqual(range(10).map((n) => [n, n + 1]));
    });

    test("asks the producers by a window, of which a list leaves when it was fed", async () => {
      const { up, stage, down } = between(sync(map((n: number) => n)), { maxDemand: 4, minDemand: 2 });
      await settle();
      await up.emit(1, 2);
      expect(stage.snapshot().input).toMatchObject({ received: 2, inCallback: 2, handled: 0 });
      await down.ask(1);
      expect([up.asks, stage.snapshot().input?.handled]).toEqual([[4], 0]);
      await down.ask(1);
      expect([up.asks, stage.snapshot().input?.handled]).toEqual([[4, 2], 2]);
    });
  });

  test("lets the event loop turn while slow operators have a long list", async () => {
    let calls = 0;
    let hasTurned = false;
    const slow = (): void => {
      if (calls === 0) setImmediate(() => (hasTurned = true));
      if (!hasTurned) calls += 1;
      const end = performance.now() + 1;
      while (performance.now() < end);
    };
    const source = producer<number>({
      handleDemand(_demand, self) {
        self.complete();
        return range(100);
      },
    });
    const stage = throughOperators(sync(tap<number>(slow)), { subscribeTo: [{ to: source, maxDemand: 100, minDemand: 0 }] });
    await consumer({ subscribeTo: [{ to: stage, maxDemand: 1000 }], handleEvents: () => undefined }).closed;
    expect(calls).toBeLessThan(20);
  });

  describe("the end of the input", () => {
    test("completes the operators, and what they emit then comes on demand", async () => {
      const { up, stage, down } = between(sync(bufferCount<number>(3), concatWith([[7], [8]])));
      await down.ask(1);
      await up.emit(...range(5));
      expect(down.events).toEqual([range(3)]);
      await up.complete();
      // The demand is met: nothing more of it is fed.
      expect(down.events).toEqual([range(3)]);
      await down.ask(1);
      expect([down.events, stage.snapshot().state]).toEqual([[range(3), [3, 4]], "draining"]);
      await down.ask(5);
      expect(down.events.slice(2)).toEqual([[7], [8]]);
      expect(down.end).toEqual({ type: "normal" });
    });

    test("counts, too, when nothing was demanded", async () => {
      const { up, down } = between(sync(reduce((sum: number, n: number) => sum + n, 0), startWith(-1)));
      await up.complete();
      await down.ask(5);
      expect([down.events, down.end]).toEqual([[-1, 0], { type: "normal" }]);
    });

    test("of a large one gives one total", async () => {
      const stage = throughOperators(sync(reduce((sum: number, n: number) => sum + n, 0)), { subscribeTo: [fromIterable(range(100_000))] });
      const totals: number[] = [];
      for await (const total of stage) totals.push(total);
      expect(totals).toEqual([4_999_950_000]);
    });

    test("by a stop is a shutdown of the stage, and leaves the operators", async () => {
      let ends = 0;
      const { up, down } = between(sync(finalize<number>(() => (ends += 1))));
      await down.ask(1);
      await up.wire.end("down", { type: "shutdown", reason: boom });
      expect([down.end, ends]).toEqual([{ type: "shutdown", reason: boom }, 1]);
    });

    test("by an error is one of the source of the operators, behind what they emitted", async () => {
      const { up, stage, down } = between(sync(bufferCount<number>(2)));
      const { closed } = stage;
      await up.emit(1, 2, 3);
      await down.ask(1);
      await up.fail(boom);
      await down.ask(1);
      expect([down.events, down.end]).toEqual([[[1, 2]], { type: "error", error: boom }]);
      expect(await closed).toEqual({ type: "error", error: boom });
    });

    test("by an error can be caught among them", async () => {
      const { up, down } = between(sync(catchError<number, Observable<unknown>>((error: unknown) => of(error, error))));
      await down.ask(5);
      await up.emit(1);
      await up.fail(boom);
      expect([down.events, down.end]).toEqual([[1, boom, boom], { type: "normal" }]);
    });
  });

  describe("operators that complete early", () => {
    test("have the producers left at once, and the stage ends when what they made was delivered", async () => {
      let ends = 0;
      const { up, stage, down } = between(
        sync(
          finalize<number>(() => (ends += 1)),
          mergeMap((n) => [n, n]),
          take(3),
        ),
      );
      await down.ask(1);
      await up.emit(...range(5));
      await down.ask(1);
      expect([down.events, up.cancels]).toEqual([[0, 0], []]);
      await down.ask(1);
      expect([down.events, ends]).toEqual([[0, 0, 1], 1]);
      expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown" } }]);
      expect([down.end, await stage.closed]).toEqual([{ type: "normal" }, { type: "normal" }]);
    });

    test("with outputs that wait end when those were demanded", async () => {
      const { up, down } = between(
        sync(
          mergeMap((n: number) => [n, n, n]),
          take(3),
        ),
      );
      await down.ask(1);
      await up.emit(1, 2);
      expect(up.cancels).toHaveLength(1);
      expect([down.events, down.ends]).toEqual([[1], []]);
      await down.ask(2);
      expect([down.events, down.end]).toEqual([[1, 1, 1], { type: "normal" }]);
    });

    test("as they are subscribed end the stage", async () => {
      const { up, down } = between(sync((): typeof EMPTY => EMPTY));
      await down.ask(1);
      expect([down.end, up.cancels]).toMatchObject([{ type: "normal" }, [{ kind: "down" }]]);
    });

    test("release the source before a loop goes on", async () => {
      let isReleased = false;
      const numbers = fromIterable({
        *[Symbol.iterator]() {
          try {
            yield* range(100);
          } finally {
            isReleased = true;
          }
        },
      });
      const events: number[] = [];
      for await (const n of throughOperators(sync(take<number>(3)), { subscribeTo: [numbers] })) events.push(n);
      expect([events, isReleased]).toEqual([[0, 1, 2], true]);
    });
  });

  describe("an error of an operator", () => {
    const failing = (at: number) =>
      map((n: number) => {
        if (n === at) throw boom;
        return n;
      });

    test("fails the stage with the same object, behind what was emitted, and cancels the producers with it", async () => {
      const { up, stage, down } = between(sync(failing(2)));
      const { closed } = stage;
      await up.emit(...range(5));
      await down.ask(10);
      expect([down.events, down.end]).toEqual([[0, 1], { type: "error", error: boom }]);
      expect(up.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: boom } }]);
      expect(await closed).toEqual({ type: "error", error: boom });
    });

    test("waits for the demand of what came before", async () => {
      const { up, stage, down } = between(
        sync(
          mergeMap((n: number) => [n, n]),
          failing(2),
        ),
      );
      void stage.closed;
      await up.emit(1, 2);
      await down.ask(1);
      await down.ask(2);
      expect([down.events, down.end]).toEqual([[1, 1], { type: "error", error: boom }]);
    });

    test("may be any value, and is told once", async () => {
      const reports: unknown[] = [];
      const { up, down } = between(sync(mergeMap(() => throwError(() => undefined))), { handleReport: (report) => reports.push(report) });
      await down.ask(1);
      await up.emit(1, 2);
      expect(down.end).toEqual({ type: "error", error: undefined });
      expect(reports.filter((report) => (report as { kind: string }).kind !== "lost")).toEqual([]);
    });

    test("as they are subscribed is one as well", async () => {
      const { up, stage, down } = between(sync(() => throwError(() => boom)));
      void stage.closed;
      await down.ask(1);
      expect([down.end, up.cancels]).toMatchObject([{ type: "error", error: boom }, [{ reason: { type: "error", error: boom } }]]);
    });

    test("is followed by a retry with the next event", async () => {
      const { up, down } = between(sync(failing(2), retry(1)));
      await down.ask(10);
      await up.emit(...range(5));
      expect(down.events).toEqual([0, 1, 3, 4]);
      await up.complete();
      expect(down.end).toEqual({ type: "normal" });
    });

    test("is followed by a retry after its delay, and nothing is fed meanwhile", async () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
      const fed: number[] = [];
      const { up, stage, down } = between(
        sync(
          tap((n: number) => void fed.push(n)),
          failing(1),
          retry({ delay: 100 }),
        ),
      );
      await down.ask(10);
      await up.emit(...range(4));
      expect([down.events, fed]).toEqual([[0], [0, 1]]);
      expect(stage.snapshot().input).toMatchObject({ inCallback: 4 });
      await vi.advanceTimersByTimeAsync(100);
      await settle();
      expect(down.events).toEqual([0, 2, 3]);
      await up.complete();
      expect(down.end).toEqual({ type: "normal" });
    });

    test("is followed by a retry that hears of the end when its delay is over", async () => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
      const { up, down } = between(sync(failing(1), retry({ delay: 100 }), concatWith([9])));
      await down.ask(10);
      await up.emit(0, 1);
      await up.complete();
      expect([down.events, down.ends]).toEqual([[0], []]);
      await vi.advanceTimersByTimeAsync(100);
      await settle();
      expect([down.events, down.end]).toEqual([[0, 9], { type: "normal" }]);
    });
  });

  test("repeat goes on with the next event", async () => {
    const { up, down } = between(sync(take<number>(2), toArray(), repeat(2)));
    await down.ask(10);
    await up.emit(...range(6));
    expect([down.events, down.end]).toEqual([[[0, 1], [2, 3]], { type: "normal" }]);
  });

  test.each<[string, () => Operators<number, number>, (up: ProducerProbe<number>) => Promise<void>]>([
    ["retry", () => sync(retry<number>()), (up) => up.fail(boom)],
    ["repeat", () => sync(repeat<number>()), (up) => up.complete()],
  ])("%s without a count on an input that has ended is an error, not a loop without end", async (how, operators, end) => {
    const { up, stage, down } = between(operators());
    void stage.closed;
    await down.ask(1);
    await end(up);
    const message = `expected the operators to leave an input that has ended, got: 1000 subscriptions after its end. Give \`${how}\` a count`;
    expect(down.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER", message } });
    expect((down.end as { readonly error: Error }).error.cause).toBe(how === "retry" ? boom : undefined);
  });

  test("several subscriptions of the source each get every event", async () => {
    const twice = (source: Observable<number>): Observable<number> => source.pipe(map((n) => n * 10), mergeWith(source));
    const { up, down } = between(sync(twice));
    await down.ask(10);
    await up.emit(1, 2);
    await up.complete();
    expect([down.events.toSorted((a, b) => a - b), down.end]).toEqual([[1, 2, 10, 20], { type: "normal" }]);
  });

  describe("an operator that is asynchronous", () => {
    test.each<[string, () => Operators<number, number>, readonly number[]]>([
      ["a flattening one that is not tracked", () => sync(concatMap((n: number) => Promise.resolve(n))), []],
      ["one of time", () => sync(delay<number>(1)), []],
      ["another source", () => sync(mergeWith(timer(1))), [1]],
    ])("fails the stage and says what to use instead: %s", async (_name, operators, before) => {
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
      const { up, stage, down } = between(operators());
      void stage.closed;
      await down.ask(5);
      await up.emit(1);
      await vi.advanceTimersByTimeAsync(5);
      await settle();
      expect(down.events).toEqual(before);
      expect(down.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
      const { message } = (down.end as { error: Error }).error;
      expect(message).toMatch(/^expected the operators to emit only while an event is fed or a tracked inner observable emits, got: an asynchronous operator between them\. /);
      for (const way of ["`tracked`", "`each`", "push side"]) expect(message).toContain(way);
      expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "error" } }]);
    });

    test("is left when it has emitted", async () => {
      let ends = 0;
      const { up, stage, down } = between(
        sync(
          mergeMap((n: number) => Promise.resolve(n)),
          finalize(() => (ends += 1)),
        ),
      );
      void stage.closed;
      await down.ask(5);
      await up.emit(1);
      expect(ends).toBe(1);
    });

    test("may complete or fail the stage at any time", async () => {
      const end = deferred();
      const { up, down } = between(sync(rx.takeUntil<number>(end.promise)));
      await down.ask(5);
      await up.emit(1);
      end.resolve();
      await settle();
      expect([down.events, down.end]).toEqual([[1], { type: "normal" }]);
      expect(up.cancels).toHaveLength(1);
    });
  });

  describe("a stop", () => {
    test("unsubscribes once, and tells the producers its reason", async () => {
      let ends = 0;
      const { up, stage, down } = between(sync(finalize<number>(() => (ends += 1))));
      await down.ask(1);
      await up.emit(1, 2, 3);
      await stage.stop(boom);
      expect([ends, down.end]).toEqual([1, { type: "shutdown", reason: boom }]);
      expect(up.cancels).toMatchObject([{ kind: "down", reason: { type: "shutdown", reason: boom } }]);
      await up.emit(4);
      expect(down.events).toEqual([1]);
    });

    test("before any demand subscribes to nothing", async () => {
      let subscriptions = 0;
      const { up, stage } = between(
        sync(
          () =>
            new rx.Observable<number>(() => {
              subscriptions += 1;
            }),
        ),
      );
      await up.emit(1);
      await stage.stop();
      expect(subscriptions).toBe(0);
    });

    test("follows when the last consumer leaves", async () => {
      let ends = 0;
      const { up, stage, down } = between(sync(finalize<number>(() => (ends += 1))));
      await down.ask(1);
      await down.cancel();
      expect(await stage.closed).toMatchObject({ type: "shutdown" });
      expect([ends, up.cancels.length]).toEqual([1, 1]);
    });

    test("with a teardown that throws tells of it", async () => {
      const reports: unknown[] = [];
      const stage = throughOperators(
        sync(
          finalize<number>(() => {
            throw boom;
          }),
        ),
        { subscribeTo: [fromIterable(range(10))], handleReport: (report) => reports.push(report) },
      );
      const reader = stage[Symbol.asyncIterator]();
      await reader.next();
      await expect(reader.return()).rejects.toBe(boom);
      expect(reports).toMatchObject([{ kind: "cleanup-failed", error: boom }]);
    });

    test("leaves no listener on a signal", async () => {
      const controller = new AbortController();
      const { stage, down } = between(sync(map((n: number) => n)), { signal: controller.signal });
      await down.ask(1);
      controller.abort(boom);
      expect(await stage.closed).toEqual({ type: "shutdown", reason: boom });
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    });
  });

  test("a row of stages passes everything on, in order", async () => {
    const got: string[] = [];
    await pipeline(
      fromIterable(range(5000)),
      throughOperators(sync(filter((n: number) => n % 2 === 0))),
      throughOperators(sync(map((n: number) => `${n}`))),
      consumer<string>({ handleEvents: (events) => void got.push(...events) }),
    );
    expect(got).toEqual(range(2500).map((n) => `${2 * n}`));
  });

  test("operators serve any number of stages, each by itself", async () => {
    const sums = sync(rx.scan((sum: number, n: number) => sum + n, 0));
    for (const count of [3, 4]) {
      const events: number[] = [];
      for await (const n of throughOperators(sums, { subscribeTo: [fromIterable(range(count))] })) events.push(n);
      expect(events).toEqual([0, 1, 3, 6].slice(0, count));
    }
  });

  test("no operator at all passes events on", async () => {
    const { up, down } = between(sync((source: ObservableOf<number>) => source));
    await down.ask(2);
    await up.emit(1, 2);
    expect(down.events).toEqual([1, 2]);
  });

  test("shared sources and sources that never end are as in RxJS", async () => {
    const { up, stage, down } = between(sync(share<number>(), concatWith(NEVER)));
    await down.ask(5);
    await up.emit(1);
    await up.complete();
    expect([down.events, down.ends]).toEqual([[1], []]);
    await stage.stop();
  });

  test("a stage of operators can be observed again and again", async () => {
    let attempts = 0;
    const cold = toObservable(() => {
      attempts += 1;
      return throughOperators(
        sync(
          map((n: number) => {
            if (n === 1 && attempts < 3) throw boom;
            return n;
          }),
        ),
        { subscribeTo: [fromIterable([0, 1])] },
      );
    });
    const result = rx.lastValueFrom(rx.from(cold as unknown as Observable<number>).pipe(retry(5), repeat(2), toArray()));
    expect(await result).toEqual([0, 0, 0, 1, 0, 1]);
    expect(attempts).toBe(4);
  });

  test("what nobody receives of an error is thrown", async () => {
    using uncaught = new Uncaught();
    const stage = throughOperators(sync((): typeof EMPTY => throwError(() => boom)), { subscribeTo: [fromIterable([1])] });
    const probe = new ConsumerProbe(stage, { receivesErrors: false });
    await probe.ask(1);
    await settle();
    expect(uncaught.errors).toEqual([boom]);
  });

  test("an observer that is a polyfilled Symbol.observable's is found", async () => {
    const symbol = Symbol("observable");
    Object.defineProperty(Symbol, "observable", { value: symbol, configurable: true });
    let found: unknown;
    const stage = throughOperators(
      sync((source: ObservableOf<number>) => {
        found = (source as unknown as Record<symbol, () => unknown>)[symbol]?.() === source;
        return source;
      }),
      { subscribeTo: [fromIterable([1])] },
    );
    Reflect.deleteProperty(Symbol, "observable");
    await stage.stop();
    expect(found).toBe(true);
  });
});

describe("options", () => {
  const [, { map }] = VERSIONS[0] as (typeof VERSIONS)[number];
  const operators = sync(map((n: number) => n));

  test.each<[string, object]>([
    ["feed", { feed: "slow" }],
    ["closeWithinMs", { closeWithinMs: -1 }],
    ["maxDemand", { maxDemand: 0 }],
    ["the options of throughOperators", { handleEvents: () => undefined }],
    ["the options of throughOperators", { concurrency: 3 }],
    ["the options of throughOperators", { demand: "accumulate" }],
    ["the options of throughOperators", { handleBufferLow: () => undefined }],
    ["the options of throughOperators", { bufferLow: 3 }],
    ["the options of producer", { pace: 3 }],
    ["the producer of a subscription", { subscribeTo: [{}] }],
  ])("refuses a bad %s", (option, options) => {
    expect(() => throughOperators(operators, options)).toThrow(expect.objectContaining({ option }));
  });

  test.each<[string, () => unknown]>([
    ["expected the operators of throughOperators to be what sync(), tracked() or each() returns, got: a function", () => throughOperators(map((n: number) => n) as unknown as typeof operators)],
    ["expected the operators of throughOperators to be what sync(), tracked() or each() returns, got: null", () => throughOperators(null as never)],
    ["expected the operators of throughOperators to be what sync(), tracked() or each() returns, got: an object", () => throughOperators({ enter: 3 } as never)],
    ["expected the operators of throughOperators to be what sync(), tracked() or each() returns, got: an object", () => throughOperators({} as never)],
    ["expected the operators of throughOperators to be what sync(), tracked() or each() returns, got: a function", () => throughOperators(Object.assign(() => undefined, { enter: () => undefined }) as never)],
    ["expected the options of throughOperators to be a plain object, got: 3", () => throughOperators(operators, 3 as never)],
    ["expected the options of each to be a plain object, got: 3", () => each(map((n: number) => n), 3 as never)],
    ["expected the options of each to be among concurrency, ordered, got: \"fast\"", () => each(map((n: number) => n), { fast: true } as never)],
    ["expected an operator of sync to be a function, got: 3", () => sync(3 as never)],
    ["expected the operator of each to be a function, got: undefined", () => each(undefined as never)],
    ["expected concurrency to be an integer of at least 1, got: 0", () => each(map((n: number) => n), { concurrency: 0 })],
    ["expected ordered to be a boolean, got: 1", () => each(map((n: number) => n), { ordered: 1 as unknown as boolean })],
    ["expected the chain of tracked to be a function, got: undefined", () => tracked({}, undefined as never)],
  ])("says what is wrong: %s", (message, act) => {
    expect(act).toThrow(BadOptionError);
    expect(act).toThrow(expect.objectContaining({ message }));
  });

  test.each<[string, unknown]>([
    ["3", 3],
    ["null", null],
    ["an object", {}],
    ["an object", { subscribe: true }],
    ["a function", Object.assign(() => undefined, { subscribe: () => undefined })],
  ])("refuses what makes no Observable, when the stage is made: %s", (shown, output) => {
    expect(() => throughOperators(sync((() => output) as never))).toThrow(expect.objectContaining({ code: "SLUICE_BAD_RETURN", message: `expected an operator to return an Observable, got: ${shown}` }));
  });

  test("throws what an operator throws as it is put together", () => {
    const making = (): never => {
      throw boom;
    };
    expect(() => throughOperators(sync(making as never))).toThrow(boom);
  });

  test("names the stage", async () => {
    const stage = throughOperators(operators, { name: "doubles" });
    expect(stage).toMatchObject({ name: "doubles", role: "producerConsumer" });
    await stage.stop();
    await expect(stage.flushed()).rejects.toBeInstanceOf(StoppedError);
    expect(throughOperators(operators).name).toMatch(/^operators \d+$/);
  });
});
