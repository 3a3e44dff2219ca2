/** `docs/14-from-ixjs.md`: its code runs here; its numbers are measured by `test/adapters/ix/demand.test.ts`. */
import { consumer, fromIterable, pipeline } from "sluice";
import { fromIx, throughIx, toIx } from "sluice/ix";
import { from } from "ix/asynciterable";
import { buffer, filter, map, take } from "ix/asynciterable/operators";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { range } from "../core/support/range.ts";
import { paragraphsMissing } from "./fences.ts";

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

test("shows code as it is run here, in less than 120 lines", () => {
  const guide = text("../../docs/14-from-ixjs.md");
  expect(paragraphsMissing(guide, text("from-ixjs.test.ts"))).toEqual([]);
  expect(guide.split("\n").length).toBeLessThan(130);
});

test("a chain of IxJS comes in, and goes out", async () => {
  const seen: number[] = [];
  const squares = fromIx(from(range(10)).pipe(map((n: number) => n * n)));
  const pairs = fromIx(from(range(10)).pipe(buffer(2)), { lists: true });

  for await (const n of toIx(squares).pipe(filter((square) => square % 2 === 0), take(3))) seen.push(n);

  expect(seen).toEqual([0, 4, 16]);
  const lists: (readonly number[])[] = [];
  for await (const list of pairs.batches()) lists.push(list);
  expect(lists[1]).toEqual([2, 3]);
});

test("operators of IxJS stand in the middle", async () => {
  const seen: number[] = [];

  await pipeline(
    fromIterable(range(10)),
    (numbers) => throughIx((source) => source.pipe(map((n: number) => n + 1), take(4)), { subscribeTo: [numbers] }),
    (numbers) => consumer({ subscribeTo: [numbers], handleEvents: (events) => void seen.push(...events) }),
  );

  expect(seen).toEqual([1, 2, 3, 4]);
});
