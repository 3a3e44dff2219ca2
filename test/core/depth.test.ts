import { describe, expect, test } from "vitest";
import { NORMAL, consumer, fromIterable, pipeline, post, producer, producerConsumer, type Producer, type Stage } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "./support/range.ts";

const DEPTH = 10_000;
const MILLION = 1_000_000;

/** A chain of many stages that hand on what they get. */
function chain(source: Producer<number>, depth: number, stages: Stage[] = []): Producer<number> {
  let last = source;
  for (let place = 0; place < depth; place += 1) {
    last = producerConsumer({ subscribeTo: [{ to: last, maxDemand: 4 }], handleEvents: (events) => events });
    stages.push(last);
  }
  return last;
}

describe("a chain of 10,000 stages", { timeout: 30_000 }, () => {
  test("delivers its events and its end", async () => {
    const events: number[] = [];
    for await (const event of chain(fromIterable(range(10)), DEPTH)) events.push(event);
    expect(events).toEqual(range(10));
  });

  test("passes an error on, by identity", async () => {
    const failure = new Error("at the other end");
    const source = producer<number>({
      handleDemand() {
        throw failure;
      },
    });
    const loop = async (): Promise<void> => {
      for await (const _ of chain(source, DEPTH)) expect.unreachable();
    };
    await expect(loop()).rejects.toBe(failure);
  });

  test("is unwound by a break, from its end to its source", async () => {
    const stages: Stage[] = [];
    let isReleased = false;
    const source = producer<number>({ whenUnused: "stop", handleStop: () => void (isReleased = true) });
    source.emit(range(3));
    for await (const _ of chain(source, DEPTH, stages).events({ closeWithinMs: 60_000 })) break;
    expect(isReleased).toBe(true);
    expect(new Set(stages.map((stage) => stage.snapshot().state))).toEqual(new Set(["ended"]));
  });

  test("is stopped at its source, and ends with that reason", async () => {
    const source = producer<number>();
    const last = chain(source, DEPTH);
    await settle();
    await source.stop("enough");
    expect(await last.closed).toEqual({ type: "shutdown", reason: "enough" });
  });
});

describe("a demand of 10,000,000", { timeout: 30_000 }, () => {
  test("is met by one list", async () => {
    await using source = producer<number>({ handleDemand: (demand) => Array.from({ length: demand }, () => 0) });
    const probe = new ConsumerProbe(source);
    await probe.ask(10 * MILLION);
    expect(probe.batches.map((batch) => batch.length)).toEqual([10 * MILLION]);
  });

  test("is met by as many events, one by one from an iterable", async () => {
    let made = 0;
    function* numbers(): Generator<number> {
      while (true) yield made++;
    }
    let handled = 0;
    await pipeline(fromIterable(numbers()), (from) =>
      consumer({
        subscribeTo: [{ to: from, maxDemand: 10 * MILLION }],
        handleEvents(events, _from, self) {
          handled += events.length;
          if (handled >= 10 * MILLION) self.complete();
        },
      }),
    );
    expect(handled).toBeGreaterThanOrEqual(10 * MILLION);
    // Once half of it was handled, the other half was asked for again.
    expect(made).toBeLessThanOrEqual(20 * MILLION);
  });

  test("is met through a stage that reads ten at a time", async () => {
    let next = 0;
    const source = producer<number>({ handleDemand: (demand) => range(demand, (next += demand) - demand) });
    const middle = producerConsumer({ subscribeTo: [{ to: source, maxDemand: 10 }], handleEvents: (events) => events });
    let received = 0;
    let isInOrder = true;
    await pipeline(source, middle, (from) =>
      consumer({
        subscribeTo: [{ to: from, maxDemand: 10 * MILLION }],
        handleEvents(events, _from, self) {
          isInOrder &&= events[0] === received;
          received += events.length;
          if (received >= 2 * MILLION) self.complete();
        },
      }),
    );
    expect(received).toBeGreaterThanOrEqual(2 * MILLION);
    expect(isInOrder).toBe(true);
  });

  test("of a great number is the greatest that can be asked", async () => {
    await using source = producer<number>({ handleDemand: () => [1] });
    const probe = new ConsumerProbe(source);
    await probe.ask(Number.MAX_SAFE_INTEGER);
    expect(probe.events).toEqual([1]);
  });
});

describe("nothing recurses", { timeout: 30_000 }, () => {
  test("in a million events of a sync iterable at a maxDemand of 1", async () => {
    let handled = 0;
    await pipeline(fromIterable(range(MILLION)), (from) =>
      consumer({ subscribeTo: [{ to: from, maxDemand: 1 }], handleEvents: (events) => void (handled += events.length) }),
    );
    expect(handled).toBe(MILLION);
  });

  test("in a hundred thousand asks of one turn", async () => {
    await using source = producer<number>({ handleDemand: (demand) => range(demand) });
    const probe = new ConsumerProbe(source);
    for (const _ of range(100_000)) post(probe.port, 1);
    await settle();
    expect(probe.events).toHaveLength(100_000);
  });

  test("in a hundred thousand lists that wait behind a callback", async () => {
    let handled = 0;
    let isFirst = true;
    const source = producer<number>({ bufferSize: Infinity });
    await using sink = consumer({
      subscribeTo: [{ to: source, maxDemand: 200_000 }],
      handleEvents(events) {
        handled += events.length;
        const pause = isFirst ? settle() : undefined;
        isFirst = false;
        return pause;
      },
    });
    await settle();
    for (const event of range(100_000)) source.emit([event]);
    source.complete();
    expect(await sink.closed).toEqual({ type: "normal" });
    expect(handled).toBe(100_000);
  });

  test("in ten thousand consumers of one producer", async () => {
    await using source = producer<number>({ handleDemand: (demand) => range(demand) });
    const probes = range(10_000).map(() => new ConsumerProbe(source));
    for (const probe of probes) post(probe.port, 1);
    await settle();
    expect(probes.reduce((sum, probe) => sum + probe.events.length, 0)).toBe(10_000);
    for (const probe of probes) post(probe.port, { type: "cancel", kind: "down", reason: NORMAL });
    await settle();
    expect(source.snapshot().state).toBe("ended");
  });
});
