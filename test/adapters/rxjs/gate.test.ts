/** What cannot be seen of a chain of RxJS: what a gate keeps of events that have settled, and when an output leaves. */
import { NEVER, catchError, concat, concatMap, groupBy, mergeMap, of, pipe, retry, tap, throwError } from "rxjs";
import { expect, test } from "vitest";
import { fromIterable, type Report } from "sluice";
import { each, throughOperators, tracked, type Operators } from "sluice/rxjs";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { Jobs } from "./support/jobs.ts";

type Passage = ReturnType<Operators<number, number>["enter"]>;
type Token = Parameters<Passage["next"]>[1];

/** Operators that keep each event until they are told. */
function keeping(tokens: Token[]): Operators<number, number> {
  return {
    type: "tracked",
    enter: (host) => ({
      most: undefined,
      hasRoom: true,
      isAttached: true,
      open: () => undefined,
      next(_, token) {
        token.hold();
        tokens.push(token);
      },
      complete: () => host.completed(),
      error: (error) => host.failed(error),
      close: () => undefined,
    }),
  };
}

test("an event that has settled knows no others: who still has its token keeps nothing else", async () => {
  const tokens: Token[] = [];
  const stage = throughOperators(keeping(tokens), { subscribeTo: [fromIterable(range(5))] });
  const down = new ConsumerProbe(stage);
  await down.ask(10);
  const linksOf = (token: Token | undefined): unknown[] => [token?.before, token?.behind];
  expect(linksOf(tokens[2])).toEqual([tokens[1], tokens[3]]);

  tokens[2]?.release();
  tokens[0]?.release();
  tokens[4]?.release();
  expect([2, 0, 4].flatMap((n) => linksOf(tokens[n]))).toEqual(range(6).map(() => undefined));
  expect([linksOf(tokens[1]), linksOf(tokens[3])]).toEqual([
    [undefined, tokens[3]],
    [tokens[1], undefined],
  ]);
  tokens[1]?.release();
  tokens[3]?.release();
  await settle();
  expect(down.end).toEqual({ type: "normal" });
});

test("an output that meets the demand leaves in the turn in which it was made", async () => {
  const stage = throughOperators(tracked({ mergeMap }, (g) => g.mergeMap((n: number) => Promise.resolve(n), 2)), { subscribeTo: [fromIterable(range(20))] });
  const reader = stage.events({ maxDemand: 1, minDemand: 0 });
  let inTurn = 0;
  for (let n = 0; n < 20; n += 1) {
    const inMicrotasks = (async (): Promise<undefined> => {
      for (let microtask = 0; microtask < 200; microtask += 1) await Promise.resolve();
    })();
    const next = reader.next();
    if ((await Promise.race([next, inMicrotasks])) !== undefined) inTurn += 1;
    expect((await next).value).toBe(n);
  }
  // The last one leaves with the end; and a slice that is over lets the event loop turn now and then.
  expect(inTurn).toBeGreaterThan(1);
});

test("what is made in one turn, and is less than was demanded, leaves as one list in the next", async () => {
  const stage = throughOperators(tracked({ mergeMap }, (g) => g.mergeMap((n: number) => new Promise<number>((resolve) => setImmediate(() => resolve(n))), 8)), { subscribeTo: [fromIterable(range(8))] });
  const down = new ConsumerProbe(stage);
  await down.ask(100);
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await settle();
  expect(down.events).toEqual(range(8));
  expect(down.batches.length).toBeLessThan(8);
});

test("nothing is fed that would wait at the first of several operators, whatever the others would take", async () => {
  const jobs = new Jobs();
  const fed: number[] = [];
  const operators = tracked({ mergeMap, concatMap }, (g) =>
    pipe(
      tap((n: number) => void fed.push(n)),
      g.mergeMap(jobs.start, 2),
      g.concatMap((n: number) => [n]),
    ),
  );
  const stage = throughOperators(operators, { subscribeTo: [fromIterable(range(10))], feed: "eager" });
  const down = new ConsumerProbe(stage);
  await down.ask(10);
  expect(fed).toEqual([0, 1]);
  jobs.finish(1);
  await settle();
  expect(fed).toEqual([0, 1, 2]);
  await stage.stop();
});

test("what a thenable that is no promise says runs nobody in that call", async () => {
  const started: number[] = [];
  const says: ((n: number) => void)[] = [];
  const later = (n: number): PromiseLike<number> => {
    started.push(n);
    // oxlint-disable-next-line unicorn/no-thenable
    return { then: (onValue: (value: number) => never) => void says.push(onValue) } as unknown as PromiseLike<number>;
  };
  const stage = throughOperators(tracked({ concatMap }, (g) => g.concatMap(later)), { subscribeTo: [fromIterable(range(3))] });
  const down = new ConsumerProbe(stage);
  await down.ask(3);
  expect(started).toEqual([0]);
  says[0]?.(0);
  expect(started).toEqual([0]);
  await settle();
  expect([started, down.events]).toEqual([[0, 1], [0]]);
  await stage.stop();
});

test("an error of a copy takes with it what unfinished copies have emitted behind a slower one", async () => {
  const boom = new Error("boom");
  const made = [NEVER, concat(of(1), NEVER), of(2), throwError(() => boom)];
  const stage = throughOperators(each(mergeMap((n: number) => made[n] ?? NEVER), { concurrency: 4 }), { subscribeTo: [fromIterable(range(4))] });
  const { closed } = stage;
  const down = new ConsumerProbe(stage);
  await down.ask(10);
  expect(await closed).toEqual({ type: "error", error: boom });
  expect(down.events).toEqual([2]);
});

test("values that wait when `retry` leaves the operators hold nothing up", async () => {
  const operators = tracked({ concatMap }, (g) =>
    pipe(
      mergeMap((n: number) => [n, n, n]),
      g.concatMap((n) => (n === 0 ? Promise.reject(new Error("boom")) : Promise.resolve(n))),
      retry(),
    ),
  );
  const stage = throughOperators(operators, { subscribeTo: [{ to: fromIterable(range(3)), maxDemand: 1 }] });
  const down = new ConsumerProbe(stage);
  await down.ask(10);
  await settle();
  expect([down.events, down.end]).toEqual([[1, 1, 1, 2, 2, 2], { type: "normal" }]);
  expect(stage.snapshot()).toMatchObject({ input: { received: 3, handled: 3 } });
});

test("the first end that operators tell counts, and they are closed with it and with the stage", async () => {
  let closes = 0;
  const operators: Operators<number, number> = {
    type: "tracked",
    enter: (host) => ({
      most: undefined,
      hasRoom: true,
      isAttached: true,
      open: () => undefined,
      next(_event, token) {
        token.hold();
        host.emitted(1);
        host.completed();
        host.completed();
        host.failed(new Error("after the end"));
      },
      complete: () => undefined,
      error: () => undefined,
      close: () => void (closes += 1),
    }),
  };
  const stage = throughOperators(operators, { subscribeTo: [fromIterable(range(5))] });
  const down = new ConsumerProbe(stage);
  await down.ask(10);
  await settle();
  expect([down.events, down.end]).toEqual([[1], { type: "normal" }]);
  expect(closes).toBe(2);
});

test("a close that throws behind an error is reported, and the error stays", async () => {
  const [boom, late] = [new Error("boom"), new Error("late")];
  const reports: Report[] = [];
  let isOver = false;
  const operators: Operators<number, number> = {
    type: "tracked",
    enter: (host) => ({
      most: undefined,
      hasRoom: true,
      isAttached: true,
      open: () => undefined,
      next: () => host.failed(boom),
      complete: () => undefined,
      error: () => undefined,
      close() {
        if (isOver) return;
        isOver = true;
        throw late;
      },
    }),
  };
  const stage = throughOperators(operators, { subscribeTo: [fromIterable(range(5))], handleReport: (report) => reports.push(report) });
  void stage.closed;
  const down = new ConsumerProbe(stage);
  await down.ask(10);
  await settle();
  expect(down.end).toEqual({ type: "error", error: boom });
  expect(reports).toContainEqual(expect.objectContaining({ kind: "late-failure", error: late }));
});

test.each(["sync", "tracked"] as const)("what a passage throws is an error of the operators: %s", async (type) => {
  for (const at of ["open", "next"] as const) {
    const boom = new Error(at);
    const throwing = (): never => {
      throw boom;
    };
    const operators: Operators<number, number> = {
      type,
      enter: () => ({
        most: undefined,
        hasRoom: true,
        isAttached: true,
        open: at === "open" ? throwing : () => undefined,
        next: at === "next" ? throwing : () => undefined,
        complete: () => undefined,
        error: () => undefined,
        close: () => undefined,
      }),
    };
    const stage = throughOperators(operators, { subscribeTo: [fromIterable(range(5))] });
    void stage.closed;
    const down = new ConsumerProbe(stage);
    await down.ask(10);
    await settle();
    expect(down.end).toEqual({ type: "error", error: boom });
  }
});

test("an error of the input is one of each group, behind what came", async () => {
  const boom = new Error("boom");
  const operators = tracked({ mergeMap }, (g) =>
    pipe(
      groupBy((n: number) => n % 2),
      g.mergeMap((group) => group.pipe(catchError((error: unknown) => of(`${group.key}: ${String(error)}`)))),
    ),
  );
  const up = new ProducerProbe<number>();
  const stage = throughOperators(operators, { subscribeTo: [up.producer] });
  void stage.closed;
  const down = new ConsumerProbe(stage);
  await down.ask(10);
  await up.emit(1, 2);
  void up.fail(boom);
  await settle();
  expect(down.events).toEqual([1, 2, "1: Error: boom", "0: Error: boom"]);
});
