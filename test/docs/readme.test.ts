/** The code of `README.md` runs here. */
// oxlint-disable no-shadow -- there a child has the name of the function that makes it
import { consumer, describe, pipeline, producer, producerConsumer, supervisor, type Consumer, type Producer } from "sluice";
import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { paragraphsMissing } from "./fences.ts";

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const readme = text("../../README.md");

test("shows code as it is run here, in less than 150 lines", () => {
  expect(paragraphsMissing(readme, text("readme.test.ts"))).toEqual([]);
  expect(readme.split("\n").length).toBeLessThan(150);
});

const counter = (next = 0): Producer<number> =>
  producer({ name: "counter", handleDemand: (demand) => Array.from({ length: demand }, () => next++) });

const evens = (numbers: Producer<number>): Producer<number> =>
  producerConsumer({
    name: "evens",
    subscribeTo: [{ to: numbers, maxDemand: 10 }],
    handleEvents: (events) => events.filter((n) => n % 2 === 0),
  });

const printer = (name: string, numbers: Producer<number>): Consumer<number> =>
  consumer({ name, subscribeTo: [numbers], handleEvents: (events) => console.log(name, events) });

/** Calls a function at each list that is printed, of which there is no end. */
function watchConsole(printed: (name: string, events: readonly number[]) => void): void {
  vi.spyOn(console, "log").mockImplementation((name: string, events?: readonly number[]) => {
    if (events !== undefined) printed(name, events);
  });
}

afterEach(() => void vi.restoreAllMocks());

test("the pipeline prints even numbers, in lists, in order", async () => {
  const seen: number[] = [];
  const enough = new Error("enough");
  watchConsole((name, events) => {
    expect(name).toBe("a");
    seen.push(...events);
    if (seen.length >= 20) throw enough;
  });
  const run = async (): Promise<void> => {
    await pipeline(counter(), evens, (numbers) => printer("a", numbers));
  };
  await expect(run()).rejects.toBe(enough);
  expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => 2 * n));
});

test("two printers share the work", async () => {
  const seen = new Map<string, number>();
  watchConsole((name, events) => {
    seen.set(name, (seen.get(name) ?? 0) + events.length);
    if (seen.size === 2) void numbers.stop();
  });
  const numbers = evens(counter());
  printer("a", numbers);
  printer("b", numbers);
  await numbers.closed;
  expect([...seen.keys()]).toEqual(["a", "b"]);
});

test("the tree goes on after a crash of a printer, and can be looked at", async () => {
  const seen = new Set<string>();
  let hasFailed = false;
  watchConsole((name) => {
    if (!hasFailed) {
      hasFailed = true;
      throw new Error("out of paper");
    }
    if (seen.add(name).size === 2) void tree.stop();
  });
  await using tree = supervisor({ strategy: "restForOne", maxRestarts: 3, withinMs: 5000 })
    .child("counter", () => counter())
    .child("evens", ({ counter }) => evens(counter)) // sees the children before it, and TypeScript knows which
    .child("printer1", ({ evens }) => printer("1", evens))
    .child("printer2", ({ evens }) => printer("2", evens))
    .start();

  console.log(describe(tree)); // who supervises whom, who feeds whom, and the state of each

  expect(await tree.closed).toEqual({ type: "shutdown" });
  expect(tree.snapshot().children.map(({ name, restarts }) => [name, restarts])).toEqual([
    ["counter", 0],
    ["evens", 0],
    ["printer1", 1],
    ["printer2", 1],
  ]);
});

test("a loop stops what it leaves", async () => {
  const numbers = evens(counter());
  let last = 0;
  for await (const n of numbers) if ((last = n) > 100) break;
  expect([last, await numbers.closed]).toEqual([102, { type: "shutdown" }]);
  for await (const n of evens(counter())) if (n > 100) break;
});
