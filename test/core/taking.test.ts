/** A loop takes an event from the buffer without a message only where nobody could tell the difference. */
import { expect, test } from "vitest";
import { producer } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "./support/range.ts";

test("a loop does not take the event that another consumer has asked for before it", async () => {
  await using stage = producer<number>();
  stage.emit([1, 2]);
  await using iterator = stage[Symbol.asyncIterator]();
  expect((await iterator.next()).value).toBe(1);
  const probe = new ConsumerProbe(stage);
  await settle();
  const asked = probe.ask(1);
  const next = iterator.next();
  await asked;
  expect(probe.events).toEqual([2]);
  stage.emit([3]);
  expect((await next).value).toBe(3);
});

test("calls of next() are answered in their order, also when a callback makes one while an answer is on its way", async () => {
  const answers: string[] = [];
  await using stage = producer<number>({
    handleDemand(_demand, self) {
      self.emit([1, 2]);
      read("inner");
    },
  });
  const iterator = stage[Symbol.asyncIterator]();
  const read = (who: string): void => {
    void iterator.next().then(({ value }) => answers.push(`${who} ${value}`));
  };
  read("outer");
  await settle();
  expect(answers).toEqual(["outer 1", "inner 2"]);
});

test("a loop that takes from the buffer makes room for as many events", async () => {
  await using stage = producer<number>({ bufferSize: 3 });
  stage.emit(range(3));
  await using iterator = stage[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.next();
  expect(stage.bufferedCount).toBe(1);
  expect(stage.emit([3, 4])).toBe(0);
  await settle();
  expect(stage.bufferedCount).toBe(3);
});
