import { partitionDispatcher, producer } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { expect, test } from "vitest";

test("a subscription that is replaced while its producer drains an error ends, and so does the drain", async () => {
  const error = new Error("boom");
  const source = producer<number>({ whenUnused: "wait" });
  const closed = source.closed;
  const old = new ConsumerProbe(source);
  source.emit([1]);
  source.fail(error);
  const next = new ConsumerProbe(source, { replaces: { probe: old } });
  await settle();
  expect(old.ends).toHaveLength(1);
  expect(next.end).toEqual({ type: "error", error });
  await source.stop();
  expect(await closed).toEqual({ type: "error", error });
});

test("events that were owed and are discarded take no demand with them", async () => {
  const demands: number[] = [];
  await using source = producer<number>({
    bufferSize: 1,
    bufferKeep: "last",
    dispatcher: partitionDispatcher({ partitions: 2, hash: (n) => (n === 0 ? undefined : n % 2) }),
    handleDemand(demand, self) {
      demands.push(demand);
      if (demands.length > 1) return undefined;
      self.emit([0]);
      return [2, 2, 2, 2, 2, 2, 2];
    },
  });
  const odd = new ConsumerProbe(source, { options: { partition: 1 } });
  await odd.ask(6);
  const even = new ConsumerProbe(source, { options: { partition: 0 } });
  await even.ask(2);
  expect(demands).toEqual([6, 1, 5]);
});
