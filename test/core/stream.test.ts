import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { BadOptionError, broadcastDispatcher, fromIterable, partitionDispatcher, producer, producerConsumer, stream, type ProducerOptions, type PushProducer } from "sluice";
import { ProducerProbe, settle } from "sluice/testing";
import { range } from "./support/range.ts";
import { Uncaught } from "./support/uncaught.ts";

/** Counts from `next` on, as far as it is asked; remembers the asks and how it ended. */
function counter(next: number, options: ProducerOptions<number> = {}): { readonly stage: PushProducer<number>; readonly demands: number[]; readonly ends: unknown[] } {
  const demands: number[] = [];
  const ends: unknown[] = [];
  const stage = producer<number>({
    handleDemand(demand) {
      demands.push(demand);
      return Array.from({ length: demand }, () => next++);
    },
    handleCancel: (info) => void ends.push(info),
    ...options,
  });
  return { stage, demands, ends };
}

async function read<Event>(events: AsyncIterable<Event>, most = Infinity): Promise<Event[]> {
  const list: Event[] = [];
  for await (const event of events) {
    list.push(event);
    if (list.length === most) break;
  }
  return list;
}

describe("a stream over several producers", () => {
  test("gives the events of all, those of each in order", async () => {
    const events = await read(stream([fromIterable(range(100)), fromIterable(range(50, 1000))]));
    expect(events.filter((event) => event < 1000)).toEqual(range(100));
    expect(events.filter((event) => event >= 1000)).toEqual(range(50, 1000));
    expect(events).toHaveLength(150);
  });

  test("ends when all have ended", async () => {
    const first = new ProducerProbe<string>();
    const second = new ProducerProbe<string>();
    const reader = stream([first.producer, second.producer])[Symbol.asyncIterator]();
    const next = reader.next();
    await settle();
    await first.complete();
    await second.emit("last");
    expect(await next).toEqual({ value: "last", done: false });
    const end = reader.next();
    await second.complete();
    expect(await end).toEqual({ value: undefined, done: true });
    expect(await reader.next()).toEqual({ value: undefined, done: true });
  });

  test("asks each for one event unless told otherwise, and again when the loop comes back", async () => {
    const a = counter(0);
    const b = counter(1000);
    await using reader = stream([a.stage, b.stage])[Symbol.asyncIterator]();
    await reader.next();
    await settle();
    expect([a.demands, b.demands]).toEqual([[1], [1]]);
    await reader.next();
    await settle();
    expect([a.demands, b.demands]).toEqual([[1, 1], [1]]);
  });

  test("gives each producer the window of its target, the others that of the stream", async () => {
    const a = counter(0);
    const b = counter(1000);
    await using reader = stream([{ to: a.stage, maxDemand: 10, minDemand: 8 }, b.stage], { maxDemand: 4 })[Symbol.asyncIterator]();
    const events = [await reader.next(), await reader.next(), await reader.next()];
    await settle();
    expect(events.map(({ value }) => value)).toEqual([0, 1, 2]);
    expect(a.demands).toEqual([10, 2]);
    expect(b.demands).toEqual([4]);
  });

  test("answers several next in order, with distinct events", async () => {
    const reader = stream([counter(0).stage], { maxDemand: 3, minDemand: 1 })[Symbol.asyncIterator]();
    const results = await Promise.all([reader.next(), reader.next(), reader.next(), reader.next(), reader.next()]);
    expect(results.map(({ value }) => value)).toEqual([0, 1, 2, 3, 4]);
    await reader.return();
  });

  test("touches no source before the first next", async () => {
    const a = counter(0);
    const events = stream([a.stage]);
    const reader = events[Symbol.asyncIterator]();
    await settle();
    expect(a.stage.snapshot().output?.consumers).toEqual([]);
    await reader.return();
    await settle();
    expect(a.demands).toEqual([]);
    // A consumer that came and left: the source is unused.
    expect(await a.stage.closed).toMatchObject({ type: "shutdown" });
  });

  test("over none is at its end", async () => {
    expect(await read(stream([]))).toEqual([]);
  });

  test("is read by each loop anew", async () => {
    const a = counter(0, { whenUnused: "wait" });
    const events = stream([a.stage]);
    expect(await read(events, 2)).toEqual([0, 1]);
    expect(await read(events, 2)).toEqual([2, 3]);
    await a.stage.stop();
  });

  test("is one consumer: a second subscription to a broadcast is refused, and harms nobody", async () => {
    const a = fromIterable(range(3), { dispatcher: broadcastDispatcher() });
    expect(await read(stream([a, a]))).toEqual([0, 1, 2]);
  });

  test("passes the options of a dispatcher on", async () => {
    const a = fromIterable(range(6), { dispatcher: partitionDispatcher({ partitions: ["even", "odd"], hash: (n: number) => (n % 2 === 0 ? "even" : "odd") }) });
    const events = await read(stream([{ to: a, partition: "even" }, { to: a, partition: "odd" }], { maxDemand: 10 }));
    expect(new Set(events)).toEqual(new Set(range(6)));
  });
});

describe("the demand mode of a stream's producers", () => {
  test("is forward once the loop has subscribed to all", async () => {
    const a = counter(0, { demand: "accumulate" });
    const b = counter(1000, { demand: "accumulate" });
    expect(await read(stream([a.stage, b.stage]), 4)).toHaveLength(4);
    expect(a.stage.demandMode).toBe("forward");
  });

  test("is what `demand` says", async () => {
    const a = counter(0);
    await using reader = stream([a.stage], { demand: "accumulate" })[Symbol.asyncIterator]();
    const next = reader.next();
    await settle();
    expect(a.demands).toEqual([]);
    a.stage.setDemandMode("forward");
    expect((await next).value).toBe(0);
  });

  test("is set for those that `producers` names instead", async () => {
    const a = counter(0, { demand: "accumulate" });
    const doubles = producerConsumer({ subscribeTo: [{ to: a.stage, maxDemand: 1 }], handleEvents: (events) => events.map((n) => n * 2) });
    expect(await read(stream([doubles], { producers: [a.stage] }), 3)).toEqual([0, 2, 4]);
  });

  test("is left alone where `producers` is empty", async () => {
    const a = counter(0, { demand: "accumulate" });
    await using reader = stream([a.stage], { producers: [] })[Symbol.asyncIterator]();
    void reader.next();
    await settle();
    expect(a.stage.demandMode).toBe("accumulate");
    expect(a.demands).toEqual([]);
  });
});

describe("the end of a stream", () => {
  test("by break leaves all producers, each of which stops unused, and waits for their release", async () => {
    const released: string[] = [];
    const a = counter(0, { handleStop: async () => void (await settle(), released.push("a")) });
    const b = counter(1000, { handleStop: () => void released.push("b") });
    await read(stream([a.stage, b.stage]), 3);
    expect(new Set(released)).toEqual(new Set(["a", "b"]));
    expect(a.ends).toHaveLength(1);
  });

  test("by an error of one comes at once, behind what was sent, with that error", async () => {
    const failure = new Error("down");
    const a = producer<number>();
    const b = counter(1000);
    const reader = stream([{ to: a, maxDemand: 10 }, b.stage])[Symbol.asyncIterator]();
    const events = [(await reader.next()).value];
    a.emit([1, 2]);
    a.fail(failure);
    const reading = (async () => {
      for await (const event of reader) events.push(event);
    })();
    await expect(reading).rejects.toBe(failure);
    expect(events.filter((event) => Number(event) < 1000)).toEqual([1, 2]);
    expect(await b.stage.closed).toMatchObject({ type: "shutdown" });
    expect(await reader.next()).toEqual({ value: undefined, done: true });
  });

  test("by the stop of the last is a StoppedError, never a normal end", async () => {
    const a = counter(0);
    const reader = stream([a.stage])[Symbol.asyncIterator]();
    await reader.next();
    void a.stage.stop("maintenance");
    await expect(reader.next()).rejects.toMatchObject({ name: "StoppedError", cause: "maintenance" });
  });

  test("comes when temporary subscriptions are all gone: the loop does not hang", async () => {
    const a = fromIterable(range(2));
    const b = fromIterable(range(2, 10));
    expect(await read(stream([{ to: a, cancel: "temporary" }, { to: b, cancel: "transient" }]))).toHaveLength(4);
  });

  test("does not come with the error of a temporary producer, which nobody receives: it is loud", async () => {
    using uncaught = new Uncaught();
    const failure = new Error("nobody's");
    const a = producer<number>();
    const b = producer<number>();
    const reader = stream([{ to: a, cancel: "temporary" }, b])[Symbol.asyncIterator]();
    const next = reader.next();
    await settle();
    a.fail(failure);
    await settle();
    expect(uncaught.errors).toEqual([failure]);
    b.emit([7]);
    expect((await next).value).toBe(7);
    await reader.return();
    await b.stop();
  });

  test("by an abort rejects the pending next with its reason, and leaves no listener", async () => {
    const controller = new AbortController();
    const a = new ProducerProbe<number>();
    const reader = stream([a.producer], { signal: controller.signal })[Symbol.asyncIterator]();
    const next = reader.next();
    await settle();
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(await reader.next()).toEqual({ value: undefined, done: true });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  test("by an abort before the first next touches no source", async () => {
    const a = counter(0);
    const reader = stream([a.stage], { signal: AbortSignal.abort("never") })[Symbol.asyncIterator]();
    await expect(reader.next()).rejects.toBe("never");
    expect(a.demands).toEqual([]);
    await a.stage.stop();
  });

  test("settles a pending next when return is called", async () => {
    const a = new ProducerProbe<number>();
    const reader = stream([a.producer])[Symbol.asyncIterator]();
    const next = reader.next();
    await settle();
    await reader.return();
    expect(await next).toEqual({ value: undefined, done: true });
  });
});

describe("a stream", () => {
  test.each<[string, () => unknown, string]>([
    ["targets that are no list", () => stream(fromIterable([1]) as never), "expected the targets of a stream to be a list"],
    ["a target that is no stage", () => stream([5 as never]), "expected the producer of a subscription to be a producer or a producerConsumer, got: 5"],
    ["an unknown option", () => stream([], { max: 1 } as never), "expected the options of a stream to be among maxDemand, minDemand, demand, producers, signal, closeWithinMs, got: \"max\""],
    ["an unknown option of a target", () => stream([{ to: fromIterable([1]), max: 1 } as never]), "expected the options of a subscription"],
    ["a window that is none", () => stream([], { maxDemand: 0 }), "expected maxDemand to be an integer of at least 1, got: 0"],
    ["a target in manual mode", () => stream([{ to: fromIterable([1]), mode: "manual" }]), "expected the mode of a stream's target to be \"automatic\""],
    ["a demand mode that is none", () => stream([], { demand: "later" as never }), "expected demand to be one of \"forward\", \"accumulate\", got: \"later\""],
    ["producers that are producerConsumers", () => stream([], { producers: [producerConsumer<number, number>({ handleEvents: (events) => events })] }), "expected producers to be a list of producers (a producerConsumer only forwards)"],
  ])("refuses %s", (_, call, message) => {
    expect(call).toThrow(BadOptionError);
    expect(call).toThrow(message);
  });
});
