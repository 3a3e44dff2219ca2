/** The code of `docs/03-dispatching.md` runs here. */
import { broadcastDispatcher, consumer, fromIterable, partitionDispatcher, producer, type Consumer, type Producer } from "sluice";
import { settle } from "sluice/testing";
import { expect, test } from "vitest";
import { range } from "../core/support/range.ts";
import { outputsOf, printing } from "./guide.ts";

const outputs = outputsOf("03-dispatching");
const quiet = settle;

/** Time that goes on when all is quiet, so that in each tick everybody gets as far as he can, however slow the machine is. */
class Ticks {
  #now = 0;
  #waiting: { readonly until: number; readonly resolve: () => void }[] = [];

  wait(ticks: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ until: this.#now + ticks, resolve }));
  }

  async run(): Promise<void> {
    for (await settle(); this.#waiting.length > 0; await settle()) {
      this.#now += 1;
      const due = this.#waiting.filter(({ until }) => until <= this.#now);
      this.#waiting = this.#waiting.filter(({ until }) => until > this.#now);
      for (const { resolve } of due) resolve();
    }
  }
}

const ticks = new Ticks();
const quickly = (): Promise<void> => ticks.wait(1);
const slowly = (): Promise<void> => ticks.wait(3);

const worker = (name: string, jobs: Producer<number>, maxDemand: number, work: (job: number) => Promise<void>): Consumer<number> =>
  consumer({ name, subscribeTo: [{ to: jobs, maxDemand }], handleEvent: work });

test("workers that ask for one job at a time get as many as they can do", async () => {
  const printed = printing();
  const isOver = ticks.run();
  const jobs = fromIterable(range(100));
  const workers = [worker("quick", jobs, 1, quickly), worker("slow", jobs, 1, slowly)];
  await Promise.all(workers.map(({ closed }) => closed));
  for (const each of workers) console.log(each.name, each.snapshot().input?.handled);
  await isOver;
  expect(printed()).toBe(outputs[0]);
});

test("a slow worker that asks for 40 keeps 40", async () => {
  const printed = printing();
  const jobs = fromIterable(range(100));
  const workers = [worker("quick", jobs, 40, quickly), worker("slow", jobs, 40, slowly)];
  await ticks.run();
  await Promise.all(workers.map(({ closed }) => closed));
  for (const each of workers) console.log(each.name, each.snapshot().input?.handled);
  expect(printed()).toBe(outputs[1]);
});

test("a broadcast goes to all, but for what a selector refuses", async () => {
  const printed = printing();
  const prices = fromIterable(range(6), { dispatcher: broadcastDispatcher() });
  const ledger = consumer({ name: "ledger", subscribeTo: [prices], handleEvents: (events) => console.log("ledger", events) });
  const evens = consumer({
    name: "evens",
    subscribeTo: [{ to: prices, selector: (n: number) => n % 2 === 0 }],
    handleEvents: (events) => console.log("evens", events),
  });
  await Promise.all([ledger.closed, evens.closed]);
  expect(printed()).toBe(outputs[2]);
});

test("who comes late has missed nothing where demand accumulates", async () => {
  const printed = printing();
  const news = producer<string>({ name: "news", demand: "accumulate", dispatcher: broadcastDispatcher() });
  news.emit(["first"]);
  const early = consumer({ name: "early", subscribeTo: [news], handleEvents: (events) => console.log("early", events) });
  await quiet();
  const late = consumer({ name: "late", subscribeTo: [news], handleEvents: (events) => console.log("late", events) });
  news.setDemandMode("forward");
  news.complete();
  await Promise.all([early.closed, late.closed]);
  expect(printed()).toBe(outputs[3]);
});

test("a partition gets what the hash says", async () => {
  const printed = printing();
  const words = fromIterable(["apple", "bean", "avocado", "beet", "cherry"], {
    dispatcher: partitionDispatcher({ partitions: ["a", "b"], hash: (word: string) => (word < "b" ? "a" : word < "c" ? "b" : undefined) }),
  });
  const shelves = ["a", "b"].map((partition) =>
    consumer({ name: partition, subscribeTo: [{ to: words, partition }], handleEvents: (events) => console.log(partition, events) }),
  );
  await Promise.all(shelves.map(({ closed }) => closed));
  console.log(words.snapshot().output?.dropped, "dropped");
  expect(printed()).toBe(outputs[4]);
});

test("a partition without a consumer holds the others back when its queue is full", async () => {
  const seen: number[] = [];
  const numbers = fromIterable(range(100), { dispatcher: partitionDispatcher({ partitions: 2, hash: (n: number) => n % 2, queueSize: 4 }) });
  const even = consumer({ subscribeTo: [{ to: numbers, partition: 0 }], handleEvents: (events) => void seen.push(...events) });
  await settle();
  expect(seen.length).toBeLessThan(10);
  expect(numbers.bufferedCount).toBeGreaterThanOrEqual(4);
  await Promise.all([even.stop(), numbers.stop()]);
});

test("the slowest of a broadcast governs", async () => {
  let made = 0;
  const numbers = producer<number>({ dispatcher: broadcastDispatcher(), handleDemand: (demand) => Array.from({ length: demand }, () => made++) });
  const fast = consumer({ subscribeTo: [numbers], handleEvents: () => undefined });
  const stuck = consumer({ subscribeTo: [{ to: numbers, maxDemand: 2 }], stopWithinMs: 0, handleEvents: () => new Promise<void>(() => undefined) });
  await settle();
  expect(made).toBe(2);
  await Promise.all([fast.stop(), stuck.stop()]);
});
