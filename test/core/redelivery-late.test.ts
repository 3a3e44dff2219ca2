/** A producerConsumer whose call returns events when it cannot emit any more: an event is handled when its outputs have left. */
import { describe, expect, test } from "vitest";
import { producer, producerConsumer, type ProducerConsumer, type PushProducer } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { deferred, type Deferred } from "./support/deferred.ts";

type Output = readonly number[] | undefined;
type Handler = (input: unknown) => Promise<Output>;

interface Scene {
  readonly source: PushProducer<number>;
  readonly middle: ProducerConsumer<number, number>;
  readonly down: ConsumerProbe<number>;
  /** The calls in progress, in their order. */
  readonly calls: Deferred<Output>[];
}

async function scene(build: (handle: Handler, source: PushProducer<number>) => ProducerConsumer<number, number>): Promise<Scene> {
  const source = producer<number>({ whenUnused: "wait" });
  const calls: Deferred<Output>[] = [];
  const middle = build(() => {
    const call = deferred<Output>();
    calls.push(call);
    return call.promise;
  }, source);
  const down = new ConsumerProbe(middle);
  await down.ask(10);
  source.emit([1, 2, 3, 4]);
  await settle();
  return { source, middle, down, calls };
}

const redelivered = (to: PushProducer<number>) => [{ to, onCrash: "redeliver", maxDemand: 4, minDemand: 0 } as const];

const ways: Record<string, (handle: Handler, source: PushProducer<number>) => ProducerConsumer<number, number>> = {
  "several calls, in order": (handleEvent, source) => producerConsumer({ subscribeTo: redelivered(source), concurrency: 4, handleEvent }),
  "several calls, as they come": (handleEvent, source) => producerConsumer({ subscribeTo: redelivered(source), concurrency: 4, ordered: false, handleEvent }),
};

/** What the source brings to the next that asks. */
async function rest(source: PushProducer<number>): Promise<readonly number[]> {
  const next = new ConsumerProbe(source);
  await next.ask(10);
  return next.events;
}

describe.each(Object.entries(ways))("%s", (_, build) => {
  test("what returns behind a failure comes back as its event, unless it had nothing to emit", async () => {
    const { source, middle, down, calls } = await scene(build);
    calls[0]?.reject(new Error("broken"));
    await settle();
    calls[1]?.resolve([20]);
    calls[2]?.resolve([]);
    calls[3]?.resolve(undefined);
    expect((await middle.closed).type).toBe("error");
    await settle();
    expect(down.events).toEqual([]);
    expect(await rest(source)).toEqual([1, 2]);
    expect(middle.snapshot()).toMatchObject({
      input: { received: 4, handled: 2, failed: 0, lost: 0, returned: 2, inCallback: 0 },
      output: { emitted: 0, lost: 0 },
    });
    await source.stop();
  });

  test("what returned in the turn of a failure leaves before it", async () => {
    const { source, middle, down, calls } = await scene(build);
    calls[1]?.resolve([20]);
    calls[2]?.resolve([30]);
    calls[0]?.reject(new Error("broken"));
    await settle();
    calls[3]?.resolve([40]);
    await middle.closed;
    await settle();
    expect(down.events).toEqual([20, 30]);
    expect(await rest(source)).toEqual([1, 4]);
    await source.stop();
  });

  test("what returns in one turn leaves as one list", async () => {
    const { source, down, calls } = await scene(build);
    for (const [index, call] of calls.entries()) call.resolve([index, index]);
    await down.expectBatch([0, 0, 1, 1, 2, 2, 3, 3]);
    await source.stop();
  });

  test("what returned before a result that is no list leaves before the error of that", async () => {
    const { source, middle, down, calls } = await scene(build);
    calls[0]?.resolve([10]);
    calls[1]?.resolve(7 as never);
    await settle();
    for (const call of calls) call.resolve([]);
    const end = await middle.closed;
    expect(end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_RETURN" } });
    expect(down.events).toEqual([10]);
    await source.stop();
  });
});

test("one call at a time: what returns behind a stop comes back as its event", async () => {
  const { source, middle, calls } = await scene((handleEvent, to) => producerConsumer({ subscribeTo: redelivered(to), handleEvent }));
  const stopped = middle.stop();
  await settle();
  calls[0]?.resolve([10]);
  await stopped;
  expect(await rest(source)).toEqual([1, 2, 3, 4]);
  expect(middle.snapshot().input).toMatchObject({ received: 4, handled: 0, lost: 0, returned: 4, inCallback: 0 });
  await source.stop();
});

test.each([
  { output: [10], back: [1, 2, 3, 4], handled: 0 },
  { output: [], back: [], handled: 4 },
])("a batch that returns $output behind a stop comes back only with what it would have emitted", async ({ output, back, handled }) => {
  const { source, middle, calls } = await scene((handleEvents, to) => producerConsumer({ subscribeTo: redelivered(to), handleEvents }));
  const stopped = middle.stop();
  await settle();
  calls[0]?.resolve(output);
  await stopped;
  expect(await rest(source)).toEqual(back);
  expect(middle.snapshot().input).toMatchObject({ received: 4, handled, lost: 0, returned: 4 - handled, inCallback: 0 });
  await source.stop();
});
