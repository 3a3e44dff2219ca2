/** The code of `docs/05-async-iteration.md` runs here; its costs are measured by `npm run bench:choosing`. */
import { fromIterable, producer, stream, type Producer } from "sluice";
import { settle } from "sluice/testing";
import { expect, test } from "vitest";
import { outputsOf, printing } from "./guide.ts";

const outputs = outputsOf("05-async-iteration");

const work = settle;

/** Says what it was asked for. */
const counter = (next = 0): Producer<number> =>
  producer({
    name: "counter",
    handleDemand(demand) {
      console.log(`  asked for ${demand}`);
      return Array.from({ length: demand }, () => next++);
    },
  });

test("an exact loop asks for one at a time", async () => {
  const printed = printing();
  for await (const n of counter()) {
    console.log(n);
    if (n === 2) break;
  }
  expect(printed()).toBe(outputs[0]);
});

test("several next() of one turn ask for as many", async () => {
  const printed = printing();
  const reader = counter()[Symbol.asyncIterator]();
  const results = await Promise.all([reader.next(), reader.next(), reader.next()]);
  expect(results.map(({ value }) => value)).toEqual([0, 1, 2]);
  expect(printed()).toBe("  asked for 3");
  await reader.return();
});

test("read-ahead asks for a window", async () => {
  const printed = printing();
  for await (const n of counter().events({ maxDemand: 4 })) {
    console.log(n);
    await work();
    if (n === 2) break;
  }
  expect(printed()).toBe(outputs[1]);
});

test("batches come as lists", async () => {
  const printed = printing();
  for await (const list of counter().batches({ maxDemand: 4 })) {
    console.log(list);
    await work();
    if (list.includes(2)) break;
  }
  expect(printed()).toBe(outputs[2]);
});

test("who leaves stops what nobody uses", async () => {
  const printed = printing();
  const numbers = counter();
  for await (const n of numbers) if (n === 1) break;
  console.log(await numbers.closed);
  expect(printed()).toBe(outputs[3]);
});

test("a signal ends a loop that waits", async () => {
  const printed = printing();
  const silent = producer<number>({ name: "silent" });
  try {
    for await (const n of silent.events({ signal: AbortSignal.timeout(10) })) console.log(n);
  } catch (error) {
    console.log((error as Error).name);
  }
  await silent.stop();
  expect(printed()).toBe(outputs[4]);
});

test("a stop is thrown as a StoppedError with its reason", async () => {
  const silent = producer<number>({ name: "silent" });
  const next = silent[Symbol.asyncIterator]().next();
  await settle();
  void silent.stop("closing time");
  await expect(next).rejects.toMatchObject({ name: "StoppedError", cause: "closing time" });
});

test("stream reads from several producers", async () => {
  const printed = printing();
  const events: string[] = [];
  for await (const event of stream([fromIterable(["a1", "a2", "a3"]), fromIterable(["b1", "b2"])])) events.push(event);
  console.log(events);
  expect(printed()).toBe(outputs[5]);
});
