/** An ordered producerConsumer that gives back what it has not handled: an event is handled when its output has left. */
import { describe, expect, test } from "vitest";
import { producer, producerConsumer, type ProducerConsumer, type PushProducer } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { deferred, type Deferred } from "./support/deferred.ts";

interface Scene {
  readonly source: PushProducer<number>;
  readonly middle: ProducerConsumer<number, number>;
  readonly down: ConsumerProbe<number>;
  readonly call: (event: number) => Deferred<readonly number[]>;
}

/** Four events came, three are in calls; the second call has returned, and its output waits for the first. */
async function waiting(stopWithinMs = 1000): Promise<Scene> {
  const source = producer<number>({ whenUnused: "wait" });
  const calls = new Map<number, Deferred<readonly number[]>>();
  const call = (event: number): Deferred<readonly number[]> => calls.get(event) ?? expect.fail(`no call for ${event}`);
  const middle = producerConsumer({
    subscribeTo: [{ to: source, onCrash: "redeliver", maxDemand: 4, minDemand: 3 }],
    concurrency: 3,
    stopWithinMs,
    handleEvent(event: number) {
      const made = deferred<readonly number[]>();
      calls.set(event, made);
      return made.promise;
    },
  });
  const down = new ConsumerProbe(middle);
  await down.ask(10);
  source.emit([1, 2, 3, 4]);
  await settle();
  call(2).resolve([20]);
  await settle();
  return { source, middle, down, call };
}

/** What the source brings to the next that asks. */
async function rest(source: PushProducer<number>): Promise<readonly number[]> {
  const next = new ConsumerProbe(source);
  await next.ask(10);
  return next.events;
}

describe("an output that waits for those before it", () => {
  test("counts as handled by its own call, and leaves behind the first", async () => {
    const { source, middle, down, call } = await waiting();
    expect(down.events).toEqual([]);
    expect(middle.snapshot().input).toMatchObject({ received: 4, queued: 1, inCallback: 2, handled: 1 });
    call(1).resolve([10]);
    await settle();
    expect(down.events).toEqual([10, 20]);
    call(3).resolve([30]);
    call(4).resolve([40]);
    await settle();
    expect(down.events).toEqual([10, 20, 30, 40]);
    expect(middle.snapshot().input).toMatchObject({ received: 4, queued: 0, inCallback: 0, handled: 4 });
    await source.stop();
    expect(source.snapshot().output).toMatchObject({ emitted: 4, delivered: 4, lost: 0 });
  });

  test("leaves when a call before it fails: only what has no output comes back", async () => {
    const { source, middle, down, call } = await waiting(1);
    call(1).reject(new Error("broken"));
    expect((await middle.closed).type).toBe("error");
    await settle();
    expect(down.events).toEqual([20]);
    expect(await rest(source)).toEqual([1, 3, 4]);
    expect(middle.snapshot().input).toMatchObject({ received: 4, handled: 1, failed: 0, lost: 0, returned: 3, inCallback: 0 });
    await source.stop();
  });

  test("goes nowhere at a stop, so its event comes back, as do those whose calls return too late", async () => {
    const { source, middle, call } = await waiting();
    const stopped = middle.stop();
    await settle();
    call(3).resolve([30]);
    call(1).resolve([10]);
    await stopped;
    expect(await rest(source)).toEqual([1, 2, 3, 4]);
    expect(middle.snapshot()).toMatchObject({ input: { received: 4, handled: 0, lost: 0, returned: 4, inCallback: 0 }, output: { emitted: 0, lost: 0 } });
    await source.stop();
  });

  test("goes nowhere when a call before it fails behind a stop, so its event comes back", async () => {
    const { source, middle, down, call } = await waiting();
    const stopped = middle.stop();
    await settle();
    call(3).resolve([30]);
    call(1).reject(new Error("late"));
    await stopped;
    expect(down.events).toEqual([]);
    expect(await rest(source)).toEqual([1, 2, 3, 4]);
    expect(middle.snapshot().input).toMatchObject({ received: 4, handled: 0, failed: 0, returned: 4, inCallback: 0 });
    await source.stop();
  });

  test("comes back as its event when the calls before it take longer than the stop may, and once", async () => {
    const { source, middle, down, call } = await waiting(1);
    await middle.stop();
    await settle();
    expect(middle.snapshot().input).toMatchObject({ received: 4, handled: 0, lost: 0, returned: 4, inCallback: 0 });
    expect(await rest(source)).toEqual([1, 2, 3, 4]);
    call(1).resolve([10]);
    call(3).reject(new Error("late"));
    await settle();
    expect(down.events).toEqual([]);
    expect(middle.snapshot().input).toMatchObject({ received: 4, handled: 0, failed: 0, lost: 0, returned: 4, inCallback: 0, queued: 0 });
    await source.stop();
  });
});
