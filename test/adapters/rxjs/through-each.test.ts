import { afterEach, describe, expect, test, vi } from "vitest";
import { consumer, fromIterable, producer, type ProducerConsumer, type Report } from "sluice";
import { each, throughOperators, type Operators, type ThroughOperatorsOptions } from "sluice/rxjs";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
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

describe.each(VERSIONS)("%s: each event through its own copy", (_, rx) => {
  const { concat, concatMap, defer, delay, filter, finalize, from, map, mergeMap, pipe, retry, scan, throwError, timer } = rx;

  test("keeps nothing from one event to the next", async () => {
    const events: number[] = [];
    for await (const n of throughOperators(each(scan((sum: number, next: number) => sum + next, 0)), { subscribeTo: [fromIterable(range(4))] })) events.push(n);
    expect(events).toEqual(range(4));
  });

  test("one at a time, by default", async () => {
    const jobs = new Jobs();
    const { up, stage, down } = between(each(concatMap(jobs.start)));
    await down.ask(10);
    await up.emit(1, 2, 3);
    expect([jobs.started, stage.snapshot().input]).toMatchObject([[1], { received: 3, handled: 0 }]);
    jobs.finish(1);
    await settle();
    expect([jobs.started, down.events, stage.snapshot().input?.handled]).toEqual([[1, 2], [1], 1]);
    await stage.stop();
  });

  test("several at a time, in the order of the events", async () => {
    const jobs = new Jobs();
    const { up, stage, down } = between(each(concatMap(jobs.start), { concurrency: 3 }));
    await down.ask(10);
    await up.emit(...range(6));
    expect(jobs.started).toEqual([0, 1, 2]);
    jobs.finish(2, 1);
    await settle();
    // They are done, and wait for 0.
    expect([down.events, jobs.started, stage.snapshot().input?.handled]).toEqual([[], [0, 1, 2], 0]);
    jobs.finish(0);
    await settle();
    expect([down.events, jobs.started, stage.snapshot().input?.handled]).toEqual([[0, 1, 2], range(6), 3]);
    await stage.stop();
  });

  test("several at a time, as they come", async () => {
    const jobs = new Jobs();
    const { up, stage, down } = between(each(concatMap(jobs.start), { concurrency: 3, ordered: false }));
    await down.ask(10);
    await up.emit(...range(6));
    jobs.finish(2, 1);
    await settle();
    expect([down.events, jobs.started, stage.snapshot().input?.handled]).toEqual([[2, 1], range(5), 2]);
    await stage.stop();
  });

  test("what a copy emits at once goes out at once, when it is its turn", async () => {
    const jobs = new Jobs();
    const { up, stage, down } = between(each(mergeMap((n: number) => concat([n * 10], jobs.start(n), [n * 10 + 1])), { concurrency: 2 }));
    await down.ask(10);
    await up.emit(1, 2);
    expect(down.events).toEqual([10]);
    jobs.finish(2);
    await settle();
    expect(down.events).toEqual([10]);
    jobs.finish(1);
    await settle();
    expect(down.events).toEqual([10, 1, 11, 20, 2, 21]);
    await stage.stop();
  });

  test("is strict: no more are in work than were demanded", async () => {
    const jobs = new Jobs();
    const { up, stage, down } = between(each(concatMap(jobs.start), { concurrency: 8 }));
    await up.emit(...range(10));
    expect(jobs.started).toEqual([]);
    await down.ask(2);
    expect(jobs.started).toEqual([0, 1]);
    jobs.finish(0, 1);
    await settle();
    expect([down.events, jobs.started]).toEqual([[0, 1], [0, 1]]);
    await stage.stop();
  });

  test("is eager, when told: all are in work while anything is demanded, and none while an output waits", async () => {
    const jobs = new Jobs();
    const { up, stage, down } = between(each(concatMap(jobs.start), { concurrency: 3 }), { feed: "eager" });
    await up.emit(...range(10));
    await down.ask(1);
    expect(jobs.started).toEqual([0, 1, 2]);
    jobs.finish(0, 1);
    await settle();
    expect([down.events, stage.bufferedCount, jobs.started]).toEqual([[0], 1, [0, 1, 2]]);
    await down.ask(2);
    expect([down.events, jobs.started]).toEqual([[0, 1], range(5)]);
    await stage.stop();
  });

  test("may give nothing for an event", async () => {
    const jobs = new Jobs();
    const { up, down } = between(each(pipe(filter((n: number) => n % 2 === 1), concatMap(jobs.start)), { concurrency: 2, ordered: false }));
    await down.ask(10);
    await up.emit(...range(6));
    await up.complete();
    expect(jobs.started).toEqual([1, 3]);
    jobs.finish(3, 1);
    await settle();
    jobs.finish(5);
    await settle();
    expect([down.events, down.end]).toEqual([[3, 1, 5], { type: "normal" }]);
  });

  test("may take its time, with operators of time", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"] });
    const { up, down } = between(each(delay<number>(10), { concurrency: 2 }));
    await down.ask(10);
    await up.emit(1, 2, 3);
    await up.complete();
    await vi.advanceTimersByTimeAsync(10);
    await settle();
    expect(down.events).toEqual([1, 2]);
    await vi.advanceTimersByTimeAsync(10);
    await settle();
    expect([down.events, down.end]).toEqual([[1, 2, 3], { type: "normal" }]);
  });

  test("gets its event once more by retry", async () => {
    let calls = 0;
    const work = (n: number): Promise<string> => {
      calls += 1;
      return n === 1 && calls < 4 ? Promise.reject(boom) : Promise.resolve(`${n} by call ${calls}`);
    };
    const events: string[] = [];
    const operators = each(pipe(mergeMap((n: number) => defer(() => work(n))), retry(5)));
    for await (const event of throughOperators(operators, { subscribeTo: [fromIterable([1, 2])] })) events.push(event);
    expect(events).toEqual(["1 by call 4", "2 by call 5"]);
  });

  describe("an error", () => {
    test("of a copy comes behind what others have finished, and ends those that have not", async () => {
      const jobs = new Jobs();
      const left: number[] = [];
      const { up, stage, down, reports } = between(each(concatMap((n: number) => from(jobs.start(n)).pipe(finalize(() => left.push(n)))), { concurrency: 4 }));
      await down.ask(10);
      await up.emit(...range(6));
      jobs.finish(2);
      await settle();
      jobs.fail(1, boom);
      await settle();
      expect([down.events, down.end]).toEqual([[2], { type: "error", error: boom }]);
      expect(left.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
      expect(up.cancels).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: boom } }]);
      expect(stage.snapshot().input).toMatchObject({ inCallback: 0 });
      expect(reports.filter(({ kind }) => kind !== "lost")).toEqual([]);
    });

    test.each<[string, () => Operators<number, number>]>([
      ["at once", () => each(mergeMap(() => throwError(() => boom)))],
      [
        "as it is put together",
        () =>
          each<number, number>(() => {
            throw boom;
          }),
      ],
      ["of what it wants to do with the event", () => each(map((): number => { throw boom; }))],
    ])("may come %s", async (_name, operators) => {
      const { up, down } = between(operators());
      await down.ask(10);
      await up.emit(1, 2);
      expect(down.end).toEqual({ type: "error", error: boom });
      expect(up.cancels).toHaveLength(1);
    });

    test("of a producer comes behind all copies", async () => {
      const jobs = new Jobs();
      const { up, down } = between(each(concatMap(jobs.start), { concurrency: 2 }));
      await down.ask(10);
      await up.emit(1, 2);
      await up.fail(boom);
      jobs.finish(2, 1);
      await settle();
      expect([down.events, down.end]).toEqual([[1, 2], { type: "error", error: boom }]);
    });
  });

  test("a stop unsubscribes all copies, and tells what their teardowns throw", async () => {
    const left: number[] = [];
    const { up, stage, down, reports } = between(
      each(
        concatMap((n: number) =>
          timer(1_000_000).pipe(
            finalize(() => {
              left.push(n);
              if (n < 2) throw boom;
            }),
          ),
        ),
        { concurrency: 3 },
      ),
    );
    await down.ask(10);
    await up.emit(...range(4));
    await stage.stop();
    expect(left).toEqual([0, 1, 2]);
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { errors: [boom, boom] } }]);
    expect(down.end).toMatchObject({ type: "shutdown" });
  });

  test("what was not handled is given back, where it is to be delivered again", async () => {
    const jobs = new Jobs();
    const got: number[] = [];
    const source = producer<number>();
    const first = throughOperators(each(concatMap(jobs.start), { concurrency: 2 }), { subscribeTo: [{ to: source, maxDemand: 3, onCrash: "redeliver" }] });
    const down = new ConsumerProbe(first);
    await down.ask(10);
    source.emit(range(3));
    await settle();
    jobs.finish(0);
    await settle();
    await first.stop();
    const second = consumer({ subscribeTo: [source], handleEvents: (events) => void got.push(...events) });
    await settle();
    expect([down.events, got]).toEqual([[0], [1, 2]]);
    await second.stop();
    await source.stop();
  });
});
