/** How many events operators of IxJS pull from a producer for one ask: `docs/14-from-ixjs.md` has the numbers. */
import { readFileSync } from "node:fs";
import { from, never, of, type AsyncIterableX } from "ix/asynciterable";
import { batch, buffer, bufferCountOrTime, concatMap, debounce, distinct, filter, flatMap, groupBy, map, mergeAll, orderBy, pairwise, publish, scan, skip, switchMap, take, takeLast, tap, throttle } from "ix/asynciterable/operators";
import { Observable } from "rxjs";
import { describe, expect, test } from "vitest";
import { producer, type Producer } from "sluice";
import { fromIx, toIx, type IxIterable } from "sluice/ix";
import { settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";

const COUNT = 20_000;
const guide = readFileSync(new URL("../../../docs/14-from-ixjs.md", import.meta.url), "utf8");

/** A producer of 20,000 events that counts the demand for them. */
function counted(): { readonly stage: Producer<number>; readonly pulled: () => number } {
  let next = 0;
  const stage = producer<number>({
    handleDemand(demand, self) {
      const list = range(Math.min(demand, COUNT - next), next);
      next += list.length;
      if (next === COUNT) self.complete();
      return list;
    },
  });
  return { stage, pulled: () => next };
}

const cell = (n: number): string => n.toLocaleString("en-US");

type Operator = (source: IxIterable<number>) => AsyncIterable<unknown>;

describe("for one ask", () => {
  test.each<[string, number, Operator]>([
    ["`map`", 1, map((n: number) => n)],
    ["`filter`", 1, filter<number>(() => true)],
    ["`scan`", 1, scan({ seed: 0, callback: (sum: number, n: number) => sum + n })],
    ["`take`", 1, take<number>(5)],
    ["`tap`", 1, tap<number>({ next: () => undefined })],
    ["`distinct`", 1, distinct()],
    ["`throttle`", 1, throttle<number>(1)],
    ["`concatMap`", 1, concatMap((n: number) => of(n))],
    ["`pairwise`", 2, pairwise<number>()],
    ["`skip(2)`", 3, skip<number>(2)],
    ["`buffer(10)`", 10, buffer<number>(10)],
    ["`bufferCountOrTime(10, ms)`", 11, bufferCountOrTime<number>(10, 1_000_000)],
    ["`flatMap(f, 2)`: slow inner ones", COUNT, flatMap(() => never(), 2)],
    ["`switchMap`: slow inner ones", COUNT, switchMap(() => never())],
    ["`batch`", COUNT, batch<number>()],
    ["`debounce`", COUNT, debounce<number>(1)],
    ["`orderBy`, `takeLast`, `groupBy`", COUNT, orderBy((n: number) => n)],
    ["`orderBy`, `takeLast`, `groupBy`", COUNT, takeLast<number>(1)],
    ["`orderBy`, `takeLast`, `groupBy`", COUNT, groupBy((n: number) => n % 2)],
  ])("%s pulls %i, as the guide says", async (name, pulls, operator) => {
    const { stage, pulled } = counted();
    const iterable = toIx(stage).pipe(operator) as AsyncIterableX<unknown>;
    const iterator = iterable[Symbol.asyncIterator]();
    iterator.next().catch(() => undefined);
    await settle();
    expect(pulled()).toBe(pulls);
    expect(guide).toContain(`| ${name} | ${cell(pulls)} |`);
    await stage.stop();
  });

  test.each<[string, Operator]>([
    ["flatMap", flatMap((n: number) => of(n))],
    ["mergeAll", (source) => source.pipe(map((n) => of(n)), mergeAll())],
  ])("%s of quick inner ones pulls 1 or 2 more: it reads on beside them", async (_, operator) => {
    const { stage, pulled } = counted();
    await operator(toIx(stage))[Symbol.asyncIterator]().next();
    await settle();
    expect([2, 3]).toContain(pulled());
    expect(guide).toContain("| `flatMap`, `mergeAll`: quick inner ones | 2 or 3 |");
    await stage.stop();
  });

  test("`publish` pulls 1, and keeps for a slow reader all that a fast one has read", async () => {
    const { stage, pulled } = counted();
    const published = toIx(stage).pipe(publish());
    const slow = published[Symbol.asyncIterator]();
    const fast = published[Symbol.asyncIterator]();
    await slow.next();
    await settle();
    expect(pulled()).toBe(1);
    for (const _ of range(5000)) await fast.next();
    expect(pulled()).toBe(5000);
    expect(await slow.next()).toEqual({ value: 1, done: false });
    expect(guide).toContain("| `publish`: a slow reader beside a fast one | what the fast one read |");
    await stage.stop();
  });

  test("`from(observable)` takes all that comes", async () => {
    let emitted = 0;
    const observable = new Observable<number>((subscriber) => {
      for (; emitted < COUNT; emitted += 1) subscriber.next(emitted);
      subscriber.complete();
    });
    await using stage = fromIx<number>(from(observable));
    await stage[Symbol.asyncIterator]().next();
    expect(emitted).toBe(COUNT);
    expect(guide).toContain(`| \`from(observable)\` | ${cell(COUNT)} |`);
  });

  test("fromIx and toIx themselves pull 1", async () => {
    const { stage, pulled } = counted();
    await toIx(fromIx(toIx(stage)))[Symbol.asyncIterator]().next();
    await settle();
    expect(pulled()).toBe(1);
  });
});
