/** `docs/04-failure-and-supervision.md`: its code runs here, and what it says of crashes and strategies is so. */
import { consumer, consumerSupervisor, describe, fromIterable, pipeline, producer, producerConsumer, supervisor, type Consumer, type Producer, type ProducerConsumer, type PushProducer } from "sluice";
import { settle } from "sluice/testing";
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { fencesOf, paragraphsMissing } from "./fences.ts";

const text = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const guide = text("../../docs/04-failure-and-supervision.md");

test("the guide shows code as it is run here", () => {
  expect(paragraphsMissing(guide, text("failure-and-supervision.test.ts"))).toEqual([]);
});

interface Order {
  readonly id: number;
  readonly isPaid: boolean;
}

const source = (): PushProducer<Order> => producer<Order>({ name: "orders" });

const paidOnly = (orders: Producer<Order>): ProducerConsumer<Order, Order> =>
  producerConsumer({
    name: "paid",
    subscribeTo: [{ to: orders, maxDemand: 10 }],
    handleEvents: (events) => events.filter(({ isPaid }) => isPaid),
  });

const writer = (name: string, orders: Producer<Order>, write: (order: Order) => Promise<void>): Consumer<Order> =>
  consumer({ name, subscribeTo: [{ to: orders, maxDemand: 4 }], handleEvent: write });

const orderOf = (id: number, isPaid = true): Order => ({ id, isPaid });

test("a chain, with writers that are restarted with each other, goes on after a crash", async () => {
  const written: number[] = [];
  const write = async ({ id }: Order): Promise<void> => {
    if (id === 1) throw new Error("no disk");
    written.push(id);
  };
  const shop = supervisor({ name: "shop", strategy: "restForOne" })
    .child("orders", () => source())
    .child("paid", ({ orders }) => paidOnly(orders))
    .child("writer1", ({ paid }) => writer("writer1", paid, write))
    .child("writer2", ({ paid }) => writer("writer2", paid, write))
    .start();
  await settle();
  const { orders, writer2 } = shop.children;
  orders.emit([orderOf(1)]);
  await settle();
  expect([shop.children.orders === orders, shop.children.writer2 === writer2]).toEqual([true, false]);
  orders.emit([orderOf(2), orderOf(3, false), orderOf(4)]);
  await settle();
  expect(written).toEqual([2, 4]);
  await shop.stop();
});

test("writers under a supervisor of their own fail alone, and the tree looks as in the guide", async () => {
  let calls = 0;
  const write = (): Promise<void> => {
    calls += 1;
    return calls === 1 ? Promise.reject(new Error("no disk")) : new Promise(() => undefined);
  };
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const shop = supervisor({ name: "shop", strategy: "restForOne" })
    .child("orders", () => source())
    .child("paid", ({ orders }) => paidOnly(orders))
    .child("writers", ({ paid }) =>
      supervisor({ name: "writers" })
        .child("writer1", () => writer("writer1", paid, write))
        .child("writer2", () => writer("writer2", paid, write))
        .start(),
    )
    .start();
  await settle();
  const { orders, writers } = shop.children;
  const { writer2 } = writers.children;
  orders.emit([orderOf(1)]);
  await settle();
  expect([shop.children.writers === writers, writers.children.writer2 === writer2]).toEqual([true, true]);
  orders.emit([orderOf(2, false), orderOf(3)]);
  await settle();
  const outputs = fencesOf(guide, "text");
  expect(describe(shop)).toBe(outputs[0]);
  const stopped = shop.stop();
  // A write that hangs, until its deadline.
  await vi.advanceTimersByTimeAsync(5000);
  await stopped;
  vi.useRealTimers();
});

test("a crash costs what the stage held, counted, and nothing else", async () => {
  const lost: number[] = [];
  const tree = supervisor()
    .child("orders", () => producer<Order>({ name: "orders" }))
    .child("writer", ({ orders }) =>
      consumer({
        subscribeTo: [{ to: orders, maxDemand: 4, minDemand: 3 }],
        handleEvent: ({ id }) => {
          if (id === 1) throw new Error("no disk");
        },
        handleReport: (report) => {
          if (report.kind === "lost") lost.push(report.count);
        },
      }),
    )
    .start();
  await settle();
  const { writer: first } = tree.children;
  tree.children.orders.emit(Array.from({ length: 6 }, (_, place) => orderOf(place + 1)));
  await settle();
  expect(first.snapshot().input).toMatchObject({ received: 4, failed: 1, lost: 3 });
  expect(lost).toEqual([3]);
  // What it had not been sent waited for the next one.
  expect(tree.children.writer.snapshot().input).toMatchObject({ received: 2, handled: 2 });
  await tree.stop();
});

type Name = "orders" | "paid" | "writer1" | "writer2";
type Accident = { readonly fails: Name } | { readonly stops: "paid" } | { readonly fails: "paid"; readonly cancel: "temporary" };

/** The children that are new after an accident, and how many restarts it was counted as at most. */
async function restartedBy(strategy: "oneForOne" | "restForOne" | "oneForAll", accident: Accident): Promise<readonly string[]> {
  const failing = (name: Name) => ({
    name,
    handleInfo: (): void => {
      throw new Error("down");
    },
  });
  const cancel = "cancel" in accident ? accident.cancel : "last";
  const sink = (name: Name, from: Producer<Order>): Consumer<Order> => consumer({ ...failing(name), subscribeTo: [{ to: from, cancel }], handleEvents: () => undefined });
  await using tree = supervisor({ strategy, maxRestarts: 1 })
    .child("orders", () => producer<Order>(failing("orders")))
    .child("paid", ({ orders }) => producerConsumer({ ...failing("paid"), subscribeTo: [orders], handleEvents: (events) => events }))
    .child("writer1", ({ paid: from }) => sink("writer1", from))
    .child("writer2", ({ paid: from }) => sink("writer2", from))
    .start();
  await settle();
  const before = { ...tree.children };
  if ("stops" in accident) await tree.children.paid.stop();
  else tree.children[accident.fails].info("fail");
  await settle();
  return (Object.keys(before) as Name[]).filter((name) => tree.children[name] !== before[name]);
}

const ALL = ["orders", "paid", "writer1", "writer2"];
const REST = ["paid", "writer1", "writer2"];
const WRITERS = ["writer1", "writer2"];

test.each([
  { accident: { fails: "writer1" }, oneForOne: ["writer1"], restForOne: WRITERS },
  { accident: { fails: "paid" }, oneForOne: REST, restForOne: REST },
  { accident: { fails: "orders" }, oneForOne: ALL, restForOne: ALL },
  { accident: { stops: "paid" }, oneForOne: REST, restForOne: REST },
  { accident: { fails: "paid", cancel: "temporary" }, oneForOne: ["paid"], restForOne: REST },
] satisfies { accident: Accident; oneForOne: string[]; restForOne: string[] }[])("who is started again by which strategy, and that it counts as one: $accident", async ({ accident, oneForOne, restForOne }) => {
  expect([await restartedBy("oneForOne", accident), await restartedBy("restForOne", accident), await restartedBy("oneForAll", accident)]).toEqual([oneForOne, restForOne, ALL]);
});

test("a loader with back-off tries again, and ends with its file", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const written: number[] = [];
  const write = async ({ id }: Order): Promise<void> => void written.push(id);
  let reads = 0;
  async function* readOrders(): AsyncGenerator<Order> {
    reads += 1;
    if (reads === 1) throw new Error("not there yet");
    yield orderOf(1);
  }
  const loader = supervisor({ name: "loader", maxRestarts: 10, withinMs: 60_000, backoff: { initialMs: 100, maxMs: 30_000 } })
    .child("file", () => fromIterable(readOrders), { restart: "transient" })
    .child("writer", ({ file }) => writer("writer", file, write), { restart: "transient" })
    .start();
  await settle();
  expect([reads, written]).toEqual([1, []]);
  await vi.advanceTimersByTimeAsync(100);
  expect(await loader.closed).toEqual({ type: "normal" });
  expect([reads, written]).toEqual([2, [1]]);
  vi.useRealTimers();
});

test("a pipeline reads a child and leaves it alone; an async function hears of the stop", async () => {
  const written: number[] = [];
  const write = async ({ id }: Order): Promise<void> => {
    if (id === 2) throw new Error("no disk");
    written.push(id);
  };
  let isOver = false;
  const tick = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        isOver = true;
        resolve();
      });
    });
  const office = supervisor({ name: "office" })
    .child("orders", () => source())
    .child("row", ({ orders }, { signal }) => pipeline(orders, paidOnly, (from) => writer("writer", from, write), { signal }), { restart: "transient" })
    .child("clock", (_, { signal }) => tick(signal))
    .start();
  await settle();
  const { orders } = office.children;
  for (const id of [1, 2, 3]) {
    orders.emit([orderOf(id)]);
    await settle();
  }
  expect([written, office.children.orders === orders, isOver]).toEqual([[1, 3], true, false]);
  await office.stop();
  expect(isOver).toBe(true);
});

test("a careful writer gets what it held once more", async () => {
  const written: number[] = [];
  let calls = 0;
  const write = async ({ id }: Order): Promise<void> => {
    calls += 1;
    if (calls === 2) throw new Error("no disk");
    written.push(id);
  };
  const careful = (orders: Producer<Order>): Consumer<Order> =>
    consumer({ name: "careful", subscribeTo: [{ to: orders, maxDemand: 4, onCrash: "redeliver", maxRedeliveries: 2 }], handleEvent: write });
  await using tree = supervisor()
    .child("orders", () => source())
    .child("careful", ({ orders }) => careful(orders))
    .start();
  await settle();
  tree.children.orders.emit([1, 2, 3, 4, 5].map((id) => orderOf(id)));
  await settle();
  expect(written).toEqual([1, 2, 3, 4, 5]);
});

test("a mail that fails is sent once more, and the others do not notice", async () => {
  const mails: number[] = [];
  const mail = async ({ id }: Order, signal: AbortSignal): Promise<void> => {
    mails.push(id);
    if (id === 1 && mails.length === 1) throw new Error(`no server${signal.aborted ? ", and no time" : ""}`);
  };
  const mailer = (orders: Producer<Order>): Consumer<Order> =>
    consumerSupervisor({
      name: "mailer",
      subscribeTo: [{ to: orders, maxDemand: 8 }],
      restart: "transient",
      start: (order, { signal }) => mail(order, signal),
    });
  await using tree = supervisor()
    .child("orders", () => source())
    .child("mailer", ({ orders }) => mailer(orders))
    .start();
  await settle();
  tree.children.orders.emit([orderOf(1), orderOf(2)]);
  await settle();
  // A slice may end between the two: then the first is sent once more before the second.
  expect(mails.toSorted((a, b) => a - b)).toEqual([1, 1, 2]);
  expect(tree.children.mailer.snapshot().input).toMatchObject({ received: 2, handled: 2 });
});
