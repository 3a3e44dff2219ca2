import { describe, expect, test } from "vitest";
import { BadOptionError, consumer, fromIterable, producer, type Report, type Subscription } from "sluice";
import { ProducerProbe, settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";
import { range } from "./support/range.ts";
import { withStillClock } from "./support/still-clock.ts";

describe("a consumer asks", () => {
  test("for maxDemand as soon as it is subscribed, and not in the same turn", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer({ subscribeTo: [probe.producer], handleEvents: () => undefined });
    expect(probe.asks).toEqual([]);
    await settle();
    expect(probe.asks).toEqual([1000]);
    expect(sink.snapshot().input?.subscriptions).toEqual([{ name: "probe", outstanding: 1000 }]);
  });

  test("for the rest to maxDemand once minDemand is left", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer({ subscribeTo: [{ to: probe, maxDemand: 10, minDemand: 4 }], handleEvents: () => undefined });
    await probe.expectDemand(10);
    await probe.emit(...range(5));
    await probe.expectNoDemand();
    await probe.emit(5);
    await probe.expectDemand(6);
    await probe.emit(...range(6, 6));
    await probe.expectDemand(6);
    expect(sink.snapshot().input).toMatchObject({ received: 12, handled: 12 });
  });

  test("after each batch of a list", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer({ subscribeTo: [{ to: probe.producer, maxDemand: 10, minDemand: 5 }], handleEvents: () => undefined });
    await settle();
    await probe.emit(...range(10));
    expect(probe.asks).toEqual([10, 5, 5]);
    expect(sink.role).toBe("consumer");
  });

  test("after as many events as a batch holds, where it handles them one by one", async () => {
    // No slice ends within a batch.
    using fresh = await withStillClock();
    const probe = new fresh.ProducerProbe<number>();
    await using sink = fresh.consumer({ subscribeTo: [{ to: probe.producer, maxDemand: 10, minDemand: 5 }], handleEvent: () => undefined });
    await settle();
    await probe.emit(...range(10));
    expect(probe.asks).toEqual([10, 5, 5]);
    expect(sink.snapshot().input?.handled).toBe(10);
  });

  test("for one event after each where maxDemand is 1", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer({ subscribeTo: [{ to: probe.producer, maxDemand: 1 }], handleEvents: () => undefined });
    await settle();
    await probe.emit(1);
    await probe.emit(2);
    expect(probe.asks).toEqual([1, 1, 1]);
    expect(sink.snapshot().input?.handled).toBe(2);
  });

  test("for nothing while a callback's promise is pending", async () => {
    const probe = new ProducerProbe<number>();
    const gate = deferred();
    await using sink = consumer({ subscribeTo: [{ to: probe, maxDemand: 2, minDemand: 1 }], handleEvents: () => gate.promise });
    await probe.expectDemand(2);
    await probe.emit(1);
    await probe.expectNoDemand();
    expect(sink.snapshot()).toMatchObject({ waitingFor: "callback", input: { inCallback: 1 } });
    gate.resolve();
    await probe.expectDemand(1);
  });

  test("by its own window where a subscription gives none", async () => {
    const [one, other, third] = [new ProducerProbe<number>(), new ProducerProbe<number>(), new ProducerProbe<number>()];
    await using sink = consumer({
      maxDemand: 10,
      minDemand: 8,
      subscribeTo: [one.producer, { to: other.producer, maxDemand: 4 }],
      handleEvents: () => undefined,
    });
    sink.subscribe(third.producer);
    await settle();
    for (const probe of [one, other, third]) await probe.emit(1, 2);
    expect([one.asks, other.asks, third.asks]).toEqual([
      [10, 2],
      [4, 2],
      [10, 2],
    ]);
  });

  test("nothing on its own in manual mode", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer({ subscribeTo: [{ to: probe.producer, mode: "manual" }], handleEvents: () => undefined });
    await settle();
    await probe.emit(1, 2, 3);
    expect(probe.asks).toEqual([]);
    expect(sink.snapshot().input?.handled).toBe(3);
  });
});

describe("a consumer handles", () => {
  test.each([
    { minDemand: 5, sizes: [5, 5, 3] },
    { minDemand: 0, sizes: [10, 3] },
    { minDemand: 9, sizes: range(13).map(() => 1) },
    { minDemand: 6, sizes: [4, 4, 4, 1] },
  ])("13 events in batches of $sizes with 10/$minDemand", async ({ minDemand, sizes }) => {
    const probe = new ProducerProbe<number>();
    const batches: (readonly number[])[] = [];
    await using sink = consumer({
      subscribeTo: [{ to: probe.producer, maxDemand: 10, minDemand }],
      handleEvents: (events) => void batches.push(events),
      handleReport: () => undefined,
    });
    await settle();
    await probe.emit(...range(13));
    expect(batches.map((batch) => batch.length)).toEqual(sizes);
    expect(batches.flat()).toEqual(range(13));
    expect(sink.snapshot().input?.handled).toBe(13);
  });

  test("a list that is no longer than a batch as it came, uncopied", async () => {
    const list = Object.freeze([1, 2, 3]);
    const batches: (readonly number[])[] = [];
    await using source = producer<number>();
    await using sink = consumer({ subscribeTo: [source], handleEvents: (events) => void batches.push(events) });
    source.emit(list);
    await settle();
    expect(batches).toEqual([[1, 2, 3]]);
    expect(batches[0]).toBe(list);
    expect(sink.snapshot().input?.handled).toBe(3);
  });

  test("a whole list as one batch in manual mode", async () => {
    const probe = new ProducerProbe<number>();
    const batches: (readonly number[])[] = [];
    await using sink = consumer({
      subscribeTo: [{ to: probe.producer, maxDemand: 4, mode: "manual" }],
      handleEvents: (events) => void batches.push(events),
    });
    await settle();
    await probe.emit(...range(9));
    expect(batches).toEqual([range(9)]);
    expect(sink.snapshot().input?.queued).toBe(0);
  });

  test("one batch after the other, never two at once", async () => {
    let running = 0;
    let most = 0;
    const handled: number[] = [];
    await using source = fromIterable(range(10));
    await using sink = consumer({
      subscribeTo: [{ to: source, maxDemand: 4, minDemand: 2 }],
      async handleEvents(events) {
        most = Math.max(most, (running += 1));
        await Promise.resolve();
        handled.push(...events);
        running -= 1;
      },
    });
    expect(await sink.closed).toEqual({ type: "normal" });
    expect([handled, most]).toEqual([range(10), 1]);
  });

  test("events with the subscription they came from, and with its own handle", async () => {
    const probe = new ProducerProbe<number>({ name: "source" });
    const seen: unknown[] = [];
    await using sink = consumer<number>({
      handleEvents(events, from, self) {
        seen.push(events, from, self.signal.aborted);
      },
    });
    const subscription = sink.subscribe(probe.producer);
    await settle();
    await probe.emit(1);
    expect(seen).toEqual([[1], subscription, false]);
    expect([subscription.name, subscription.side]).toEqual(["source", "producer"]);
  });

  test("more events than it asked for, reports them, and they earn no demand", async () => {
    const probe = new ProducerProbe<number>({ name: "source" });
    const reports: Report[] = [];
    const handled: number[] = [];
    await using sink = consumer({
      name: "sink",
      subscribeTo: [{ to: probe.producer, maxDemand: 4, minDemand: 2 }],
      handleEvents: (events) => void handled.push(...events),
      handleReport: (report) => reports.push(report),
    });
    await settle();
    await probe.emit(...range(5));
    expect(handled).toEqual(range(5));
    expect(reports).toEqual([{ kind: "excess-events", stage: "sink", partner: "source", count: 1 }]);
    // Four were asked for and handled, so four are asked for again; nothing for the fifth.
    expect(probe.asks.reduce((sum, ask) => sum + ask, 0)).toBe(8);
    expect(sink.snapshot().input?.subscriptions).toEqual([{ name: "source", outstanding: 4 }]);
  });

  test("events that come after the producer's end no more: they are lost, and the producer is told", async () => {
    const probe = new ProducerProbe<number>({ name: "source" });
    const reports: Report[] = [];
    const handled: number[] = [];
    await using sink = consumer({
      name: "sink",
      subscribeTo: [{ to: probe.producer, cancel: "temporary" }],
      handleEvents: (events) => void handled.push(...events),
      handleReport: (report) => reports.push(report),
    });
    await settle();
    await probe.emit(1);
    await probe.complete();
    await probe.emit(2, 3);
    expect(handled).toEqual([1]);
    expect(reports).toEqual([{ kind: "late-signal", stage: "sink", partner: "source", signal: "events" }]);
    expect(probe.cancels).toMatchObject([{ kind: "cancel", reason: { type: "error", error: { code: "SLUICE_UNKNOWN_SUBSCRIPTION" } } }]);
    expect(sink.snapshot().input).toMatchObject({ received: 3, handled: 1, lost: 2 });
  });

  test("only the first of two ends", async () => {
    const probe = new ProducerProbe<number>();
    const seen: unknown[] = [];
    await using sink = consumer({
      subscribeTo: [{ to: probe.producer, cancel: "temporary" }],
      handleEvents: () => undefined,
      handleCancel: (info) => void seen.push(info),
      handleReport: () => undefined,
    });
    await settle();
    await probe.complete();
    await probe.fail(new Error("an end after the end"));
    expect(seen).toEqual([{ kind: "down", reason: { type: "normal" } }]);
    expect(sink.snapshot().state).toBe("running");
  });

  test("every event before the end of its producer, one event at a time with handleEvent", async () => {
    const handled: number[] = [];
    await using source = fromIterable(range(5));
    await using sink = consumer({
      subscribeTo: [{ to: source, maxDemand: 2 }],
      handleEvent: async (event) => {
        await Promise.resolve();
        handled.push(event);
      },
    });
    expect(await sink.closed).toEqual({ type: "normal" });
    expect(handled).toEqual(range(5));
  });

  test("single events in the order of their calls up to its concurrency", async () => {
    const gates = range(4).map(() => deferred());
    const started: number[] = [];
    await using source = fromIterable(range(4));
    await using sink = consumer({
      subscribeTo: [source],
      concurrency: 2,
      handleEvent: (event) => {
        started.push(event);
        return gates[event]?.promise;
      },
    });
    await settle();
    expect(started).toEqual([0, 1]);
    expect(sink.snapshot().input).toMatchObject({ received: 4, queued: 2, inCallback: 2 });
    gates[1]?.resolve();
    await settle();
    expect(started).toEqual([0, 1, 2]);
    for (const gate of gates) gate.resolve();
    expect(await sink.closed).toEqual({ type: "normal" });
    expect(started).toEqual(range(4));
  });

  test("what its handler returns as nothing, and reports a list, as it has no consumers", async () => {
    const reports: Report[] = [];
    await using source = producer<number>();
    await using sink = consumer({
      name: "sink",
      subscribeTo: [source],
      handleEvents: (events) => events,
      handleReport: (report) => reports.push(report),
    });
    source.emit([1, 2]);
    await settle();
    expect(reports).toEqual([{ kind: "consumer-cannot-emit", stage: "sink", count: 2 }]);
    expect(sink.snapshot().state).toBe("running");
  });
});

describe("a subscription", () => {
  test("asks by hand for exactly what it is told", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer<number>({ handleEvents: () => undefined });
    const subscription = sink.subscribe(probe.producer, { mode: "manual" });
    subscription.ask(2);
    subscription.ask(3);
    subscription.ask(0);
    subscription.ask(Number.MAX_SAFE_INTEGER);
    await settle();
    expect(probe.asks).toEqual([2, 3, Number.MAX_SAFE_INTEGER]);
  });

  test.each([-1, Number.NaN, 1.5, "1", Infinity, 2 ** 53, undefined])("refuses to ask for %s, and nothing changes", async (demand) => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer<number>({ handleEvents: () => undefined });
    const subscription = sink.subscribe(probe.producer, { mode: "manual" });
    expect(() => subscription.ask(demand as number)).toThrow(BadOptionError);
    await settle();
    expect(probe.asks).toEqual([]);
  });

  test("can be asked from inside a callback, without recursion", async () => {
    let depth = 0;
    let deepest = 0;
    const handled: number[] = [];
    await using source = producer<number>({ handleDemand: (demand) => range(demand, handled.length) });
    await using sink = consumer<number>({
      handleSubscribe: (from: Subscription) => from.ask(1),
      handleEvents(events, from) {
        deepest = Math.max(deepest, (depth += 1));
        handled.push(...events);
        if (handled.length < 5) from.ask(1);
        depth -= 1;
      },
    });
    sink.subscribe(source, { mode: "manual" });
    await settle();
    expect(handled).toEqual(range(5));
    expect(deepest).toBe(1);
  });

  test("handles what was sent before its cancel is confirmed, and resolves then", async () => {
    const probe = new ProducerProbe<number>();
    const handled: number[] = [];
    await using sink = consumer<number>({ handleEvents: (events) => void handled.push(...events) });
    const subscription = sink.subscribe(probe.producer);
    await settle();
    let isConfirmed = false;
    void subscription.cancel({ type: "error", error: "mine" }).then(() => (isConfirmed = true));
    await settle();
    expect(probe.cancels).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "error", error: "mine" } }]);
    await probe.emit(1, 2);
    expect(isConfirmed).toBe(false);
    await probe.wire.end("cancel", { type: "error", error: "mine" });
    expect([handled, isConfirmed]).toEqual([[1, 2], true]);
    expect(await subscription.closed).toEqual({ type: "error", error: "mine" });
  });

  test("asks for nothing more after its cancel", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer<number>({ handleEvents: () => undefined });
    const subscription = sink.subscribe(probe.producer, { maxDemand: 2 });
    await settle();
    void subscription.cancel();
    subscription.ask(5);
    await probe.emit(1, 2);
    expect(probe.asks).toEqual([2]);
    expect(sink.snapshot().input?.handled).toBe(2);
  });

  test("cancels once, however often it is told", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer<number>({ handleEvents: () => undefined });
    const subscription = sink.subscribe(probe.producer);
    await settle();
    void subscription.cancel();
    void subscription.cancel();
    await settle();
    expect(probe.cancels).toHaveLength(1);
    await probe.wire.end("cancel", { type: "shutdown" });
    await subscription.cancel();
    expect(probe.cancels).toHaveLength(1);
  });

  test("says nothing more when its consumer stops after its own cancel", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer<number>({ handleEvents: () => undefined });
    const subscription = sink.subscribe(probe.producer);
    await settle();
    void subscription.cancel();
    await sink.stop();
    expect(probe.cancels).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "shutdown" } }]);
    expect(await subscription.closed).toEqual({ type: "shutdown" });
  });

  test("does not ask at all when it is cancelled in the turn in which it began", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer<number>({ handleEvents: () => undefined });
    void sink.subscribe(probe.producer).cancel();
    await settle();
    expect(probe.asks).toEqual([]);
    expect(probe.cancels).toHaveLength(1);
  });

  test("of a consumer that has ended is answered with its reason", async () => {
    const probe = new ProducerProbe<number>();
    const sink = consumer<number>({ handleEvents: () => undefined });
    await sink.stop("over");
    const subscription = sink.subscribe(probe.producer);
    expect(await subscription.closed).toEqual({ type: "shutdown", reason: "over" });
    expect(probe.wires).toEqual([]);
    await subscription.cancel();
  });

  test("to a producer that has ended is answered with its reason", async () => {
    const source = producer<number>();
    source.complete();
    await source.closed;
    await using sink = consumer<number>({ handleEvents: () => undefined });
    const subscription = sink.subscribe(source);
    expect(await subscription.closed).toEqual({ type: "normal" });
  });

  test("is replaced by another to the same producer, and nothing is lost", async () => {
    const handled: number[] = [];
    await using source = producer<number>();
    await using sink = consumer<number>({ handleEvents: (events) => void handled.push(...events) });
    const old = sink.subscribe(source, { maxDemand: 5, minDemand: 4 });
    source.emit([0, 1]);
    await settle();
    source.emit([2]);
    const renewed = sink.subscribe(source, { maxDemand: 3, replaces: { subscription: old } });
    source.emit([3, 4, 5]);
    await settle();
    expect(handled).toEqual(range(6));
    expect(await old.closed).toEqual({ type: "shutdown" });
    expect(sink.snapshot()).toMatchObject({ state: "running", input: { subscriptions: [{ name: source.name }] } });
    expect(source.snapshot().output?.consumers).toHaveLength(1);
    expect(renewed.name).toBe(source.name);
  });

  test("is replaced by another to another producer: the old one is cancelled, what it sent is handled", async () => {
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const handled: number[] = [];
    await using sink = consumer<number>({ handleEvents: (events) => void handled.push(...events) });
    const old = sink.subscribe(one.producer);
    await settle();
    sink.subscribe(other.producer, { replaces: { subscription: old } });
    await settle();
    expect(one.cancels).toHaveLength(1);
    await one.emit(1);
    await one.wire.end("cancel", { type: "shutdown" });
    await other.emit(2);
    expect(handled).toEqual([1, 2]);
    expect(sink.snapshot().state).toBe("running");
  });

  test("hands the options of the dispatcher on to the producer, and no others", async () => {
    const probe = new ProducerProbe<number>({ dispatchOptions: ["partition"] });
    await using sink = consumer<number>({ name: "sink", handleEvents: () => undefined });
    sink.subscribe(probe.producer, { partition: "a", maxDemand: 3 });
    await settle();
    expect(probe.wire.subscriber.options).toEqual({ partition: "a" });
    expect(probe.wire.subscriber.consumer).toBe("sink");
  });

  test("has one identity with the others of its consumer", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer<number>({ handleEvents: () => undefined });
    sink.subscribe(probe.producer);
    sink.subscribe(probe.producer);
    await using other = consumer<number>({ handleEvents: () => undefined });
    other.subscribe(probe.producer);
    const [first, second, third] = probe.wires.map((wire) => wire.subscriber.identity);
    expect(first).toBe(second);
    expect(third).not.toBe(first);
  });
});

describe("a consumer of several producers", () => {
  test("keeps a window for each", async () => {
    const [one, other] = [new ProducerProbe<number>({ name: "one" }), new ProducerProbe<string>({ name: "other" })];
    const handled: unknown[] = [];
    await using sink = consumer({
      subscribeTo: [
        { to: one.producer, maxDemand: 2 },
        { to: other.producer, maxDemand: 10, minDemand: 8 },
      ],
      handleEvents: (events, from) => void handled.push([from.name, ...events]),
    });
    await settle();
    await one.emit(1);
    await other.emit("a", "b", "c");
    expect(one.asks).toEqual([2, 1]);
    expect(other.asks).toEqual([10, 2]);
    expect(handled).toEqual([
      ["one", 1],
      ["other", "a", "b"],
      ["other", "c"],
    ]);
    expect(sink.snapshot().input?.subscriptions).toEqual([
      { name: "one", outstanding: 2 },
      { name: "other", outstanding: 9 },
    ]);
  });

  test("tells the handler of single events by which subscription each came, with redelivery or without", async () => {
    const [one, other] = [fromIterable([1], { name: "one" }), fromIterable(["a"], { name: "other" })];
    const handled: unknown[] = [];
    await using sink = consumer({
      subscribeTo: [one, { to: other, onCrash: "redeliver" }],
      handleEvent: (event, _, from) => void handled.push([from.name, event]),
    });
    await sink.closed;
    expect(handled).toEqual([
      ["one", 1],
      ["other", "a"],
    ]);
  });

  test("handles their lists in the order in which they came", async () => {
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const gate = deferred();
    const handled: number[] = [];
    await using sink = consumer({
      subscribeTo: [one.producer, other.producer],
      handleEvents(events) {
        handled.push(...events);
        return gate.promise;
      },
    });
    await settle();
    await one.emit(1);
    await other.emit(2);
    await one.emit(3);
    await other.emit(4);
    gate.resolve();
    await settle();
    expect(handled).toEqual([1, 2, 3, 4]);
    expect(sink.snapshot().input?.handled).toBe(4);
  });

  test("ends normally when all of them have ended", async () => {
    const handled: number[] = [];
    await using sink = consumer({
      subscribeTo: [fromIterable([1, 2]), fromIterable([3]), fromIterable<number>([])],
      handleEvents: (events) => void handled.push(...events),
    });
    expect(await sink.closed).toEqual({ type: "normal" });
    expect(handled.toSorted((one, other) => one - other)).toEqual([1, 2, 3]);
  });
});
