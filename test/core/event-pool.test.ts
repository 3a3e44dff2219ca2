/** What single events become, however many calls there may be at once. */
import { describe, expect, test } from "vitest";
import { consumer, producerConsumer } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";

describe.each([
  ["one call at a time", {}],
  ["four calls, in order", { concurrency: 4 }],
  ["four calls, as they come", { concurrency: 4, ordered: false }],
])("an async handleEvent with %s", (_, options) => {
  test("that returns no list ends the stage, and the message names it", async () => {
    const up = new ProducerProbe<number>();
    const stage = producerConsumer({ name: "stage", subscribeTo: [up.producer], ...options, handleEvent: () => Promise.resolve(7 as never) });
    const down = new ConsumerProbe(stage);
    await down.ask(5);
    await up.emit(1);
    const { error } = (await stage.closed) as { error: Error };
    expect(error.message).toBe("expected handleEvent of stage to return a list of events, or nothing, got: 7");
  });

  test("gives demand back for each event that is done, and for none that is not", async () => {
    const calls = [deferred(), deferred(), deferred(), deferred()];
    const up = new ProducerProbe<number>();
    await using stage = producerConsumer({
      subscribeTo: [{ to: up.producer, maxDemand: 4, minDemand: 3 }],
      ...options,
      handleEvent: (event) => calls[event]?.promise.then(() => [10 * event]),
    });
    const down = new ConsumerProbe(stage);
    await down.ask(5);
    expect(up.asked).toBe(4);
    await up.emit(0, 1, 2, 3);
    for (const [event, call] of calls.entries()) {
      expect(up.asked).toBe(4 + event);
      call.resolve();
      await settle();
    }
    expect([up.asked, down.events]).toEqual([8, [0, 10, 20, 30]]);
    expect(stage.snapshot().input).toMatchObject({ received: 4, queued: 0, inCallback: 0, handled: 4, failed: 0 });
    await up.complete();
  });
});

test("an ordered pool hands on what has finished behind a failed call, in order, and then the error", async () => {
  const calls = [deferred(), deferred(), deferred(), deferred()];
  const up = new ProducerProbe<number>();
  const stage = producerConsumer({ subscribeTo: [up.producer], concurrency: 4, stopWithinMs: 1, handleEvent: (event) => calls[event]?.promise.then(() => [10 * event]) });
  const down = new ConsumerProbe(stage);
  await down.ask(5);
  await up.emit(0, 1, 2, 3);
  calls[1]?.resolve();
  calls[3]?.resolve();
  await settle();
  expect(down.events).toEqual([]);
  const error = new Error("broken");
  calls[0]?.reject(error);
  await down.expectEvents([10, 30]);
  expect(await stage.closed).toEqual({ type: "error", error });
  await down.expectError(error);
  expect(stage.snapshot().input).toMatchObject({ received: 4, failed: 1 });
});

test("a consumer with several calls has no order to keep: each is done when its promise is", async () => {
  const calls = [deferred(), deferred(), deferred()];
  const up = new ProducerProbe<number>();
  await using stage = consumer({ subscribeTo: [{ to: up.producer, maxDemand: 3, minDemand: 2 }], concurrency: 3, ordered: true, handleEvent: (event) => calls[event]?.promise });
  await settle();
  await up.emit(0, 1, 2);
  calls[2]?.resolve();
  await settle();
  expect([up.asked, stage.snapshot().input?.handled]).toEqual([4, 1]);
  calls[0]?.resolve();
  calls[1]?.resolve();
  await settle();
  expect([up.asked, stage.snapshot().input?.handled]).toEqual([6, 3]);
  await up.complete();
});
