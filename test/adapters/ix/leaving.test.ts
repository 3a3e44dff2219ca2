/** Which operators of IxJS leave what they read from when they are left: `docs/14-from-ixjs.md` names those that do not. */
import { readFileSync } from "node:fs";
import { from, never, of } from "ix/asynciterable";
import { bufferCountOrTime, catchError, combineLatestWith, concatAll, concatMap, concatWith, distinct, endWith, filter, finalize, flatMap, map, memoize, mergeAll, mergeWith, pairwise, publish, raceWith, repeat, retry, scan, share, skip, slice, startWith, takeUntil, takeWhile, tap, timeout, withLatestFrom, zipWith } from "ix/asynciterable/operators";
import { describe, expect, test } from "vitest";
import { producer, type Producer } from "sluice";
import { throughIx, toIx, type IxIterable } from "sluice/ix";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";

type Operator = (source: IxIterable<number>) => AsyncIterable<unknown>;

const guide = readFileSync(new URL("../../../docs/14-from-ixjs.md", import.meta.url), "utf8");
const named = /^(.*) leave nothing/mu.exec(guide)?.[1] ?? "";

const LEAVE: [string, Operator][] = [
  ["map", map((n: number) => n)],
  ["filter", filter<number>(() => true)],
  ["scan", scan({ seed: 0, callback: (sum: number, n: number) => sum + n })],
  ["tap", tap<number>({ next: () => undefined })],
  ["distinct", distinct()],
  ["pairwise", pairwise<number>()],
  ["takeWhile", takeWhile<number>(() => true)],
  ["concatMap", concatMap((n: number) => of(n))],
  ["concatAll", (source) => source.pipe(map((n) => of(n)), concatAll())],
  ["concatWith", concatWith(never())],
  ["endWith", endWith(0)],
  ["startWith", startWith(0)],
  ["flatMap", flatMap((n: number) => of(n))],
  ["mergeAll", (source) => source.pipe(map((n) => of(n)), mergeAll())],
  ["repeat", repeat(2)],
  ["finalize", (source) => source.pipe(finalize(() => undefined))],
  ["timeout", timeout<number>(1_000_000)],
];

const LEAVE_NOTHING: [string, Operator][] = [
  ["skip", skip<number>(1)],
  ["slice", slice<number>(0, 9)],
  ["takeUntil", takeUntil<number>(() => new Promise(() => undefined))],
  ["catchError", catchError<number, number>(() => of(0))],
  ["retry", retry<number>(2)],
  ["zip", zipWith(from(range(9)))],
  ["merge", mergeWith(never())],
  ["race", (source) => source.pipe(raceWith<number>(never()))],
  ["combineLatest", combineLatestWith(of(1))],
  ["withLatestFrom", withLatestFrom(of(1))],
  ["bufferCountOrTime", bufferCountOrTime<number>(2, 1_000_000)],
  ["publish", publish<number>()],
  ["share", share<number>()],
  ["memoize", memoize<number>()],
];

function numbers(): Producer<number> {
  let next = 0;
  return producer<number>({ handleDemand: (demand) => Array.from({ length: demand }, () => next++) });
}

describe.each<[string, boolean, [string, Operator][]]>([
  ["leave", true, LEAVE],
  ["leave nothing", false, LEAVE_NOTHING],
])("operators that %s", (_, isLeft, operators) => {
  test.each(operators)("%s, behind a stage", async (name, operator) => {
    const stage = numbers();
    const iterator = operator(toIx(stage))[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    await iterator.return?.();
    await settle();
    expect(stage.snapshot().state === "ended").toBe(isLeft);
    await stage.stop();
    expect(named.includes(`\`${name}\``)).toBe(!isLeft);
  });
});

test.each([...LEAVE, ...LEAVE_NOTHING])("%s, in the middle, leaves its producers with its stage", async (_, operator) => {
  const up = numbers();
  const stage = throughIx<number, unknown>(operator as never, { subscribeTo: [up] });
  await new ConsumerProbe(stage).ask(2);
  await stage.stop();
  expect(up.snapshot().state).toBe("ended");
});
