/** The code of `docs/01-first-pipeline.md` runs here. */
import { consumer, fromIterable, pipeline, producerConsumer, type Consumer, type Producer } from "sluice";
import { expect, test } from "vitest";
import { outputsOf, printing } from "./guide.ts";

const outputs = outputsOf("01-first-pipeline");

interface Order {
  readonly id: number;
  readonly cents: number;
  readonly isPaid: boolean;
}

/** Any iterable will do: an array, a generator, what a database driver gives. */
async function* orders(): AsyncGenerator<Order> {
  for (let id = 1; id <= 6; id++) yield { id, cents: id * 1000, isPaid: id % 3 !== 0 };
}

const paidOnly = (from: Producer<Order>): Producer<Order> =>
  producerConsumer({ name: "paid", subscribeTo: [from], handleEvents: (events) => events.filter(({ isPaid }) => isPaid) });

const printer = (from: Producer<Order>): Consumer<Order> =>
  consumer({
    name: "printer",
    subscribeTo: [from],
    handleEvents(events) {
      for (const { id, cents } of events) console.log(`order ${id}: ${cents / 100} EUR`);
    },
  });

const priced = (from: Producer<Order>): Producer<string> =>
  producerConsumer({
    name: "priced",
    subscribeTo: [{ to: from, maxDemand: 8 }],
    concurrency: 4,
    handleEvent: async ({ id, cents }) => [`order ${id}: ${await inDollars(cents)} USD`],
  });

async function inDollars(cents: number): Promise<number> {
  return (cents / 100) * 1.1;
}

const isComplete = ({ cents }: Order): boolean => cents > 0;
const convert = ({ id, cents }: Order): { readonly id: number; readonly dollars: number } => ({ id, dollars: (cents / 100) * 1.1 });
const label = ({ id, dollars }: { readonly id: number; readonly dollars: number }): string => `order ${id}: ${dollars} USD`;

const tidy = (from: Producer<Order>): Producer<string> =>
  producerConsumer({
    name: "tidy",
    subscribeTo: [from],
    handleEvents: (events) => events.filter(isComplete).map(convert).map(label),
  });

test("three stages print the paid orders", async () => {
  const printed = printing();
  await pipeline(fromIterable(orders()), paidOnly, printer);
  expect(printed()).toBe(outputs[0]);
});

test("a pipeline closes its generator before it resolves", async () => {
  printing();
  let isClosed = false;
  async function* closing(): AsyncGenerator<Order> {
    try {
      yield* orders();
    } finally {
      isClosed = true;
    }
  }
  await pipeline(fromIterable(closing()), paidOnly, printer);
  expect(isClosed).toBe(true);
});

test("a loop at the end prices what it reads, and stops what it leaves", async () => {
  const printed = printing();
  for await (const line of priced(paidOnly(fromIterable(orders())))) {
    console.log(line);
    if (line.startsWith("order 2")) break;
  }
  expect(printed()).toBe(outputs[1]);
});

test("an error arrives as it was thrown", async () => {
  const printed = printing();
  const failing = (from: Producer<Order>): Consumer<Order> =>
    consumer({
      name: "failing",
      subscribeTo: [from],
      handleEvent({ id }) {
        if (id === 4) throw new Error("no paper");
        console.log(`order ${id}`);
      },
    });

  try {
    await pipeline(fromIterable(orders()), paidOnly, failing);
  } catch (error) {
    console.log(String(error));
  }
  expect(printed()).toBe(outputs[2]);
});

test("several steps are one stage", async () => {
  const lines: string[] = [];
  for await (const line of tidy(fromIterable(orders()))) lines.push(line);
  expect(lines).toHaveLength(6);
  expect(lines[0]).toBe("order 1: 11 USD");
});
