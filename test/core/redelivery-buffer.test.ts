import { consumer, producer, type Consumer, type Producer, type Report } from "sluice";
import { settle } from "sluice/testing";
import { expect, test } from "vitest";
import { range } from "./support/range.ts";

/** Takes what it asks for, and fails at once. */
function crashing(from: Producer<number>, demand: number, maxRedeliveries?: number): Consumer<number> {
  const stage = consumer({
    subscribeTo: [{ to: from, onCrash: "redeliver", maxRedeliveries, maxDemand: demand, minDemand: 0 }],
    handleEvents() {
      throw new Error("crash");
    },
  });
  void stage.closed;
  return stage;
}

test("a full buffer that keeps the last discards what has come back first: it is the oldest", async () => {
  const seen: number[] = [];
  await using source = producer<number>({ whenUnused: "wait", bufferSize: 4, bufferKeep: "last" });
  crashing(source, 3);
  await settle();
  source.emit(range(3));
  await settle();
  expect(source.snapshot().output).toMatchObject({ emitted: 3, delivered: 0, buffered: 3 });
  source.emit(range(3, 3));
  await settle();
  expect(source.snapshot().output).toMatchObject({ emitted: 6, buffered: 4, discarded: 2 });
  await using _ = consumer({ subscribeTo: [source], handleEvents: (events) => void seen.push(...events) });
  await settle();
  expect(seen).toEqual([2, 3, 4, 5]);
});

test("an event is delivered again three times by default, then it is lost", async () => {
  const reports: Report[] = [];
  await using source = producer<number>({ whenUnused: "wait", handleReport: (report) => void reports.push(report) });
  source.emit([1]);
  for (let crashes = 1; crashes <= 4; crashes += 1) {
    crashing(source, 1);
    await settle();
    expect(source.snapshot().output).toMatchObject({ buffered: crashes === 4 ? 0 : 1, lost: crashes === 4 ? 1 : 0 });
  }
  expect(reports).toMatchObject([{ kind: "redelivery-failed", count: 1, events: [1] }]);
});
