/** What is said on a wire at an odd moment, and what each side makes of it. */
import { describe, expect, test } from "vitest";
import { OUTLET, consumer, partitionDispatcher, producer, stream, type Report, type Subscribable } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";

/** A producer of another make that cannot be subscribed to. */
function refusing(error: unknown): Subscribable<number> {
  const connect = (): never => {
    throw error;
  };
  return { [OUTLET]: { name: "odd", dispatchOptions: [], connect, released: () => Promise.resolve() } };
}

const isAboutLate = ({ kind }: Report): boolean => kind !== "consumer-stopping";
const handler = { handleEvents: (): void => undefined };

describe("a consumer of two producers that fail in one turn", () => {
  test("ends with the first error, and reports the second", async () => {
    const reports: Report[] = [];
    const [first, second] = [new Error("first"), new Error("second")];
    const [ann, bob] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const stage = consumer({ ...handler, name: "sink", subscribeTo: [ann.producer, bob.producer], handleReport: (report) => reports.push(report) });
    await settle();
    void ann.fail(first);
    void bob.fail(second);
    expect(await stage.closed).toEqual({ type: "error", error: first });
    await settle();
    expect(reports.filter(isAboutLate)).toEqual([{ kind: "late-failure", stage: "sink", error: second }]);
  });

  test("with the same error reports nothing", async () => {
    const reports: Report[] = [];
    const error = new Error("both");
    const [ann, bob] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const stage = consumer({ ...handler, subscribeTo: [ann.producer, bob.producer], handleReport: (report) => reports.push(report) });
    await settle();
    void ann.fail(error);
    void bob.fail(error);
    expect(await stage.closed).toEqual({ type: "error", error });
    await settle();
    expect(reports.filter(isAboutLate)).toEqual([]);
  });

  test("reports nothing when the second of them ends normally, or is stopped", async () => {
    for (const reason of [{ type: "normal" }, { type: "shutdown" }] as const) {
      const reports: Report[] = [];
      const [ann, bob] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
      const stage = consumer({ ...handler, subscribeTo: [ann.producer, bob.producer], handleReport: (report) => reports.push(report) });
      await settle();
      void ann.fail("broken");
      void bob.wire.end("down", reason);
      expect(await stage.closed).toEqual({ type: "error", error: "broken" });
      await settle();
      expect(reports.filter(isAboutLate)).toEqual([]);
    }
  });
});

test("an end that comes twice on a wire is reported, and changes nothing", async () => {
  const reports: Report[] = [];
  const probe = new ProducerProbe<number>({ name: "numbers" });
  await using sink = consumer({ ...handler, name: "sink", handleReport: (report) => reports.push(report) });
  sink.subscribe(probe.producer, { cancel: "temporary" });
  await settle();
  await probe.complete();
  expect(reports).toEqual([]);
  await probe.complete();
  expect(reports).toEqual([{ kind: "late-signal", stage: "sink", partner: "numbers", signal: "end" }]);
  expect(sink.snapshot().state).toBe("running");
});

test("a producer that cannot be subscribed to fails the call, and its consumer goes on and stops as ever", async () => {
  const error = new Error("not today");
  const probe = new ProducerProbe<number>();
  const seen: number[] = [];
  const sink = consumer<number>({ handleEvents: (events) => void seen.push(...events) });
  expect(() => sink.subscribe(refusing(error))).toThrow(error);
  sink.subscribe(probe.producer);
  await settle();
  await probe.emit(1);
  expect([seen, sink.snapshot().input?.subscriptions.length]).toEqual([[1], 1]);
  const stopped = sink.stop();
  await probe.expectDemand(1000);
  await probe.expectCancel({ type: "shutdown" });
  await probe.wire.end("cancel", { type: "shutdown" });
  await stopped;
  expect(await sink.closed).toEqual({ type: "shutdown" });
});

describe("a subscription that replaces another", () => {
  test("of another producer leaves that one, with the reason that was given", async () => {
    const [old, fresh] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    await using sink = consumer({ ...handler, name: "sink" });
    const subscription = sink.subscribe(old.producer, { maxDemand: 3, cancel: "temporary" });
    await old.expectDemand(3);
    sink.subscribe(fresh.producer, { maxDemand: 5, replaces: { subscription, reason: { type: "shutdown", reason: "moved" } } });
    await old.expectCancel({ type: "shutdown", reason: "moved" });
    await fresh.expectDemand(5);
    await old.wire.end("cancel", { type: "shutdown", reason: "moved" });
  });

  test("replaces one of its own consumer, and no other", async () => {
    const probe = new ProducerProbe<number>();
    await using other = consumer<number>(handler);
    await using sink = consumer<number>(handler);
    const subscription = other.subscribe(probe.producer, { maxDemand: 3, cancel: "temporary" });
    await probe.expectDemand(3);
    expect(() => sink.subscribe(probe.producer, { replaces: { subscription } })).toThrow("expected replaces to be an object with a subscription of this consumer, got: ");
    await settle();
    expect(probe.cancels).toEqual([]);
    await probe.complete();
  });
});

describe("a stream over producers", () => {
  test("is named after them in the errors that its reader gets", async () => {
    const [ann, bob] = [producer<number>({ name: "ann", whenUnused: "wait" }), producer<number>({ name: "bob", whenUnused: "wait" })];
    const reader = stream([ann, bob])[Symbol.asyncIterator]();
    const next = reader.next();
    await settle();
    await Promise.all([ann.stop(), bob.stop()]);
    await expect(next).rejects.toMatchObject({ code: "SLUICE_STOPPED", message: expect.stringContaining("a stream of ann, bob") as string });
  });

  test("one of which cannot be subscribed to gives its reader that error, and leaves the others", async () => {
    const error = new Error("not today");
    const source = producer<number>({ name: "ann", handleDemand: () => [] });
    const reader = stream([source, refusing(error)])[Symbol.asyncIterator]();
    await expect(reader.next()).rejects.toBe(error);
    expect((await source.closed).type).toBe("shutdown");
    expect(await reader.next()).toEqual({ value: undefined, done: true });
  });

  test("gives an iterator that can be iterated itself", async () => {
    await using source = producer<number>({ whenUnused: "wait" });
    const iterator = source[Symbol.asyncIterator]() as AsyncIterator<number> & AsyncIterable<number>;
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
    await iterator.return?.();
  });
});

describe("the demand of consumers that have asked for as much as they can", () => {
  const many = Number.MAX_SAFE_INTEGER;
  const dispatchers = [
    ["demand", undefined],
    ["partition", partitionDispatcher<number>({ partitions: 3, hash: () => 0 })],
  ] as const;

  test.each(dispatchers)("of the %s dispatcher adds up to no more than is exact", async (_, dispatcher) => {
    const demands: number[] = [];
    await using source = producer<number>({ whenUnused: "wait", ...(dispatcher && { dispatcher }), handleDemand: (demand) => void demands.push(demand) });
    const probes = [0, 1, 2].map((partition) => new ConsumerProbe(source, { options: dispatcher ? { partition } : {} }));
    for (const probe of probes) await probe.ask(many);
    expect(demands).toEqual([many]);
  });

  test.each(dispatchers)("of the %s dispatcher is exact again when one of them has left", async (_, dispatcher) => {
    const demands: number[] = [];
    await using source = producer<number>({ whenUnused: "wait", bufferSize: Infinity, ...(dispatcher && { dispatcher }), handleDemand: (demand) => void demands.push(demand) });
    const of = (partition: number): ConsumerProbe<number> => new ConsumerProbe(source, { options: dispatcher ? { partition } : {} });
    const [ann, bob, cat] = [of(0), of(1), of(2)];
    await ann.ask(many);
    // Twice, so that the sum was exact in between.
    for (const leaver of [bob, cat]) {
      await leaver.ask(2);
      await leaver.cancel();
    }
    source.emit([1]);
    await settle();
    expect(ann.events).toEqual([1]);
    expect(demands).toEqual([many]);
    await ann.ask(1);
    expect(demands).toEqual([many, 1]);
  });
});
