/**
 * What the guides say of the cost of a loop, of a window and of concurrency, as rows of their tables. Takes less than a minute:
 * `npm run bench:choosing`.
 */
import { setTimeout as wait } from "node:timers/promises";
import { consumer, producer, producerConsumer, type Consumer, type Producer } from "sluice";

const EVENTS = 200_000;
const RUNS = 9;

/** The least of several runs, in ns of the processor for an event: other programs on the machine count less than by the clock. */
async function nanoseconds(run: () => Promise<number>): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < RUNS; round++) {
    globalThis.gc?.();
    const before = process.cpuUsage();
    const count = await run();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, ((user + system) * 1000) / count);
  }
  return least;
}

const numbers = (next = 0): Producer<number> =>
  producer({
    handleDemand(demand, self) {
      const count = Math.min(demand, EVENTS - next);
      if (next + count === EVENTS) self.complete();
      return Array.from({ length: count }, () => next++);
    },
  });

const plusOne = (from: Producer<number>, window = {}): Producer<number> =>
  producerConsumer({ subscribeTo: [{ to: from, ...window }], handleEvents: (events) => events.map((n) => n + 1) });

async function countEvents(events: AsyncIterable<number>): Promise<number> {
  let count = 0;
  for await (const _ of events) count += 1;
  return count;
}

async function countLists(lists: AsyncIterable<readonly number[]>): Promise<number> {
  let count = 0;
  for await (const list of lists) for (const _ of list) count += 1;
  return count;
}

function counting(from: Producer<number>, window = {}): { readonly stage: Consumer<number>; readonly count: () => number } {
  let count = 0;
  const stage = consumer({ subscribeTo: [{ to: from, ...window }], handleEvents: (events) => void (count += events.length) });
  return { stage, count: () => count };
}

async function consumed(from: Producer<number>, window = {}): Promise<number> {
  const { stage, count } = counting(from, window);
  await stage.closed;
  return count();
}

const row = (...cells: readonly unknown[]): void => console.log(`| ${cells.join(" | ")} |`);

async function readers(): Promise<void> {
  row("", "on a producer", "behind a producerConsumer");
  const forms = {
    "`for await (const event of stage)`": countEvents,
    "`stage.events({ maxDemand: 10 })`": (stage: Producer<number>) => countEvents(stage.events({ maxDemand: 10 })),
    "`stage.events()`, 1000/500": (stage: Producer<number>) => countEvents(stage.events()),
    "`stage.batches({ maxDemand: 10 })`": (stage: Producer<number>) => countLists(stage.batches({ maxDemand: 10 })),
    "`stage.batches()`, 1000/500": (stage: Producer<number>) => countLists(stage.batches()),
    "a `consumer`, 1000/500": (stage: Producer<number>) => consumed(stage),
  };
  for (const [name, read] of Object.entries(forms)) {
    const alone = await nanoseconds(() => read(numbers()));
    const behind = await nanoseconds(() => read(plusOne(numbers())));
    row(name, `${alone.toFixed(0)} ns`, `${behind.toFixed(0)} ns`);
  }
}

async function windows(): Promise<void> {
  row("`maxDemand`/`minDemand`", "ns an event");
  for (const [maxDemand, minDemand] of [[1, 0], [2, 1], [10, 5], [10, 0], [10, 9], [100, 50], [1000, 500], [10_000, 5000]]) {
    const window = { maxDemand, minDemand };
    row(`${maxDemand}/${minDemand}`, (await nanoseconds(() => consumed(plusOne(numbers(), window), window))).toFixed(0));
  }
}

const JOBS = 320;

/** Jobs a second: a job waits for 10 ms, and the source for 10 ms for each list. */
async function jobsPerSecond(concurrency: number, maxDemand: number): Promise<number> {
  let next = 0;
  const source = producer<number>({
    async handleDemand(demand, self) {
      await wait(10);
      const count = Math.min(demand, JOBS - next);
      if (next + count === JOBS) self.complete();
      return Array.from({ length: count }, () => next++);
    },
  });
  const start = performance.now();
  const worker = consumer({ subscribeTo: [{ to: source, maxDemand }], concurrency, handleEvent: () => wait(10) });
  await worker.closed;
  return (JOBS * 1000) / (performance.now() - start);
}

async function jobs(): Promise<void> {
  const factors = [1, 2, 4];
  row("`concurrency`", ...factors.map((factor) => (factor === 1 ? "`maxDemand` the same" : `${factor} times that`)));
  for (const concurrency of [1, 4, 16, 64]) {
    const cells: string[] = [];
    for (const factor of factors) cells.push((await jobsPerSecond(concurrency, factor * concurrency)).toFixed(0));
    row(concurrency, ...cells);
  }
}

await readers();
console.log();
await windows();
console.log();
await jobs();
