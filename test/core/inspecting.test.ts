import { inspect } from "node:util";
import { expect, test } from "vitest";
import { consumer, consumerSupervisor, producer, producerConsumer, supervisor } from "sluice";
import { throughDuplex } from "sluice/node";
import { settle } from "sluice/testing";
import { PassThrough } from "node:stream";
import { range } from "./support/range.ts";

test("a stage is printed as one line: what it is, what it waits for, its counts, and who its partners are", async () => {
  await using source = producer<number>({ name: "source" });
  await using evens = producerConsumer({ name: "evens", subscribeTo: [{ to: source, maxDemand: 10 }], handleEvents: (events: readonly number[]) => events.filter((n) => n % 2 === 0) });
  await using printer = consumer({ name: "printer", subscribeTo: [evens], handleEvents: () => undefined });
  await settle();
  source.emit(range(14));
  await settle();
  expect([source, evens, printer].map((stage) => inspect(stage))).toEqual([
    "source: producer, running, waits for events, emitted 14, to evens",
    "evens: producerConsumer, running, waits for events, handled 14, emitted 7, from source (asked 6), to printer",
    "printer: consumer, running, waits for events, handled 7, from evens (asked 993)",
  ]);
});

test("a stage that has ended says so", async () => {
  const source = producer<number>({ name: "two\nlines" });
  await source.stop();
  expect(inspect(source)).toBe("two lines: producer, ended, emitted 0");
});

test("of many partners only some are named", async () => {
  await using source = producer<number>({ name: "source" });
  for (let i = 0; i < 6; i += 1) consumer({ name: `c${i}`, subscribeTo: [source], handleEvents: () => undefined });
  await settle();
  expect(inspect(source)).toBe("source: producer, running, waits for events, emitted 0, to c0 and c1 and c2 and c3 and 2 more");
});

test("a stage of two halves is printed as the one that it is", async () => {
  await using source = producer<Buffer>({ name: "source" });
  await using zipped = throughDuplex(new PassThrough(), { name: "zipped", subscribeTo: [source] });
  await settle();
  expect(inspect(zipped)).toMatch(/^zipped: producerConsumer, running, .*from source/);
});

test("a supervisor is printed with the names of its children, a consumer supervisor with their number", async () => {
  await using source = producer<number>({ name: "source" });
  await using tree = supervisor({ name: "tree" })
    .child("first", () => producer({ name: "first" }))
    .child("second", () => producer({ name: "second" }))
    .start();
  await using tasks = consumerSupervisor({ name: "tasks", subscribeTo: [source], restart: "temporary", start: () => new Promise<void>(() => undefined), stopWithinMs: 0 });
  await settle();
  source.emit([1, 2]);
  await tree.stopChild("second");
  await settle();
  expect(inspect(tree)).toBe("tree: supervisor, oneForOne, running, of first and second (stopped)");
  expect(inspect(tasks)).toMatch(/^tasks: consumer, running, in a callback, handled 0, being handled 2, from source .*, children 2$/);
});
