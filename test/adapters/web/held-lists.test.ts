import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HeldLists } from "../../../src/adapters/web/held-lists.ts";
import { range } from "../../core/support/range.ts";

test("lists that wait give their events back in the order in which they came, and know how many there are", () => {
  const step = fc.oneof(fc.record({ push: fc.integer({ min: 1, max: 5 }) }), fc.record({ take: fc.integer({ min: 1, max: 20 }) }), fc.constant("clear" as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const held = new HeldLists<number>();
      let model: number[] = [];
      let made = 0;
      for (const each of steps) {
        if (each === "clear") {
          held.clear();
          model = [];
        } else if ("push" in each) {
          const list = range(each.push, made);
          made += each.push;
          held.push(list);
          model.push(...list);
        } else for (let count = Math.min(each.take, model.length); count > 0; count -= 1) expect(held.take()).toBe(model.shift());
        expect(held.size).toBe(model.length);
      }
    }),
  );
});

test("a hundred lists that wait go as they came", () => {
  const lists = range(100).map((n) => range(3, 3 * n));
  const held = new HeldLists<number>();
  for (const list of lists) held.push(list);
  for (const list of lists) expect(held.takeList()).toBe(list);
  expect(held.size).toBe(0);
});
