import { describe, expect, test } from "vitest";
import { BadOptionError, broadcastDispatcher, consumer, fromIterable, producer, supervisor, type Consumer, type Producer, type Report } from "sluice";
import { monitored, settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";
import { range } from "./support/range.ts";

const AGAIN = { onCrash: "redeliver" } as const;

/** Handles events one list at a time, and fails at each event that `isBad` says, once. */
function worker(from: Producer<number>, seen: number[], isBad: (event: number) => boolean): Consumer<number> {
  return consumer({
    subscribeTo: [{ to: from, ...AGAIN, maxDemand: 10 }],
    handleEvent(event) {
      if (isBad(event)) throw new Error(`bad ${event}`);
      seen.push(event);
    },
  });
}

/** True the first time for each multiple of 100. */
function onceEachHundred(): (event: number) => boolean {
  const failed = new Set<number>();
  return (event) => event % 100 === 99 && !failed.has(event) && (failed.add(event), true);
}

describe("a consumer that crashes every hundredth event", () => {
  test("loses nothing with redeliver, though its producer is finite: each event is handled, in order", async () => {
    const seen: number[] = [];
    const isBad = onceEachHundred();
    const tree = supervisor({ maxRestarts: 100 })
      .child("source", () => fromIterable(range(1000)), { restart: "transient" })
      .child("worker", ({ source }) => worker(source, seen, isBad), { restart: "transient" })
      .start();
    expect(await tree.closed).toEqual({ type: "normal" });
    expect(seen).toEqual(range(1000));
  });

  test("loses nothing with concurrency: each event is handled at least once", async () => {
    const seen = new Set<number>();
    const isBad = onceEachHundred();
    const tree = supervisor({ maxRestarts: 100 })
      .child("source", () => fromIterable(range(1000)), { restart: "transient" })
      .child(
        "worker",
        ({ source }) =>
          consumer({
            subscribeTo: [{ to: source, ...AGAIN, maxDemand: 20 }],
            concurrency: 7,
            async handleEvent(event) {
              for (let turn = 0; turn < event % 5; turn += 1) await Promise.resolve();
              if (isBad(event)) throw new Error(`bad ${event}`);
              seen.add(event);
            },
          }),
        { restart: "transient" },
      )
      .start();
    expect(await tree.closed).toEqual({ type: "normal" });
    expect(seen).toEqual(new Set(range(1000)));
  });

  test("loses what it held, and no more, without", async () => {
    const seen: number[] = [];
    const reports: Report[] = [];
    const isBad = onceEachHundred();
    const tree = supervisor({ maxRestarts: 100 })
      .child("source", () => fromIterable(range(1000)), { restart: "transient" })
      .child(
        "worker",
        ({ source }) =>
          consumer({
            subscribeTo: [{ to: source, maxDemand: 10 }],
            handleReport: (report) => void reports.push(report),
            handleEvent(event) {
              if (isBad(event)) throw new Error(`bad ${event}`);
              seen.push(event);
            },
          }),
        { restart: "transient" },
      )
      .start();
    expect(await tree.closed).toEqual({ type: "normal" });
    const lost = reports.reduce((sum, report) => sum + (report.kind === "lost" ? report.count : 0), 0);
    // Ten events were in the callback that failed.
    expect(isBad(99)).toBe(false);
    expect(seen.length + lost + [99, 199, 299, 399, 499, 599, 699, 799, 899, 999].filter((event) => !isBad(event)).length).toBe(1000);
    expect(lost).toBeGreaterThan(0);
  });
});

describe("events that come back", () => {
  test("go to a sibling, before all others, and are counted", async () => {
    const [ann, bob]: number[][] = [[], []];
    const source = producer<number>({ whenUnused: "wait" });
    const first = consumer({
      name: "ann",
      subscribeTo: [{ to: source, ...AGAIN, maxDemand: 4, minDemand: 0 }],
      handleEvents() {
        throw new Error("crash");
      },
    });
    void first.closed;
    await settle();
    source.emit(range(6));
    await settle();
    expect(first.snapshot().input).toMatchObject({ received: 4, handled: 0, failed: 0, lost: 0, returned: 4 });
    expect(source.snapshot().output).toMatchObject({ emitted: 6, delivered: 0, buffered: 6 });
    const second = consumer({ subscribeTo: [{ to: source, maxDemand: 100 }], handleEvents: (events) => void bob?.push(...events) });
    await settle();
    expect(bob).toEqual(range(6));
    expect(ann).toEqual([]);
    expect(source.snapshot().output).toMatchObject({ emitted: 6, delivered: 6, buffered: 0 });
    await second.stop();
    await source.stop();
  });

  test("are reported as failed when they have come back too often, and the others go on", async () => {
    const seen: number[] = [];
    const reports: Report[] = [];
    const tree = supervisor({ maxRestarts: 100 })
      .child("source", () => fromIterable(range(5), { handleReport: (report) => void reports.push(report) }), { restart: "transient" })
      .child(
        "worker",
        ({ source }) =>
          consumer({
            subscribeTo: [{ to: source, ...AGAIN, maxRedeliveries: 2, maxDemand: 1 }],
            handleEvent(event) {
              if (event === 2) throw new Error("poison");
              seen.push(event);
            },
          }),
        { restart: "transient" },
      )
      .start();
    expect(await tree.closed).toEqual({ type: "normal" });
    expect(seen).toEqual([0, 1, 3, 4]);
    expect(reports).toMatchObject([{ kind: "redelivery-failed", count: 1, events: [2], reason: { type: "error" } }]);
    expect(tree.snapshot().children[1]).toMatchObject({ restarts: 3 });
  });

  test("come back from a stop, too, but not those of a call that then settles", async () => {
    const call = deferred();
    const source = producer<number>({ whenUnused: "wait" });
    const slow = consumer({ subscribeTo: [{ to: source, ...AGAIN, maxDemand: 4, minDemand: 3 }], handleEvents: () => call.promise });
    await settle();
    source.emit(range(4));
    await settle();
    const stopped = slow.stop();
    await settle();
    expect(source.bufferedCount).toBe(0);
    call.resolve();
    await stopped;
    await settle();
    expect(slow.snapshot().input).toMatchObject({ received: 4, handled: 1, returned: 3, lost: 0, inCallback: 0 });
    expect(source.bufferedCount).toBe(3);
    await source.stop();
  });

  test("are said once, in one way, by a consumer that completes itself behind the end of its producer", async () => {
    const calls = [deferred(), deferred()];
    let complete: (() => void) | undefined;
    const source = producer<number>();
    const violations: string[] = [];
    const heard = monitored(source, { handleViolation: ({ message }) => violations.push(message) });
    const pair = consumer<number>({
      concurrency: 2,
      handleEvent(event, self) {
        complete = () => self.complete();
        return calls[event]?.promise;
      },
    });
    pair.subscribe(heard, { ...AGAIN, maxDemand: 4 });
    await settle();
    source.emit([0, 1]);
    source.complete();
    await settle();
    complete?.();
    await settle();
    for (const call of calls) call.resolve();
    expect([await pair.closed, await source.closed]).toEqual([{ type: "normal" }, { type: "normal" }]);
    await settle();
    expect(violations).toEqual([]);
    expect(heard.wires[0]?.history.filter((line) => line.startsWith(pair.name) && !line.includes("asks"))).toHaveLength(1);
  });

  test("are lost, and counted, when their producer has been stopped meanwhile", async () => {
    const source = producer<number>({ whenUnused: "wait" });
    const slow = consumer({ subscribeTo: [{ to: source, ...AGAIN, maxDemand: 4 }], handleEvents: () => new Promise(() => undefined), stopWithinMs: 1 });
    await settle();
    source.emit(range(4));
    await settle();
    await Promise.all([source.stop(), slow.stop()]);
    await settle();
    expect(slow.snapshot().input).toMatchObject({ received: 4, handled: 0, inCallback: 0, returned: 4 });
    expect(source.snapshot().output).toMatchObject({ emitted: 4, delivered: 0, lost: 4 });
  });
});

describe("the option onCrash", () => {
  test("may say the default to any producer", async () => {
    const stage = consumer({ subscribeTo: [{ to: fromIterable([1], { dispatcher: broadcastDispatcher() }), onCrash: "lose" }], handleEvents: () => undefined });
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test.each<[string, () => unknown, string]>([
    ["another value", () => consumer({ subscribeTo: [{ to: fromIterable([1]), onCrash: "retry" as never }], handleEvents: () => undefined }), 'expected onCrash to be one of "lose", "redeliver", got: "retry"'],
    ["a count below 0", () => consumer({ subscribeTo: [{ to: fromIterable([1]), ...AGAIN, maxRedeliveries: -1 }], handleEvents: () => undefined }), "expected maxRedeliveries to be an integer of at least 0, got: -1"],
    ["a broadcast, which has no other consumer for the events", () => consumer({ subscribeTo: [{ to: fromIterable([1], { dispatcher: broadcastDispatcher() }), ...AGAIN }], handleEvents: () => undefined }), "whose dispatcher has no other consumer for an event, got: \"redeliver\""],
  ])("refuses %s", (_, call, message) => {
    expect(call).toThrow(BadOptionError);
    expect(call).toThrow(message);
  });
});

test("events that wait behind a poisonous one do not fail with it: they were never tried", async () => {
  const seen: number[] = [];
  const reports: Report[] = [];
  const tree = supervisor({ maxRestarts: 100 })
    .child("source", () => fromIterable(range(20), { handleReport: (report) => void reports.push(report) }), { restart: "transient" })
    .child(
      "worker",
      ({ source }) =>
        consumer({
          subscribeTo: [{ to: source, ...AGAIN, maxDemand: 10 }],
          handleEvent(event) {
            if (event === 3) throw new Error("poison");
            seen.push(event);
          },
        }),
      { restart: "transient" },
    )
    .start();
  expect(await tree.closed).toEqual({ type: "normal" });
  expect(seen).toEqual(range(20).filter((event) => event !== 3));
  expect(reports).toMatchObject([{ kind: "redelivery-failed", count: 1, events: [3] }]);
});
