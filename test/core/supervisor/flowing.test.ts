import { broadcastDispatcher, consumer, producer, supervisor, type Consumer, type Producer, type Snapshot, type Supervisor } from "sluice";
import { settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { range } from "../support/range.ts";

const failure = new Error("down");

/** Law 7 for one stage at a quiet moment. */
function expectBalance({ name, input, output }: Snapshot): void {
  if (input !== undefined) expect([name, input.received]).toEqual([name, input.queued + input.inCallback + input.handled + input.failed + input.lost + input.returned]);
  if (output !== undefined) expect([name, output.emitted]).toEqual([name, output.delivered + output.buffered + output.discarded + output.dropped + output.lost]);
}

function expectBalances(tree: Supervisor): void {
  for (const { snapshot } of tree.snapshot().children) if (snapshot !== undefined && snapshot.role !== "supervisor") expectBalance(snapshot);
}

describe("a consumer that crashes every hundredth event, under oneForOne,", () => {
  const EVENTS = 1000;
  const WINDOW = 10;

  test("loses only what it held, and gets the rest", async () => {
    const handled: number[] = [];
    let attempts = 0;
    await using tree = supervisor({ maxRestarts: Infinity })
      .child("numbers", () => producer<number>({ bufferSize: Infinity }))
      .child("clumsy", ({ numbers }) =>
        consumer({
          subscribeTo: [{ to: numbers, maxDemand: WINDOW, minDemand: WINDOW - 1 }],
          handleEvent(event) {
            attempts += 1;
            if (attempts % 100 === 0) throw failure;
            handled.push(event);
          },
        }),
      )
      .start();
    tree.children.numbers.emit(range(EVENTS));
    await tree.children.numbers.flushed();
    await settle();
    const crashes = Math.floor(attempts / 100);
    expect(tree.snapshot().children[1]).toMatchObject({ name: "clumsy", restarts: crashes });
    expect(crashes).toBeGreaterThan(5);
    // In order, nothing twice, and of each crash at most one window is missing.
    expect(handled).toEqual(handled.toSorted((one, other) => one - other));
    expect(new Set(handled).size).toBe(handled.length);
    expect(handled.length).toBeGreaterThanOrEqual(EVENTS - crashes * WINDOW);
    expect(tree.children.numbers.snapshot().output).toMatchObject({ emitted: EVENTS, delivered: EVENTS, buffered: 0, lost: 0 });
    expectBalances(tree);
  });

  test("is not noticed by the producer's other consumers", async () => {
    const seen: number[] = [];
    let attempts = 0;
    let starts = 0;
    await using tree = supervisor({ maxRestarts: Infinity })
      .child("numbers", () => producer<number>({ bufferSize: Infinity, dispatcher: broadcastDispatcher() }))
      .child("steady", ({ numbers }) => {
        starts += 1;
        return consumer({ subscribeTo: [{ to: numbers, maxDemand: WINDOW }], handleEvents: (events) => void seen.push(...events) });
      })
      .child("clumsy", ({ numbers }) =>
        consumer({
          subscribeTo: [{ to: numbers, maxDemand: WINDOW }],
          handleEvent() {
            attempts += 1;
            if (attempts % 100 === 0) throw failure;
          },
        }),
      )
      .start();
    await settle();
    const { numbers, steady } = tree.children;
    for (let first = 0; first < EVENTS; first += WINDOW) {
      numbers.emit(range(WINDOW, first));
      await settle();
    }
    expect(tree.snapshot().children[2]?.restarts).toBe(Math.floor(attempts / 100));
    expect(attempts).toBeGreaterThan(EVENTS / 2);
    expect(seen).toEqual(range(EVENTS));
    expect([starts, tree.children.numbers, tree.children.steady]).toEqual([1, numbers, steady]);
    expectBalances(tree);
  });

  test("finds what its producer has buffered meanwhile", async () => {
    const handled: number[] = [];
    let starts = 0;
    await using tree = supervisor()
      .child("numbers", () => producer<number>({ bufferSize: Infinity }))
      .child("printer", ({ numbers }) => {
        starts += 1;
        return consumer({
          subscribeTo: [{ to: numbers, maxDemand: 2, minDemand: 0 }],
          handleEvents(events) {
            if (starts === 1) throw failure;
            handled.push(...events);
          },
        });
      })
      .start();
    const { numbers } = tree.children;
    await settle();
    numbers.emit(range(10));
    await settle();
    expect(handled).toEqual(range(8, 2));
    expect(tree.children.numbers).toBe(numbers);
  });
});

describe("a producer that crashes", () => {
  test("hands its consumers to the new one, and they go on", async () => {
    const seen: string[] = [];
    let life = 0;
    const printer = (name: string, from: Producer<string>): Consumer<string> => consumer({ name, subscribeTo: [{ to: from, maxDemand: 1 }], handleEvents: (events) => void seen.push(...events.map((event) => `${name} ${event}`)) });
    await using tree = supervisor({ maxRestarts: 1 })
      .child("source", () => {
        life += 1;
        const prefix = `life ${life}`;
        return producer<string>({ name: prefix, dispatcher: broadcastDispatcher() });
      })
      .child("one", ({ source }) => printer("one", source))
      .child("two", ({ source }) => printer("two", source))
      .start();
    await settle();
    tree.children.source.emit(["first"]);
    await settle();
    tree.children.source.fail(failure);
    await settle();
    tree.children.source.emit(["second"]);
    await settle();
    expect(seen.toSorted()).toEqual(["one first", "one second", "two first", "two second"]);
    expect(tree.children.source.snapshot().output?.consumers).toEqual(["one", "two"]);
  });

  test("does not wait for a slow consumer: what it has buffered counts as lost at once", async () => {
    const starts: string[] = [];
    const reports: unknown[] = [];
    await using tree = supervisor()
      .child("source", () => (starts.push("source"), producer<number>({ handleReport: (report) => void reports.push(report) })))
      .child("slow", ({ source }) => {
        starts.push("slow");
        return consumer({ subscribeTo: [{ to: source, mode: "manual" }], handleEvents: () => undefined });
      })
      .start();
    await settle();
    const { source } = tree.children;
    source.emit(range(5));
    source.fail(failure);
    await settle();
    expect(starts.filter((name) => name === "source")).toHaveLength(2);
    expect(reports).toEqual([{ kind: "lost", stage: source.name, count: expect.any(Number) as number, error: failure }]);
    expectBalance(source.snapshot());
  });
});
