import { consumer, pipeline, producer, producerConsumer } from "sluice";
import { settle } from "sluice/testing";
import { expect, test } from "vitest";

test("an error that comes down on two ways is received once, by whoever ends with it", async () => {
  const error = new Error("boom");
  const source = producer<number>({ handleDemand: () => Promise.reject(error) });
  const [left, right] = [0, 1].map(() => producerConsumer({ subscribeTo: [source], handleEvents: (events) => events }));
  const join = producerConsumer({ subscribeTo: [left as never, right as never], handleEvents: (events) => events });
  await expect(pipeline(join, consumer<number>({ handleEvents: () => undefined }))).rejects.toBe(error);
  // An uncaught exception of `right` would fail the run.
  await settle();
});
