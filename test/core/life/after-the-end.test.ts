import { getEventListeners } from "node:events";
import { consumer, fromIterable, producer, producerConsumer, type ExitReason, type PushProducer, type Self, type Stage } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { collect } from "../support/collect.ts";
import { deferred } from "../support/deferred.ts";
import { same } from "./same.ts";

const error = new Error("source gone");
const ends: readonly (readonly [name: string, end: (stage: PushProducer<number>) => void, reason: ExitReason])[] = [
  ["a normal end", (stage) => stage.complete(), { type: "normal" }],
  ["a shutdown", (stage) => void stage.stop("enough"), { type: "shutdown", reason: "enough" }],
  ["an error", (stage) => stage.fail(error), { type: "error", error: same(error) }],
];

async function ended(end: (stage: PushProducer<number>) => void): Promise<PushProducer<number>> {
  const stage = producer<number>({ name: "numbers" });
  const { closed } = stage;
  end(stage);
  await closed;
  return stage;
}

describe.each(ends)("after %s", (_, end, reason) => {
  test("subscribe is answered with it", async () => {
    const numbers = await ended(end);
    for (const probe of [new ConsumerProbe(numbers), new ConsumerProbe(numbers)]) {
      await settle();
      expect(probe.ends).toEqual([{ type: "cancel", kind: "down", reason }]);
    }
  });

  test("a consumer that subscribes ends by its cancel mode", async () => {
    const numbers = await ended(end);
    const printer = consumer({ subscribeTo: [numbers], handleEvents: () => undefined });
    expect(await printer.closed).toEqual(reason);
    const survivor = consumer<number>({ handleEvents: () => undefined });
    const subscription = survivor.subscribe(numbers, { cancel: "temporary" });
    expect(await subscription.closed).toEqual(reason);
    expect(survivor.snapshot()).toMatchObject({ state: "running", input: { subscriptions: [] } });
    await survivor.stop();
  });

  test("an ask that comes with the subscription brings no event, and one answer", async () => {
    const numbers = await ended(end);
    const probe = new ConsumerProbe(numbers);
    await probe.ask(3);
    await probe.ask(3);
    expect(probe.batches).toEqual([]);
    expect(probe.ends).toEqual([{ type: "cancel", kind: "down", reason }]);
  });

  test("a subscription that has ended says so, and its ask and cancel do nothing", async () => {
    const numbers = producer<number>();
    const survivor = consumer<number>({ handleEvents: () => undefined });
    const subscription = survivor.subscribe(numbers, { cancel: "temporary", mode: "manual" });
    await settle();
    const { closed } = numbers;
    end(numbers);
    await closed;
    await settle();
    subscription.ask(3);
    await subscription.cancel({ type: "normal" });
    expect(await subscription.closed).toEqual(reason);
    expect(survivor.snapshot().state).toBe("running");
    await survivor.stop();
  });

  test("next() is answered with it, by any reader", async () => {
    const numbers = await ended(end);
    for (const reader of [numbers[Symbol.asyncIterator](), numbers.events(), numbers.batches()]) {
      const next = reader.next().then(
        (result) => (result.done === true ? { type: "normal" } : result),
        (thrown: unknown) => (thrown === error ? { type: "error", error } : { type: "shutdown", reason: (thrown as Error).cause }),
      );
      expect(await next).toEqual(reason);
      expect(await reader.next()).toEqual({ done: true, value: undefined });
    }
  });

  test("emit throws SLUICE_ENDED", async () => {
    const numbers = await ended(end);
    expect(() => numbers.emit([1])).toThrow(expect.objectContaining({ code: "SLUICE_ENDED", message: expect.stringContaining("numbers") }));
    expect(numbers.snapshot().output).toMatchObject({ emitted: 0, lost: 0 });
  });

  test("it has no consumers any more", async () => {
    const numbers = producer<number>();
    const probe = new ConsumerProbe(numbers);
    await settle();
    const { closed } = numbers;
    end(numbers);
    await closed;
    await settle();
    expect(probe.ends).toHaveLength(1);
    expect(numbers.snapshot().output?.consumers).toEqual([]);
  });

  test("complete, stop and info do nothing, and closed stays what it was", async () => {
    const infos: unknown[] = [];
    const numbers = producer<number>({ handleInfo: (message) => void infos.push(message) });
    const first = numbers.closed;
    end(numbers);
    await first;
    numbers.complete();
    numbers.info("late");
    await numbers.stop("late");
    await settle();
    expect(infos).toEqual([]);
    expect(await numbers.closed).toBe(await first);
    expect(await numbers.closed).toEqual(reason);
  });
});

describe("after the end", () => {
  test.each(ends)("that is %s no listener is left on the signal of the stage", async (_, end) => {
    const { signal } = new AbortController();
    const numbers = producer<number>({ signal });
    const { closed } = numbers;
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    end(numbers);
    await closed;
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("with a callback that is stuck for ever, a stage answers all the same", async () => {
    const numbers = producer<number>({ handleDemand: () => new Promise(() => undefined), stopWithinMs: 0 });
    const first = new ConsumerProbe(numbers);
    await first.ask(1);
    await numbers.stop("enough");
    const late = new ConsumerProbe(numbers);
    await late.ask(1);
    expect(late.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "shutdown", reason: "enough" } }]);
    await expect(numbers.flushed()).rejects.toMatchObject({ code: "SLUICE_STOPPED" });
    await expect(numbers[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "SLUICE_STOPPED" });
  });

  test("self.emit of a callback that goes on throws SLUICE_ENDED", async () => {
    let self: Self<number> | undefined;
    const numbers = producer<number>({ handleDemand: (_, own) => void (self = own) });
    await new ConsumerProbe(numbers).ask(1);
    self?.emit([1]);
    await numbers.stop();
    expect(() => self?.emit([2])).toThrow(expect.objectContaining({ code: "SLUICE_ENDED" }));
    expect(numbers.snapshot().output).toMatchObject({ emitted: 1, delivered: 1, lost: 0 });
  });

  test("a failure is reported only", async () => {
    const reports: unknown[] = [];
    const numbers = producer<number>({ name: "numbers", handleReport: (report) => void reports.push(report) });
    await numbers.stop();
    numbers.fail(error);
    await settle();
    expect(reports).toEqual([{ kind: "late-failure", stage: "numbers", error: same(error) }]);
    expect(await numbers.closed).toEqual({ type: "shutdown" });
  });

  test("a consumer's own subscribe is answered with its own end, and opens no wire", async () => {
    const probe = new ProducerProbe<number>();
    const printer = consumer<number>({ handleEvents: () => undefined });
    await printer.stop("enough");
    const subscription = printer.subscribe(probe.producer);
    expect(await subscription.closed).toEqual({ type: "shutdown", reason: "enough" });
    subscription.ask(1);
    await settle();
    expect(probe.wires).toEqual([]);
  });

  test("and while it stops still, a consumer's own subscribe is answered the same", async () => {
    const stopping = deferred();
    const probe = new ProducerProbe<number>();
    const printer = consumer<number>({ handleEvents: () => undefined, handleStop: () => stopping.promise });
    const stopped = printer.stop("enough");
    await settle();
    expect(printer.snapshot().state).toBe("stopping");
    expect(await printer.subscribe(probe.producer).closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(probe.wires).toEqual([]);
    stopping.resolve();
    await stopped;
  });

  test("a subscription tells its producer nothing more: no ask, no cancel", async () => {
    const probe = new ProducerProbe<number>();
    const printer = consumer<number>({ handleEvents: () => undefined });
    const subscription = printer.subscribe(probe.producer, { mode: "manual", cancel: "temporary" });
    await settle();
    await probe.complete();
    subscription.ask(3);
    await subscription.cancel();
    await settle();
    expect(probe.asks).toEqual([]);
    expect(probe.cancels).toEqual([]);
    await printer.stop();
  });

  test("the subscriptions of a consumer have ended as it has", async () => {
    const probe = new ProducerProbe<number>();
    const printer = consumer<number>({ handleEvents: () => undefined });
    const subscription = printer.subscribe(probe.producer);
    await settle();
    await printer.stop("enough");
    expect(await subscription.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(printer.snapshot().input?.subscriptions).toEqual([]);
  });

  test("events that come late are refused, reported and counted lost", async () => {
    const reports: unknown[] = [];
    const probe = new ProducerProbe<number>({ name: "late" });
    const doubler = producerConsumer({ name: "doubler", subscribeTo: [{ to: probe.producer, cancel: "temporary" }], handleEvents: (events) => events, handleReport: (report) => void reports.push(report) });
    await settle();
    await probe.complete();
    await probe.emit(1, 2);
    expect(doubler.snapshot()).toMatchObject({ state: "running", input: { received: 2, handled: 0, lost: 2 } });
    expect(reports).toEqual([{ kind: "late-signal", stage: "doubler", partner: "late", signal: "events" }]);
    await doubler.stop();
  });

  test("flushed() settles: it resolves after a normal end, and rejects otherwise", async () => {
    const completed = await ended((stage) => stage.complete());
    await completed.flushed();
    const stopped = await ended((stage) => void stage.stop("enough"));
    await expect(stopped.flushed()).rejects.toMatchObject({ code: "SLUICE_STOPPED", cause: "enough" });
    const failed = await ended((stage) => stage.fail(error));
    await expect(failed.flushed()).rejects.toBe(error);
  });
});

describe("an idle stage that nobody references is plain garbage:", { timeout: 30_000 }, () => {
  async function isCollected(make: () => Promise<Stage> | Stage, most = 20): Promise<boolean> {
    const reference = await (async () => new WeakRef(await make()))();
    for (let turns = 0; turns < most && reference.deref() !== undefined; turns += 1) {
      await settle();
      collect();
    }
    return reference.deref() === undefined;
  }

  const stages: readonly (readonly [name: string, make: () => Promise<Stage> | Stage])[] = [
    ["a producer that nobody has subscribed to", () => fromIterable([1, 2, 3])],
    ["a producer with a buffer", () => {
      const numbers = producer<number>();
      numbers.emit([1]);
      return numbers;
    }],
    ["a consumer and its producer, who wait for events", async () => {
      const printer = consumer({ subscribeTo: [producer<number>()], handleEvents: () => undefined });
      await settle();
      return printer;
    }],
    ["a stage with a callback that is stuck", async () => {
      const numbers = producer<number>({ handleDemand: () => new Promise(() => undefined) });
      await new ConsumerProbe(numbers).ask(1);
      return numbers;
    }],
    ["a stage that has ended, and whose closed was read", async () => {
      const numbers = producer<number>({ handleStop: () => Promise.resolve() });
      void numbers.closed;
      await numbers.stop();
      return numbers;
    }],
    ["a loop that was left", async () => {
      const numbers = producer<number>();
      numbers.emit([1]);
      for await (const _ of numbers) break;
      return numbers;
    }],
  ];

  test.each(stages)("%s", async (_, make) => {
    expect(await isCollected(make)).toBe(true);
  });

  test("a stage that is referenced is not", async () => {
    const numbers = producer<number>();
    expect(await isCollected(() => numbers, 2)).toBe(false);
    expect(numbers.snapshot().state).toBe("running");
  });
});
