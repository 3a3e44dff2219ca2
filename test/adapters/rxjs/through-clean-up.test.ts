/** What operators leave behind them fails: RxJS itself drops most of what a teardown throws at an end. */
import { finalize } from "rxjs";
import { describe, expect, test } from "vitest";
import { fromIterable, type Report } from "sluice";
import { each, sync, throughOperators, tracked, type Operators } from "sluice/rxjs";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { VERSIONS } from "./support/versions.ts";

const boom = new Error("boom");
const late = new Error("late");

async function run(operators: Operators<number, number>): Promise<{ readonly down: ConsumerProbe<number>; readonly reports: readonly Report[] }> {
  const reports: Report[] = [];
  const stage = throughOperators(operators, { subscribeTo: [fromIterable(range(4))], handleReport: (report) => reports.push(report) });
  void stage.closed;
  const down = new ConsumerProbe(stage);
  await down.ask(10);
  await settle();
  return { down, reports };
}

const throwing = (): never => {
  throw late;
};

describe.each(VERSIONS)("%s: a clean-up that throws", (_, rx) => {
  const { concatMap, map, mergeMap, pipe, take } = rx;
  const onEnd = rx.finalize;
  const failing = map((n: number): number => {
    if (n === 2) throw boom;
    return n;
  });

  test.each<[string, Operators<number, number>, number[]]>([
    ["of synchronous operators", sync(onEnd<number>(throwing)), range(4)],
    ["of operators that complete early", sync(take<number>(2), onEnd(throwing)), range(2)],
    ["of tracked operators", tracked({ mergeMap }, (g) => pipe(g.mergeMap((n: number) => Promise.resolve(n), 2), onEnd(throwing))), range(4)],
    ["of a copy that takes its time", each(pipe(concatMap((n: number) => Promise.resolve(n)), onEnd(throwing))), [0]],
  ])("at a normal end fails the stage, behind what was emitted: %s", async (_name, operators, events) => {
    const { down } = await run(operators);
    expect([down.events, down.end]).toEqual([events, { type: "error", error: late }]);
  });

  test("behind an error is reported, and the error stays", async () => {
    const { down, reports } = await run(sync(failing, onEnd(throwing)));
    expect([down.events, down.end]).toEqual([[0, 1], { type: "error", error: boom }]);
    expect(reports).toContainEqual(expect.objectContaining({ kind: "late-failure", error: late }));
  });
});

test("a clean-up that RxJS 7 adds to a copy that has ended, and that throws, fails the stage", async () => {
  const { down } = await run(each(finalize<number>(throwing)));
  expect([down.events, down.end]).toEqual([[0], { type: "error", error: late }]);
});
