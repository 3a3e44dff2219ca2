import { describe, expect, test } from "vitest";
import { NORMAL, OUTLET, consumer, fromIterable, post, producer, producerConsumer, type Cancel, type Port, type Subscriber, type Upward } from "sluice";
import { ConsumerProbe, ProducerProbe, ProtocolViolation, monitored, settle, type ProtocolRule } from "sluice/testing";
import { range } from "../core/support/range.ts";
import { Uncaught } from "../core/support/uncaught.ts";

const CANCEL: Cancel = { type: "cancel", kind: "cancel", reason: { type: "shutdown" } };

/** Two probes with a monitor between them. */
function wire(options: { readonly maxDemand?: number } = {}): { source: ProducerProbe<number>; sink: ConsumerProbe<number>; violations: ProtocolViolation[] } {
  const violations: ProtocolViolation[] = [];
  const source = new ProducerProbe<number>({ name: "source" });
  const sink = new ConsumerProbe(monitored(source.producer, { ...options, handleViolation: (violation) => violations.push(violation) }), { name: "sink" });
  return { source, sink, violations };
}

describe("a monitor", () => {
  test("passes everything on unchanged", async () => {
    const { source, sink, violations } = wire();
    await sink.ask(3);
    await sink.ask(2);
    const list = [1, 2, 3];
    await source.wire.send(list);
    await sink.cancel({ type: "shutdown", reason: "enough" });
    await source.wire.end("cancel", { type: "shutdown", reason: "enough" });
    expect(source.asks).toEqual([3, 2]);
    expect(sink.batches[0]).toBe(list);
    expect(source.cancels).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "shutdown", reason: "enough" } }]);
    expect(sink.ends).toEqual(source.cancels);
    expect(violations).toEqual([]);
  });

  test("shows the producer who subscribes, and with what", async () => {
    const source = new ProducerProbe<number>({ name: "source", dispatchOptions: ["partition"] });
    const watched = monitored(source.producer);
    const identity = {};
    const probe = new ConsumerProbe(watched, { name: "sink", identity, options: { partition: 1 }, receivesErrors: false });
    expect(watched[OUTLET]).toMatchObject({ name: "source", dispatchOptions: ["partition"] });
    expect(source.wire.subscriber).toMatchObject({ consumer: "sink", options: { partition: 1 }, receivesErrors: false });
    expect(source.wire.subscriber.identity).toBe(identity);
    await probe.cancel();
  });

  test("keeps the account of each wire", async () => {
    const source = producer<number>();
    const watched = monitored(source);
    const first = new ConsumerProbe(watched, { name: "first" });
    const second = new ConsumerProbe(watched, { name: "second" });
    await first.ask(3);
    await second.ask(1);
    source.emit(range(3));
    await settle();
    expect(watched.wires).toMatchObject([
      { consumer: "first", asked: 3, delivered: 3, cancel: undefined, end: undefined, isAwaitingEnd: false },
      { consumer: "second", asked: 1, delivered: 0 },
    ]);
    post(second.port, CANCEL);
    await Promise.resolve();
    await settle();
    expect(watched.wires[1]).toMatchObject({ cancel: CANCEL, end: CANCEL, isAwaitingEnd: false });
    await source.stop();
    expect(watched.wires[0]).toMatchObject({ cancel: undefined, end: { kind: "down", reason: { type: "shutdown" } } });
  });

  test("knows that a cancel awaits its confirmation", async () => {
    const { source, sink } = wire();
    const watched = monitored(source.producer);
    const other = new ConsumerProbe(watched);
    await other.cancel();
    expect(watched.wires[0]?.isAwaitingEnd).toBe(true);
    await source.wire.end("cancel", NORMAL);
    expect(watched.wires[0]?.isAwaitingEnd).toBe(false);
    await sink.cancel();
  });

  test("does not stand between a subscription and the one that replaces it", async () => {
    const source = producer<number>();
    const watched = monitored(source);
    const old = new ConsumerProbe(watched, { name: "old" });
    await old.ask(2);
    const young = new ConsumerProbe(watched, { name: "young", replaces: { probe: old } });
    await young.ask(1);
    source.emit([1]);
    await settle();
    expect(old).toMatchObject({ events: [], ends: [{ kind: "cancel" }] });
    expect(young.events).toEqual([1]);
    await source.stop();
  });

  test("stands between real stages of all kinds, and finds nothing to say", async () => {
    const numbers = fromIterable(range(100));
    const doubled = producerConsumer({ subscribeTo: [{ to: monitored(numbers, { maxDemand: 10, freeze: true }), maxDemand: 10 }], handleEvents: (events) => events.flatMap((n) => [n, n]) });
    let count = 0;
    const sink = consumer({
      subscribeTo: [{ to: monitored(doubled, { maxDemand: 7, freeze: true }), maxDemand: 7 }],
      handleEvents: (events) => void (count += events.length),
    });
    expect(await sink.closed).toEqual(NORMAL);
    expect(count).toBe(200);
  });
});

describe("a monitor blames", () => {
  const rows: readonly { readonly rule: ProtocolRule; readonly who: string; readonly what: string; readonly happens: (source: ProducerProbe<number>, sink: ConsumerProbe<number>) => Promise<void> }[] = [
    { rule: "over-delivered", who: "source", what: "more events than were asked for", happens: async (source, sink) => (await sink.ask(1), source.emit(1, 2)) },
    { rule: "over-delivered", who: "source", what: "events that nobody asked for", happens: (source) => source.emit(1) },
    { rule: "over-asked", who: "sink", what: "an ask beyond its window", happens: async (_source, sink) => (await sink.ask(3), sink.ask(2)) },
    { rule: "bad-ask", who: "sink", what: "an ask for nothing", happens: (_source, sink) => sink.ask(0) },
    { rule: "bad-ask", who: "sink", what: "an ask for half an event", happens: (_source, sink) => sink.ask(1.5) },
    { rule: "bad-ask", who: "sink", what: "an ask without end", happens: (_source, sink) => sink.ask(Infinity) },
    { rule: "empty-list", who: "source", what: "an empty list", happens: (source) => source.emit() },
    { rule: "after-cancel", who: "sink", what: "an ask after its cancel", happens: async (_source, sink) => (await sink.cancel(), sink.ask(1)) },
    { rule: "after-cancel", who: "sink", what: "an ask after its end", happens: async (_source, sink) => (await sink.down(), sink.ask(1)) },
    { rule: "after-cancel", who: "sink", what: "a second cancel", happens: async (_source, sink) => (await sink.cancel(), sink.down()) },
    { rule: "second-subscribe", who: "sink", what: "a second subscribe", happens: (_source, sink) => (post(sink.port, { type: "subscribe" }), settle()) },
    { rule: "after-end", who: "source", what: "events after its end", happens: async (source, sink) => (await sink.ask(1), await source.complete(), source.emit(1)) },
    { rule: "after-end", who: "source", what: "a second end", happens: async (source) => (await source.complete(), source.complete()) },
    { rule: "after-end", who: "source", what: "an error after its end", happens: async (source) => (await source.complete(), source.fail(new Error("late"))) },
    { rule: "after-end", who: "source", what: "events after it has confirmed a cancel", happens: async (source, sink) => (await sink.ask(2), await sink.cancel(), await source.wire.end("cancel", NORMAL), source.emit(1)) },
  ];

  test.each(rows)("the $who for $what", async ({ rule, who, happens }) => {
    const { source, sink, violations } = wire({ maxDemand: 4 });
    await happens(source, sink);
    expect(violations.map((violation) => [violation.rule, violation.message.startsWith(`expected ${who} to `)])).toEqual([[rule, true]]);
  });

  test("nobody for what crosses on the way", async () => {
    const { source, sink, violations } = wire();
    await sink.ask(2);
    post<Upward>(sink.port, CANCEL);
    await source.emit(1, 2);
    await source.wire.end("cancel", CANCEL.reason);
    expect(violations).toEqual([]);
    const second = wire();
    post(second.source.wire.subscriber, { type: "cancel", kind: "down", reason: NORMAL });
    post<Upward>(second.sink.port, 5);
    post<Upward>(second.sink.port, CANCEL);
    await settle();
    expect(second.violations).toEqual([]);
  });

  test("and tells what was said until then, with the values", async () => {
    const { source, sink, violations } = wire();
    await sink.ask(2);
    await source.emit(1, 2);
    await source.emit(3);
    expect(violations[0]?.message.split("\n")).toEqual([
      "expected source to deliver at most the 2 events that sink asked for, got: 3",
      "  sink asks for 2",
      "  source sends 2",
      "  source sends 1",
    ]);
    expect(violations[0]?.history).toHaveLength(3);
  });

  test("remembers the last fifty messages", async () => {
    const source = producer<number>({ handleDemand: (demand) => range(demand) });
    const watched = monitored(source);
    const sink = new ConsumerProbe(watched);
    for (let count = 0; count < 100; count += 1) post<Upward>(sink.port, 1);
    await settle();
    expect(watched.wires[0]?.history).toHaveLength(50);
    await source.stop();
  });

  test("where nobody can catch it, unless somebody wants to hear it; the message has passed", async () => {
    using uncaught = new Uncaught();
    const source = new ProducerProbe<number>({ name: "source" });
    const sink = new ConsumerProbe(monitored(source.producer), { name: "sink" });
    await source.emit(1);
    expect(uncaught.errors).toEqual([expect.any(ProtocolViolation)]);
    expect(sink.events).toEqual([1]);
  });

  test("who changes a list, if it may freeze them", async () => {
    const source = producer<number>();
    const failing = consumer({
      subscribeTo: [monitored(source, { freeze: true })],
      handleEvents: (events) => void (events as number[]).push(0),
    });
    await settle();
    source.emit([1]);
    expect(await failing.closed).toMatchObject({ type: "error", error: expect.any(TypeError) });
    await source.stop();
  });

  test("who takes more from a buffer than there is to ask for", () => {
    const violations: ProtocolViolation[] = [];
    const buffered = [1, 2];
    const foreign = {
      [OUTLET]: {
        name: "foreign",
        dispatchOptions: [],
        connect: (): Port<Upward> & { takeBuffered(): IteratorYieldResult<number> } => ({
          receive: () => undefined,
          takeBuffered: () => ({ value: buffered.shift() ?? 0, done: false }),
        }),
        released: () => Promise.resolve(),
      },
    };
    const watched = monitored(foreign, { maxDemand: 3, handleViolation: (violation) => violations.push(violation) });
    const subscriber: Subscriber<number> = { consumer: "loop", identity: {}, receivesErrors: true, options: {}, receive: () => undefined };
    const up = watched[OUTLET].connect(subscriber);
    expect([up.takeBuffered?.()?.value, up.takeBuffered?.()?.value]).toEqual([1, 2]);
    expect(watched.wires[0]).toMatchObject({ asked: 2, delivered: 2 });
    expect(violations).toEqual([]);
  });
});
