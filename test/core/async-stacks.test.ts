import { expect, test } from "vitest";
import { consumer, fromIterable, producer, producerConsumer } from "sluice";

const failing = async (): Promise<never> => {
  await Promise.resolve();
  throw new Error("later");
};

test("the stack of an error that a callback throws behind an await names the stage", async () => {
  const inHandleDemand = producer<number>({ name: "slow source", handleDemand: failing });
  const inHandleEvents = producerConsumer({ name: "slow map", subscribeTo: [fromIterable([1])], handleEvents: failing });
  const inHandleEvent = consumer({ name: "slow printer", subscribeTo: [fromIterable([1])], handleEvent: failing });
  const stacks = await Promise.all([
    inHandleDemand[Symbol.asyncIterator]().next().catch((error: Error) => error.stack),
    inHandleEvents[Symbol.asyncIterator]().next().catch((error: Error) => error.stack),
    inHandleEvent.closed.then((reason) => (reason.type === "error" ? (reason.error as Error).stack : undefined)),
  ]);
  expect(stacks).toEqual([expect.stringMatching(/at (async )?slow source /), expect.stringMatching(/at (async )?slow map /), expect.stringMatching(/at (async )?slow printer /)]);
});
