import type { Observable } from "rxjs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, consumer, fromIterable, partitionDispatcher, producer, type ProducerConsumer, type Report } from "sluice";
import { throughOperators, tracked, type Operators, type ThroughOperatorsOptions } from "sluice/rxjs";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { Jobs } from "./support/jobs.ts";
import { VERSIONS } from "./support/versions.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");

interface Scene<Out> {
  readonly up: ProducerProbe<number>;
  readonly stage: ProducerConsumer<number, Out>;
  readonly down: ConsumerProbe<Out>;
  readonly reports: Report[];
}

function between<Out>(operators: Operators<number, Out>, options: ThroughOperatorsOptions<number, Out> = {}): Scene<Out> {
  const up = new ProducerProbe<number>({ name: "up" });
  const reports: Report[] = [];
  const stage = throughOperators(operators, { subscribeTo: [up.producer], handleReport: (report) => reports.push(report), ...options });
  void stage.closed;
  return { up, stage, down: new ConsumerProbe(stage), reports };
}

describe.each(VERSIONS)("%s: tracked operators", (_, rx) => {
  const { Subject, bufferCount, catchError, concatAll, concatMap, concatWith, delay, exhaustMap, expand, filter, finalize, from, groupBy, map, mergeAll, mergeMap, mergeMapTo, mergeScan, of, pipe, retry, startWith, switchMap, take, takeUntil, tap, throwError, timer, toArray, windowCount } = rx;

  describe("the gate", () => {
    test("feeds while the operator is below its limit, and one more when one has ended", async () => {
      const jobs = new Jobs();
      const { up, stage, down } = between(tracked({ mergeMap }, (g) => g.mergeMap(jobs.start, 2)));
      await down.ask(100);
      await up.emit(...range(10));
      expect(jobs.started).toEqual([0, 1]);
      jobs.finish(1);
      await settle();
      expect([jobs.started, down.events]).toEqual([[0, 1, 2], [1]]);
      expect(stage.snapshot().input).toMatchObject({ received: 10, inCallback: 2, handled: 1 });
      jobs.finish(0, 2);
      await settle();
      expect([jobs.started, down.events, jobs.mostActive]).toEqual([range(5), [1, 0, 2], 2]);
      await stage.stop();
    });

    test("feeds for free what is dropped before it comes to the operator", async () => {
      const jobs = new Jobs();
      const { up, stage, down } = between(tracked({ mergeMap }, (g) => pipe(filter((n: number) => n % 4 === 0), g.mergeMap(jobs.start, 2))));
      await down.ask(100);
      await up.emit(...range(20));
      expect(jobs.started).toEqual([0, 4]);
      expect(stage.snapshot().input).toMatchObject({ inCallback: 2, handled: 3 });
      jobs.finish(0);
      await settle();
      expect([jobs.started, stage.snapshot().input]).toMatchObject([[0, 4, 8], { inCallback: 2, handled: 7 }]);
      await stage.stop();
    });

    test("is strict: no more is in work than was demanded", async () => {
      const jobs = new Jobs();
      const { up, stage, down } = between(tracked({ mergeMap }, (g) => g.mergeMap(jobs.start, 8)));
      await down.ask(1);
      await up.emit(...range(10));
      expect(jobs.started).toEqual([0]);
      await down.ask(2);
      expect(jobs.started).toEqual([0, 1, 2]);
      jobs.finish(2, 0, 1);
      await settle();
      expect([down.events, jobs.started, stage.bufferedCount]).toEqual([[2, 0, 1], [0, 1, 2], 0]);
      await stage.stop();
    });

    test("is eager, when told: as much as the operator takes is in work while anything is demanded", async () => {
      const jobs = new Jobs();
      const { up, stage, down } = between(tracked({ mergeMap }, (g) => g.mergeMap(jobs.start, 8)), { feed: "eager" });
      await up.emit(...range(20));
      expect(jobs.started).toEqual([]);
      await down.ask(1);
      expect(jobs.started).toEqual(range(8));
      jobs.finish(3, 4);
      await settle();
      expect([down.events, stage.bufferedCount]).toEqual([[3], 1]);
      // Nothing is fed while an output waits.
      expect(jobs.started).toEqual(range(8));
      await down.ask(2);
      expect([down.events, jobs.started]).toEqual([[3, 4], range(10)]);
      await stage.stop();
    });

    test("is bounded by the window, where an operator has no limit", async () => {
      const jobs = new Jobs();
      const { up, stage, down } = between(tracked({ mergeMap }, (g) => g.mergeMap(jobs.start)), { maxDemand: 5, minDemand: 4 });
      await down.ask(100);
      expect(up.asks).toEqual([5]);
      await up.emit(...range(5));
      expect(jobs.started).toEqual(range(5));
      jobs.finish(2);
      await settle();
      expect(up.asks).toEqual([5, 1]);
      await stage.stop();
    });

    test("is shut while a value waits at a later operator, and open while that is only busy", async () => {
      const [loads, saves] = [new Jobs(), new Jobs()];
      const { up, stage, down } = between(tracked({ mergeMap, concatMap }, (g) => pipe(g.mergeMap(loads.start, 2), g.concatMap(saves.start))));
      await down.ask(100);
      await up.emit(...range(10));
      loads.finish(0);
      await settle();
      // 0 is being saved, and nothing waits.
      expect([loads.started, saves.started]).toEqual([[0, 1, 2], [0]]);
      loads.finish(1);
      await settle();
      // 1 waits.
      expect([loads.started, saves.started]).toEqual([[0, 1, 2], [0]]);
      saves.finish(0);
      await settle();
      expect([loads.started, saves.started]).toEqual([[0, 1, 2, 3], [0, 1]]);
      expect(stage.snapshot().input?.handled).toBe(1);
      await stage.stop();
    });

    test("lets what was gathered go, and holds what came of it", async () => {
      const saves = new Jobs();
      const { up, stage, down } = between(tracked({ concatMap }, (g) => pipe(bufferCount<number>(3), map(([first = -1]) => first), g.concatMap(saves.start))));
      await down.ask(100);
      await up.emit(...range(10));
      expect(saves.started).toEqual([0]);
      expect(stage.snapshot().input).toMatchObject({ handled: 2, inCallback: 1 });
      saves.finish(0);
      await settle();
      expect([saves.started, stage.snapshot().input]).toMatchObject([[0, 3], { handled: 5, inCallback: 1 }]);
      await stage.stop();
    });

    test("holds an event until all that came of it has ended, what waits in the operator, too", async () => {
      const saves = new Jobs();
      const { up, stage, down } = between(tracked({ concatMap }, (g) => pipe(mergeMap((n: number) => [n, n + 1, n + 2]), g.concatMap(saves.start))));
      await down.ask(100);
      await up.emit(0, 10);
      expect(saves.started).toEqual([0]);
      saves.finish(0);
      await settle();
      saves.finish(1);
      await settle();
      expect([saves.started, stage.snapshot().input?.handled]).toEqual([[0, 1, 2], 0]);
      saves.finish(2);
      await settle();
      expect([saves.started, stage.snapshot().input?.handled]).toEqual([[0, 1, 2, 10], 1]);
      await stage.stop();
    });

    test("gives many outputs of one turn as one list", async () => {
      const jobs = new Jobs();
      const { up, stage, down } = between(tracked({ mergeMap }, (g) => g.mergeMap(jobs.start, 8)));
      await down.ask(100);
      await up.emit(...range(8));
      jobs.finish(...range(8));
      await settle();
      expect(down.batches).toEqual([range(8)]);
      await stage.stop();
    });
  });

  describe("an output that waits for demand", () => {
    /** Eight events in work, of which one output is demanded, and all are finished. */
    async function crowded(options: ThroughOperatorsOptions<number, number> = {}): Promise<Scene<number>> {
      const jobs = new Jobs();
      const scene = between(tracked({ mergeMap }, (g) => g.mergeMap(jobs.start, 8)), { feed: "eager", maxDemand: 8, minDemand: 7, ...options });
      await scene.down.ask(1);
      await scene.up.emit(...range(8));
      jobs.finish(...range(8));
      await settle();
      expect([scene.down.events, scene.stage.bufferedCount]).toEqual([[0], 7]);
      return scene;
    }

    test("keeps the place of its event in the window: no more is read", async () => {
      const { up, stage } = await crowded();
      expect(up.asks).toEqual([8, 1]);
      expect(stage.snapshot().input).toMatchObject({ handled: 1, inCallback: 7 });
      await stage.stop();
    });

    test("gives the place back when all have been demanded, and no more than that", async () => {
      const { up, stage, down } = await crowded();
      await down.ask(6);
      expect(stage.snapshot().input).toMatchObject({ handled: 1, inCallback: 7 });
      await down.ask(1);
      expect(down.events).toEqual(range(8));
      expect(stage.snapshot().input).toMatchObject({ handled: 8, inCallback: 0 });
      expect(up.asks.reduce((sum, ask) => sum + ask, 0)).toBe(16);
      await stage.stop();
    });

    test("gives the place back when more than all have been demanded", async () => {
      const { up, stage, down } = await crowded();
      await down.ask(9);
      expect(stage.snapshot().input).toMatchObject({ handled: 8, inCallback: 0 });
      await up.emit(8);
      expect(stage.snapshot().input).toMatchObject({ received: 9, inCallback: 1 });
      await stage.stop();
    });

    test("is delivered before the end, which no demand beyond that has to wait for", async () => {
      const { up, down } = await crowded();
      await up.complete();
      expect(down.ends).toEqual([]);
      await down.ask(7);
      expect([down.events, down.end]).toEqual([range(8), { type: "normal" }]);
    });

    test("is that of an event that is handled, when another one fails", async () => {
      const [jobs, others] = [new Jobs(), new Jobs()];
      const source = producer<number>();
      const first = throughOperators(
        tracked({ mergeMap }, (g) => g.mergeMap(jobs.start, 3)),
        { feed: "eager", subscribeTo: [{ to: source, maxDemand: 4, onCrash: "redeliver" }] },
      );
      void first.closed;
      const down = new ConsumerProbe(first);
      await down.ask(1);
      source.emit(range(4));
      await settle();
      jobs.finish(0, 1);
      await settle();
      jobs.fail(2, boom);
      await settle();
      await down.ask(5);
      expect([down.events, down.end]).toEqual([[0, 1], { type: "error", error: boom }]);
      const second = consumer({ subscribeTo: [source], handleEvent: (n) => void others.start(n) });
      await settle();
      expect(others.started.toSorted((a, b) => a - b)).toEqual([2, 3]);
      await second.stop();
      await source.stop();
    });

    test("is that of an event that is handled, when the operators complete early", async () => {
      const jobs = new Jobs();
      const source = producer<number>();
      const stage = throughOperators(
        tracked({ mergeMap }, (g) => pipe(g.mergeMap(jobs.start, 3), take(2))),
        { feed: "eager", subscribeTo: [{ to: source, maxDemand: 3, onCrash: "redeliver" }] },
      );
      const down = new ConsumerProbe(stage);
      await down.ask(1);
      source.emit(range(3));
      await settle();
      jobs.finish(0, 1);
      await settle();
      expect(stage.snapshot().input).toMatchObject({ handled: 3, inCallback: 0 });
      await down.ask(1);
      expect([down.events, down.end]).toEqual([[0, 1], { type: "normal" }]);
      await source.stop();
    });

    test("is lost by a stop, and its event given back, where it is to be delivered again", async () => {
      const [jobs, others] = [new Jobs(), new Jobs()];
      const source = producer<number>();
      const first = throughOperators(
        tracked({ mergeMap }, (g) => g.mergeMap(jobs.start, 3)),
        { feed: "eager", subscribeTo: [{ to: source, maxDemand: 3, onCrash: "redeliver" }] },
      );
      const down = new ConsumerProbe(first);
      await down.ask(1);
      source.emit(range(3));
      await settle();
      jobs.finish(...range(3));
      await settle();
      await first.stop();
      expect(down.events).toEqual([0]);
      const second = consumer({ subscribeTo: [source], handleEvent: (n) => void others.start(n) });
      await settle();
      expect(others.started.toSorted((a, b) => a - b)).toEqual([1, 2]);
      await second.stop();
      await source.stop();
    });

    test("of an event that makes many holds those behind it", async () => {
      const { up, stage, down } = between(tracked({ concatMap }, (g) => g.concatMap((n: number) => [n, n, n])), { maxDemand: 2, minDemand: 1 });
      await down.ask(1);
      await up.emit(1, 2);
      expect([stage.bufferedCount, stage.snapshot().input, up.asks]).toMatchObject([2, { handled: 0, inCallback: 1 }, [2]]);
      await down.ask(2);
      expect([stage.bufferedCount, stage.snapshot().input, up.asks]).toMatchObject([0, { handled: 1, inCallback: 1 }, [2, 1]]);
      await stage.stop();
    });

    test("waits for its partition, and its event is handled when that has taken it", async () => {
      const up = new ProducerProbe<number>();
      const stage = throughOperators(
        tracked({ concatMap }, (g) => g.concatMap((n: number) => [n, n + 2])),
        { feed: "eager", subscribeTo: [{ to: up.producer, maxDemand: 2, minDemand: 1 }], dispatcher: partitionDispatcher({ partitions: 2, hash: (n: number) => n % 2 }), bufferSize: 100 },
      );
      const [even, odd] = [0, 1].map((partition) => new ConsumerProbe(stage, { options: { partition } })) as [ConsumerProbe<number>, ConsumerProbe<number>];
      await odd.ask(4);
      await even.ask(1);
      await up.emit(0, 1);
      expect([even.events, odd.events]).toEqual([[0], [1, 3]]);
      await even.ask(1);
      await up.complete();
      expect([even.events, odd.events]).toEqual([[0, 2], [1, 3]]);
      expect([even.end, odd.end]).toEqual([{ type: "normal" }, { type: "normal" }]);
    });
  });

  describe("switchMap and exhaustMap", () => {
    test("are fed when they are free", async () => {
      for (const operators of [(jobs: Jobs) => tracked({ switchMap }, (g) => g.switchMap(jobs.start)), (jobs: Jobs) => tracked({ exhaustMap }, (g) => g.exhaustMap(jobs.start))]) {
        const jobs = new Jobs();
        const { up, stage, down } = between(operators(jobs));
        await down.ask(10);
        await up.emit(1, 2);
        expect(jobs.started).toEqual([1]);
        jobs.finish(1);
        await settle();
        expect([down.events, jobs.started]).toEqual([[1], [1, 2]]);
        await stage.stop();
      }
    });

    test("end or drop what one event makes too much of, and it settles", async () => {
      for (const [operators, started] of [
        [(jobs: Jobs) => tracked({ switchMap }, (g) => pipe(mergeMap((n: number) => [n, n + 1]), g.switchMap(jobs.start))), [0, 1]],
        [(jobs: Jobs) => tracked({ exhaustMap }, (g) => pipe(mergeMap((n: number) => [n, n + 1]), g.exhaustMap(jobs.start))), [0]],
      ] as const) {
        const jobs = new Jobs();
        const { up, stage, down } = between(operators(jobs));
        await down.ask(10);
        await up.emit(0, 10);
        expect(jobs.started).toEqual(started);
        jobs.finish(...started);
        await settle();
        expect([down.events, stage.snapshot().input?.handled]).toEqual([started.slice(-1), 1]);
        expect(jobs.started).toHaveLength(2 * started.length);
        await stage.stop();
      }
    });

    test("switch behind an operator whose outputs come as they like", async () => {
      const [loads, shows] = [new Jobs(), new Jobs()];
      let left = 0;
      const show = (n: number): Observable<number> => from(shows.start(n)).pipe(finalize(() => (left += 1)));
      const { up, stage, down } = between(tracked({ mergeMap, switchMap }, (g) => pipe(g.mergeMap(loads.start, 3), g.switchMap(show))));
      await down.ask(10);
      await up.emit(1, 2, 3);
      loads.finish(2, 1);
      await settle();
      expect([shows.started, left, stage.snapshot().input?.handled]).toEqual([[2, 1], 1, 1]);
      shows.finish(1);
      await settle();
      expect([down.events, stage.snapshot().input?.handled]).toEqual([[1], 2]);
      await stage.stop();
    });
  });

  describe("an inner observable", () => {
    const asyncIterable = async function* (n: number): AsyncGenerator<number> {
      yield n;
      yield n + 1;
    };
    const stream = (n: number): ReadableStream<number> =>
      new ReadableStream({
        start(controller) {
          controller.enqueue(n);
          controller.enqueue(n + 1);
          controller.close();
        },
      });

    test.each<[string, (n: number) => unknown]>([
      ["an Observable", (n) => of(n, n + 1)],
      ["an Observable that takes its time", (n) => of(n, n + 1).pipe(concatMap((each) => Promise.resolve(each)))],
      ["a promise", (n) => Promise.resolve(n)],
      ["an array", (n) => [n, n + 1]],
      ["what has a length", (n) => ({ length: 2, 0: n, 1: n + 1 })],
      ["an iterable", (n) => new Set([n, n + 1])],
      ["an async iterable", asyncIterable],
      ["a readable stream", stream],
      ["a string", (n) => `${n}!`],
      ["another library's Observable", (n) => ({ "@@observable": () => ({ subscribe: (subscriber: { next(n: number): void; complete(): void }) => (subscriber.next(n), subscriber.complete()) }) })],
    ])("may be %s", async (_name, make) => {
      const project = make as (n: number) => Observable<unknown>;
      const events: unknown[] = [];
      for await (const event of throughOperators(tracked({ concatMap }, (g) => g.concatMap(project)), { subscribeTo: [fromIterable([1, 5])] })) events.push(event);
      expect(events).toEqual(await rx.lastValueFrom(of(1, 5).pipe(concatMap(project), toArray())));
    });

    test("that is none of these is an error", async () => {
      const { up, down } = between(tracked({ mergeMap }, (g) => g.mergeMap((() => 3) as never, 2)));
      await down.ask(1);
      await up.emit(1);
      expect(down.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_OPTION", message: "expected an inner observable to be an Observable, a promise, a list, an iterable or a stream, got: 3" } });
    });

    test.each<[string, (n: number) => unknown]>([
      ["that rejects", () => Promise.reject(boom)],
      ["that fails", () => throwError(() => boom)],
      [
        "whose function throws",
        () => {
          throw boom;
        },
      ],
      [
        "that throws when it is iterated",
        () => ({
          [Symbol.iterator]: () => {
            throw boom;
          },
        }),
      ],
      [
        "that fails as an async iterable",
        async function* () {
          yield* [];
          throw boom;
        },
      ],
    ])("%s fails the stage with the same object", async (_name, project) => {
      const { up, down, reports } = between(tracked({ mergeMap }, (g) => g.mergeMap(project as (n: number) => Observable<unknown>, 2)));
      await down.ask(5);
      await up.emit(1, 2, 3);
      expect(down.end).toEqual({ type: "error", error: boom });
      expect(up.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: boom } }]);
      expect(reports.filter(({ kind }) => kind !== "lost")).toEqual([]);
    });

    test("is left when another one fails, behind what was emitted", async () => {
      const jobs = new Jobs();
      const left: number[] = [];
      const project = (n: number): Observable<number> => from(jobs.start(n)).pipe(finalize(() => left.push(n)));
      const { up, down, stage } = between(tracked({ mergeMap }, (g) => g.mergeMap(project, 3)));
      await down.ask(5);
      await up.emit(1, 2, 3);
      jobs.finish(2);
      jobs.fail(3, boom);
      await settle();
      expect([down.events, down.end]).toEqual([[2], { type: "error", error: boom }]);
      expect(left.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
      expect(stage.snapshot().input).toMatchObject({ handled: 1, failed: 2, inCallback: 0 });
    });

    test("of an operator that gets it is heard as well", async () => {
      const gate = deferred<string>();
      const { up, down, stage } = between(tracked({ mergeMapTo, mergeAll }, (g) => pipe(g.mergeMapTo(from(gate.promise), 2), map((s) => of(s, s)), g.mergeAll())));
      await down.ask(10);
      await up.emit(1, 2, 3);
      expect(stage.snapshot().input?.inCallback).toBe(3);
      gate.resolve("x");
      await settle();
      expect(down.events).toEqual(["x", "x", "x", "x", "x", "x"]);
    });

    test("of expand comes in again, for the same event", async () => {
      const jobs = new Jobs();
      const { up, down, stage } = between(tracked({ expand }, (g) => g.expand((n: number) => (n >= 20 ? [] : jobs.start(n + 10)), 1)));
      await down.ask(10);
      await up.emit(1, 2);
      expect([jobs.started, down.events]).toEqual([[11], [1]]);
      jobs.finish(11);
      await settle();
      expect([jobs.started, down.events, stage.snapshot().input?.handled]).toEqual([[11, 21], [1, 11], 0]);
      jobs.finish(21);
      await settle();
      expect([jobs.started, down.events, stage.snapshot().input?.handled]).toEqual([[11, 21, 12], [1, 11, 21, 2], 1]);
      await stage.stop();
    });

    test("of mergeScan sees what has been accumulated", async () => {
      const events: number[] = [];
      const operators = tracked({ mergeScan }, (g) => g.mergeScan((sum: number, n: number, index) => Promise.resolve(sum + n + index), 0, 1));
      for await (const n of throughOperators(operators, { subscribeTo: [fromIterable([1, 2, 3])] })) events.push(n);
      expect(events).toEqual([1, 4, 9]);
    });
  });

  describe("a part of the input", () => {
    const key = (n: number): number => n % 3;

    test("is worked on beside the others, at most one event of each group at a time", async () => {
      const jobs = new Jobs();
      const { up, stage, down } = between(tracked({ concatMap }, (g) => pipe(groupBy(key), mergeMap((group) => group.pipe(g.concatMap(jobs.start))))), { maxDemand: 6, minDemand: 5 });
      await down.ask(100);
      await up.emit(...range(6));
      expect(jobs.started).toEqual([0, 1, 2]);
      jobs.finish(1);
      await settle();
      expect([jobs.started, down.events]).toEqual([[0, 1, 2, 4], [1]]);
      expect(stage.snapshot().input).toMatchObject({ handled: 1, inCallback: 5 });
      await stage.stop();
    });

    test.each(["strict", "eager"] as const)("may be flattened by a tracked operator, which has room for all: %s", async (feed) => {
      const totals = tracked({ mergeMap, concatMap }, (g) => pipe(groupBy(key), g.mergeMap((group) => group.pipe(g.concatMap((n) => Promise.resolve(n)), toArray()), 3)));
      const events: (readonly number[])[] = [];
      for await (const event of throughOperators(totals, { feed, subscribeTo: [fromIterable(range(9))] })) events.push(event);
      expect(events).toEqual([[0, 3, 6], [1, 4, 7], [2, 5, 8]]);
    });

    test("keeps its class and its key", async () => {
      const keys: unknown[] = [];
      const operators = tracked({ mergeMap }, (g) =>
        pipe(
          groupBy(key),
          g.mergeMap((group) => {
            keys.push([group.key, group instanceof rx.Observable]);
            return group;
          }),
        ),
      );
      const events: number[] = [];
      for await (const event of throughOperators(operators, { subscribeTo: [fromIterable(range(4))] })) events.push(event);
      expect([events, keys]).toEqual([range(4), [[0, true], [1, true], [2, true]]]);
    });

    test.each<[string, () => Operators<number, unknown>]>([
      ["more groups than the limit", () => tracked({ mergeMap }, (g) => pipe(groupBy(key), g.mergeMap((group) => group.pipe(toArray()), 2)))],
      ["groups one after the other", () => tracked({ concatMap }, (g) => pipe(groupBy(key), g.concatMap((group) => group)))],
      ["groups that are inner observables themselves", () => tracked({ concatAll }, (g) => pipe(groupBy(key), g.concatAll()))],
      ["windows", () => tracked({ concatMap }, (g) => pipe(windowCount<number>(3), g.concatMap((part) => part.pipe(toArray()))))],
      ["windows that are inner observables themselves", () => tracked({ mergeAll }, (g) => pipe(windowCount<number>(3), g.mergeAll()))],
    ])("that there is no room for is an error, not a silence: %s", async (_name, operators) => {
      const { up, down } = between(operators());
      await down.ask(100);
      await up.emit(...range(6));
      expect(down.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER", message: expect.stringContaining("mergeMap, without a limit") as string } });
    });

    test("may be a window, which RxJS's own operator flattens", async () => {
      const operators = tracked({ concatMap }, (g) => pipe(windowCount<number>(3), mergeMap((part) => part.pipe(g.concatMap((n) => Promise.resolve(n)), toArray()))));
      const events: (readonly number[])[] = [];
      for await (const event of throughOperators(operators, { subscribeTo: [fromIterable(range(7))] })) events.push(event);
      expect(events).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    });

    test("is no Observable that lives by itself and comes as a value", async () => {
      const jobs = new Jobs();
      const { up, stage, down } = between(tracked({ mergeMap }, (g) => pipe(map((n: number) => from(jobs.start(n))), g.mergeMap((job) => job, 2))));
      await down.ask(100);
      await up.emit(...range(5));
      expect(jobs.started).toEqual([0, 1]);
      jobs.finish(0, 1);
      await settle();
      expect([jobs.started, down.events]).toEqual([[0, 1, 2, 3], [0, 1]]);
      await stage.stop();
    });
  });

  describe("an asynchronous operator that is not tracked", () => {
    test.each<[string, (jobs: Jobs) => Operators<number, number>]>([
      ["behind", (jobs) => tracked({ mergeMap }, (g) => pipe(g.mergeMap((n: number) => [n]), mergeMap(jobs.start, 2)))],
      ["before", (jobs) => tracked({ mergeMap }, (g) => pipe(mergeMap(jobs.start, 2), g.mergeMap((n: number) => [n])))],
      ["between", (jobs) => tracked({ mergeMap }, (g) => pipe(g.mergeMap((n: number) => [n]), concatMap(jobs.start), g.mergeMap((n: number) => Promise.resolve(n))))],
    ])("fails the stage, %s those that are", async (_name, operators) => {
      const jobs = new Jobs();
      const { up, down } = between(operators(jobs));
      await down.ask(10);
      await up.emit(1, 2);
      jobs.finish(1);
      await settle();
      expect(down.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER", message: expect.stringContaining("`tracked`") as string } });
      expect(down.events).toEqual([]);
    });

    test("cannot be hidden by catchError", async () => {
      const { up, down } = between(tracked({ mergeMap }, (g) => pipe(delay<number>(0), g.mergeMap((n) => [n]), catchError(() => of(-1)))));
      await down.ask(10);
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
      await up.emit(1);
      await vi.advanceTimersByTimeAsync(5);
      await settle();
      expect([down.events, down.end]).toMatchObject([[], { type: "error", error: { code: "SLUICE_BAD_PARTNER" } }]);
    });
  });

  describe("an end", () => {
    test("of the input waits for what the operators then begin", async () => {
      const saves = new Jobs();
      const { up, down, stage } = between(tracked({ concatMap }, (g) => pipe(bufferCount<number>(3), map((list) => list.length), concatWith([7]), g.concatMap(saves.start))));
      await down.ask(10);
      await up.emit(1);
      await up.complete();
      expect([saves.started, down.ends, stage.snapshot().state]).toEqual([[1], [], "finishing"]);
      saves.finish(1);
      await settle();
      expect([saves.started, down.events, down.ends]).toEqual([[1, 7], [1], []]);
      saves.finish(7);
      await settle();
      expect([down.events, down.end]).toEqual([[1, 7], { type: "normal" }]);
    });

    test("of the input comes behind all that is in work", async () => {
      const jobs = new Jobs();
      let isComplete = false;
      const { up, down } = between(tracked({ mergeMap }, (g) => pipe(tap<number>({ complete: () => (isComplete = true) }), g.mergeMap(jobs.start, 2))));
      await down.ask(10);
      await up.emit(1, 2);
      await up.complete();
      jobs.finish(2);
      await settle();
      expect([isComplete, down.events]).toEqual([false, [2]]);
      jobs.finish(1);
      await settle();
      expect([isComplete, down.events, down.end]).toEqual([true, [2, 1], { type: "normal" }]);
    });

    test("what is begun by the subscription belongs to no event", async () => {
      const jobs = new Jobs();
      const { up, down } = between(tracked({ mergeMap }, (g) => pipe(startWith(9), g.mergeMap(jobs.start, 2))));
      await down.ask(10);
      await up.emit(1, 2);
      expect(jobs.started).toEqual([9, 1]);
      jobs.finish(9);
      await settle();
      expect([jobs.started, down.events]).toEqual([[9, 1, 2], [9]]);
      jobs.finish(1, 2);
      await up.complete();
      expect([down.events, down.end]).toEqual([[9, 1, 2], { type: "normal" }]);
    });

    test("by early completion leaves what is in work, and the rest of the input", async () => {
      const jobs = new Jobs();
      const left: number[] = [];
      const { up, down, stage, reports } = between(tracked({ mergeMap }, (g) => pipe(g.mergeMap((n: number) => from(jobs.start(n)).pipe(finalize(() => left.push(n))), 3), take(1))));
      await down.ask(10);
      await up.emit(...range(6));
      jobs.finish(1);
      await settle();
      expect([down.events, down.end, await stage.closed]).toEqual([[1], { type: "normal" }, { type: "normal" }]);
      expect([left.toSorted((a, b) => a - b), up.cancels.length, reports]).toEqual([[0, 1, 2], 1, []]);
    });

    test("by a stop unsubscribes what is in work, once, and settles at once", async () => {
      const jobs = new Jobs();
      const left: number[] = [];
      const { up, down, stage, reports } = between(tracked({ mergeMap }, (g) => g.mergeMap((n: number) => from(jobs.start(n)).pipe(finalize(() => left.push(n))), 3)));
      await down.ask(10);
      await up.emit(...range(6));
      await stage.stop(boom);
      expect([left.toSorted((a, b) => a - b), down.end]).toEqual([[0, 1, 2], { type: "shutdown", reason: boom }]);
      expect(up.cancels).toMatchObject([{ reason: { type: "shutdown", reason: boom } }]);
      expect([stage.snapshot().input?.inCallback, reports]).toEqual([0, []]);
      jobs.finish(0);
      await settle();
      expect(down.events).toEqual([]);
    });

    test("gives back what was not handled, where it is to be delivered again", async () => {
      const [jobs, others] = [new Jobs(), new Jobs()];
      const source = producer<number>();
      const first = throughOperators(
        tracked({ mergeMap }, (g) => g.mergeMap(jobs.start, 2)),
        { subscribeTo: [{ to: source, maxDemand: 4, onCrash: "redeliver" }] },
      );
      void first.closed;
      const down = new ConsumerProbe(first);
      await down.ask(10);
      source.emit(range(4));
      await settle();
      jobs.finish(0);
      await settle();
      jobs.fail(1, boom);
      await settle();
      expect([down.events, down.end]).toEqual([[0], { type: "error", error: boom }]);
      const second = consumer({ subscribeTo: [source], handleEvent: (n) => void others.start(n) });
      await settle();
      expect(others.started.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
      await second.stop();
      await source.stop();
    });
  });

  test("retry goes on with the next event, and what was in work is gone", async () => {
    const jobs = new Jobs();
    const { up, down, stage } = between(tracked({ mergeMap }, (g) => pipe(g.mergeMap(jobs.start, 2), retry(1))));
    await down.ask(10);
    await up.emit(...range(4));
    jobs.fail(0, boom);
    await settle();
    expect([jobs.started, stage.snapshot().input]).toMatchObject([[0, 1, 2, 3], { handled: 2 }]);
    jobs.finish(1, 2, 3);
    await up.complete();
    expect([down.events, down.end]).toEqual([[2, 3], { type: "normal" }]);
  });

  test("what is left from outside lets the next event in", async () => {
    const enough = new Subject<void>();
    const jobs = new Jobs();
    const { up, down, stage } = between(tracked({ concatMap }, (g) => g.concatMap((n: number) => from(jobs.start(n)).pipe(takeUntil(enough)))));
    await down.ask(10);
    await up.emit(1, 2);
    enough.next();
    await settle();
    expect([jobs.started, stage.snapshot().input?.handled]).toEqual([[1, 2], 1]);
    await stage.stop();
  });

  test("inner observables of time are inner observables", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const { up, down } = between(tracked({ concatMap }, (g) => g.concatMap((n: number) => timer(10).pipe(map(() => n)))));
    await down.ask(10);
    await up.emit(1, 2);
    await up.complete();
    await vi.advanceTimersByTimeAsync(15);
    await settle();
    expect(down.events).toEqual([1]);
    await vi.advanceTimersByTimeAsync(15);
    await settle();
    expect([down.events, down.end]).toEqual([[1, 2], { type: "normal" }]);
  });

  test("operators serve any number of stages, each with limits of its own", async () => {
    const jobs = new Jobs();
    const operators = tracked({ mergeMap }, (g) => g.mergeMap(jobs.start, 2));
    const stages = [10, 20].map((first) => throughOperators(operators, { subscribeTo: [fromIterable(range(5, first))] }));
    for (const stage of stages) await new ConsumerProbe(stage).ask(10);
    expect(jobs.started).toEqual([10, 11, 20, 21]);
    for (const stage of stages) await stage.stop();
  });

  test.each<[string, () => unknown]>([
    ["expected the options of tracked to be among mergeMap, flatMap, mergeMapTo, mergeAll, mergeScan, expand, concatMap, concatMapTo, concatAll, switchMap, switchMapTo, switchAll, switchScan, exhaustMap, exhaustAll, exhaust, got: \"map\"", () => tracked({ map } as never, () => map((n: number) => n))],
    ["expected the options of tracked to be a plain object, got: 3", () => tracked(3 as never, () => map((n: number) => n))],
    ["expected mergeMap to be a function, got: 3", () => tracked({ mergeMap: 3 as never }, () => map((n: number) => n))],
    ["expected the limit of mergeMap to be a number of at least 1, got: 0", () => throughOperators(tracked({ mergeMap }, (g) => g.mergeMap((n: number) => [n], 0)))],
    ["expected the limit of mergeAll to be a number of at least 1, got: \"2\"", () => throughOperators(tracked({ mergeAll }, (g) => pipe(map((n: number) => [n]), g.mergeAll("2" as never))))],
    ["expected the limit of mergeAll to be a number of at least 1, got: NaN", () => throughOperators(tracked({ mergeAll }, (g) => pipe(map((n: number) => [n]), g.mergeAll(NaN))))],
    ["expected what the chain of tracked returns to be a function, got: undefined", () => throughOperators(tracked({ mergeMap }, () => undefined as never))],
  ])("says what is wrong: %s", (message, act) => {
    expect(act).toThrow(BadOptionError);
    expect(act).toThrow(expect.objectContaining({ message }));
  });
});
