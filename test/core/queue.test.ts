import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Queue } from "../../src/core/queue.ts";

test("a queue gives values back in the order in which they came", () => {
  const queue = new Queue<string>();
  queue.push("a");
  queue.push("b");
  expect([queue.shift(), queue.shift()]).toEqual(["a", "b"]);
});

test("a queue takes a value before the first", () => {
  const queue = new Queue<string>();
  queue.push("b");
  queue.unshift("a");
  expect(queue.length).toBe(2);
  expect([queue.peek(), queue.at(0), queue.at(1)]).toEqual(["a", "a", "b"]);
});

test("a queue forgets everything when it is cleared, and goes on", () => {
  const queue = new Queue<number>();
  for (let i = 0; i < 10; i += 1) queue.push(i);
  queue.clear();
  expect(queue.length).toBe(0);
  queue.push(11);
  expect(queue.shift()).toBe(11);
});

test("a queue lets go of a value that was taken out", () => {
  const queue = new Queue<object>();
  queue.push({});
  queue.shift();
  // The place that held it is the fourth from here on, behind three that were never used.
  expect(queue.at(3)).toBeUndefined();
});

test("a queue keeps values that are undefined", () => {
  const queue = new Queue<number | undefined>();
  queue.push(undefined);
  queue.push(1);
  expect(queue.length).toBe(2);
  expect([queue.shift(), queue.shift()]).toEqual([undefined, 1]);
});

type Step = { readonly do: "push" | "unshift" | "shift" | "clear"; readonly times: number };

const steps = fc.array(
  fc.record<Step>({
    do: fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom("push" as const, "unshift" as const, "shift" as const) },
      { weight: 1, arbitrary: fc.constant("clear" as const) },
    ),
    times: fc.integer({ min: 1, max: 12 }),
  }),
  { maxLength: 60, size: "max" },
);

test("a queue does what an array does, in whatever order it is filled and emptied", { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(steps, (script) => {
      const queue = new Queue<number>();
      const model: number[] = [];
      let next = 0;
      for (const step of script) {
        for (let i = 0; i < step.times; i += 1) {
          next += 1;
          if (step.do === "push") {
            queue.push(next);
            model.push(next);
          } else if (step.do === "unshift") {
            queue.unshift(next);
            model.unshift(next);
          } else if (step.do === "clear") {
            queue.clear();
            model.length = 0;
          } else if (model.length > 0) {
            expect(queue.peek()).toBe(model[0]);
            expect(queue.shift()).toBe(model.shift());
          }
        }
        expect(queue.length).toBe(model.length);
        expect(model.map((_, place) => queue.at(place))).toEqual(model);
      }
    }),
    { numRuns: 300 },
  );
});
