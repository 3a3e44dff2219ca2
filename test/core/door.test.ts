/** What is emitted from outside in one turn waits for its turn, within a bound. */
import { describe, expect, test } from "vitest";
import { latestBy, producer, type ProducerOptions, type PushProducer, type Report } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "./support/range.ts";

/** A producer with an open demand of `demand`, and a burst of single events in one turn. */
async function burst(options: ProducerOptions<number>, demand: number, events: number): Promise<{ source: PushProducer<number>; probe: ConsumerProbe<number>; reports: Report[] }> {
  const reports: Report[] = [];
  const source = producer<number>({ name: "source", handleReport: (report) => reports.push(report), ...options });
  const probe = new ConsumerProbe(source);
  await settle();
  if (demand > 0) await probe.ask(demand);
  for (let n = 0; n < events; n += 1) source.emit([n]);
  await settle();
  return { source, probe, reports };
}

describe("a burst that is greater than the buffer", () => {
  test("is trimmed to the demand and the last events, where these are kept", async () => {
    const { source, probe } = await burst({ bufferSize: 10, bufferKeep: "last" }, 5, 100_000);
    expect(probe.events).toEqual([0, 1, 2, 3, 4]);
    expect(source.snapshot().output).toEqual({ emitted: 100_000, delivered: 5, buffered: 10, discarded: 99_985, dropped: 0, lost: 0, maxBuffered: 10, consumers: ["probe"] });
    await probe.ask(20);
    expect(probe.events.slice(5)).toEqual(range(10, 99_990));
    await source.stop();
  });

  test("is trimmed to the demand and the first events, where these are kept", async () => {
    const { source, probe } = await burst({ bufferSize: 10, bufferKeep: "first" }, 5, 100_000);
    await probe.ask(20);
    expect(probe.events).toEqual(range(15));
    expect(source.snapshot().output).toMatchObject({ emitted: 100_000, delivered: 15, buffered: 0, discarded: 99_985 });
    await source.stop();
  });

  test("leaves the room as it is, and a further burst is counted by itself", async () => {
    const { source, probe } = await burst({ bufferSize: 10, bufferKeep: "last" }, 5, 5000);
    await probe.ask(10);
    expect(source.emit([])).toBe(10);
    for (let n = 5000; n < 10_000; n += 1) source.emit([n]);
    await settle();
    expect(source.snapshot().output).toMatchObject({ emitted: 10_000, delivered: 15, buffered: 10, discarded: 9975 });
    expect(source.emit([])).toBe(0);
    await source.stop();
  });

  test("is trimmed to the latest of each key, where these are kept, and none is missing", async () => {
    const { source, probe } = await burst({ bufferSize: 10, bufferKeep: latestBy((n: number) => (n < 50_000 ? n % 4 : 4)) }, 0, 100_000);
    await probe.ask(20);
    expect(probe.events).toEqual([49_996, 49_997, 49_998, 49_999, 99_999]);
    expect(source.snapshot().output).toMatchObject({ emitted: 100_000, delivered: 5, discarded: 99_995 });
    await source.stop();
  });

  test("ends the producer behind what fits, where nothing says what to keep", async () => {
    const { source, probe } = await burst({ bufferSize: 10 }, 5, 100_000);
    await probe.ask(20);
    expect(probe.events).toEqual(range(15));
    expect(await source.closed).toMatchObject({ type: "error", error: { code: "SLUICE_BUFFER_FULL" } });
    const { emitted, delivered, discarded, lost } = source.snapshot().output ?? expect.fail("it has an output");
    expect(delivered + discarded + lost).toBe(emitted);
    expect(emitted).toBe(100_000);
  });

  test("is kept whole where the buffer has no bound", async () => {
    const { source, probe } = await burst({ bufferSize: Infinity }, 5, 20_000);
    await probe.ask(20_000);
    expect(probe.events).toEqual(range(20_000));
    await source.stop();
  });

  test("keeps what the source was asked for, whatever the bound", async () => {
    const source = producer<number>({ bufferSize: 1, handleDemand: () => undefined });
    const probe = new ConsumerProbe(source);
    await probe.ask(50_000);
    for (let n = 0; n < 50_000; n += 1) source.emit([n]);
    await settle();
    expect(probe.events).toEqual(range(50_000));
    await source.stop();
  });

  test("waits within its bound behind a callback that does not settle", async () => {
    let finish = (): void => undefined;
    const source = producer<number>({ bufferSize: 10, bufferKeep: "last", handleInfo: () => new Promise<void>((resolve) => (finish = resolve)) });
    const probe = new ConsumerProbe(source);
    source.info("hold");
    await settle();
    for (let turn = 0; turn < 20; turn += 1) {
      for (let n = 0; n < 1000; n += 1) source.emit([turn * 1000 + n]);
      await settle();
    }
    finish();
    await settle();
    await probe.ask(20);
    expect(probe.events).toEqual(range(10, 19_990));
    expect(source.snapshot().output).toMatchObject({ emitted: 20_000, delivered: 10, discarded: 19_990 });
    await source.stop();
  });

  test("ends the producer with the error of a key that throws", async () => {
    const broken = new Error("no key");
    const source = producer<number>({
      bufferSize: 10,
      bufferKeep: latestBy((n: number) => {
        if (n === 3000) throw broken;
        return n;
      }),
    });
    let taken = 0;
    expect(() => {
      for (; taken < 5000; taken += 1) source.emit([taken]);
    }).toThrow("it takes no more events");
    expect(await source.closed).toEqual({ type: "error", error: broken });
    await settle();
    const { emitted, delivered, discarded, lost } = source.snapshot().output ?? expect.fail("it has an output");
    expect(delivered + discarded + lost).toBe(emitted);
    expect(emitted).toBe(taken);
  });
});

describe("a single list that is greater than the buffer", () => {
  test("ends with the error of a key that throws when it is buffered", async () => {
    const broken = new Error("no key");
    const source = producer<number>({
      bufferKeep: latestBy(() => {
        throw broken;
      }),
    });
    source.emit([1, 2, 3]);
    expect(await source.closed).toEqual({ type: "error", error: broken });
    expect(source.snapshot().output).toMatchObject({ emitted: 3, lost: 3 });
  });
});

describe("handleBufferLow", () => {
  test("runs when no more than bufferLow events wait, after more did", async () => {
    const low: number[] = [];
    await using source = producer<number>({ bufferLow: 2, handleBufferLow: () => void low.push(source.bufferedCount) });
    const probe = new ConsumerProbe(source);
    source.emit(range(5));
    await settle();
    await probe.ask(2);
    expect(low).toEqual([]);
    await probe.ask(1);
    expect(low).toEqual([2]);
    await probe.ask(1);
    expect(low).toEqual([2]);
    source.emit(range(4));
    await probe.ask(4);
    expect(low).toEqual([2, 1]);
  });

  test("runs for events that waited at the door only, and were delivered at once", async () => {
    let calls = 0;
    await using source = producer<number>({ handleBufferLow: () => void (calls += 1) });
    const probe = new ConsumerProbe(source);
    await probe.ask(10);
    source.emit([1, 2, 3]);
    await settle();
    expect(probe.events).toEqual([1, 2, 3]);
    expect(calls).toBe(1);
  });

  test("runs for a loop that takes events from the buffer without messages", async () => {
    let calls = 0;
    const source = producer<number>({ bufferLow: 1, handleBufferLow: () => void (calls += 1) });
    source.emit(range(4));
    const reader = source[Symbol.asyncIterator]();
    for (let n = 0; n < 3; n += 1) expect(await reader.next()).toEqual({ value: n, done: false });
    await settle();
    expect(calls).toBe(1);
    await reader.return();
    await source.stop();
  });

  test("may emit: what it emits is behind what waits", async () => {
    await using source = producer<number>({ handleBufferLow: (self) => void self.emit([10, 11]) });
    const probe = new ConsumerProbe(source);
    source.emit([1, 2]);
    await settle();
    await probe.ask(3);
    expect(probe.events).toEqual([1, 2, 10]);
  });

  test("ends the stage with its error when it throws", async () => {
    const broken = new Error("broken");
    const source = producer<number>({
      handleBufferLow: () => {
        throw broken;
      },
    });
    const probe = new ConsumerProbe(source);
    source.emit([1]);
    await settle();
    await probe.ask(1);
    expect(await source.closed).toEqual({ type: "error", error: broken });
  });
});

describe("discard", () => {
  test("counts and reports events that were not emitted, behind those that were", async () => {
    const reports: Report[] = [];
    const told: number[] = [];
    await using source = producer<number>({ name: "source", handleReport: (report) => reports.push(report), handleDiscarded: (count) => void told.push(count) });
    source.emit([1]);
    source.discard(3);
    source.discard(0);
    await settle();
    expect(source.snapshot().output).toMatchObject({ emitted: 4, buffered: 1, discarded: 3 });
    expect(reports).toEqual([{ kind: "discarded", stage: "source", count: 3 }]);
    expect(told).toEqual([3]);
  });

  test("refuses a count that is no count", async () => {
    await using source = producer<number>();
    expect(() => source.discard(-1)).toThrow("expected the count of discarded events to be an integer of at least 0, got: -1");
  });
});
