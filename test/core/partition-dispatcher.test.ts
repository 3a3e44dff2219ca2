import { describe, expect, test } from "vitest";
import { BadOptionError, consumer, partitionDispatcher, producer, type PartitionDispatcherOptions, type ProducerOptions, type PushProducer, type Report } from "sluice";
import { ConsumerProbe, monitored, settle } from "sluice/testing";
import { range } from "./support/range.ts";

const byThree = (n: number): number => n % 3;

/** A producer that a test drives, with three partitions: 0, 1 and 2 by the remainder. */
function driven(options: ProducerOptions<number> = {}, partitions: Partial<PartitionDispatcherOptions<number, number>> = {}): PushProducer<number> {
  return producer<number>({
    name: "driven",
    dispatcher: partitionDispatcher({ partitions: 3, hash: byThree, ...partitions }),
    whenUnused: "wait",
    ...options,
  });
}

/** The same with a source that counts, and what it was asked for. */
function counter(partitions: Partial<PartitionDispatcherOptions<number, number>> = {}): { readonly stage: PushProducer<number>; readonly demands: number[] } {
  const demands: number[] = [];
  let next = 0;
  const stage = driven(
    {
      handleDemand(demand) {
        demands.push(demand);
        // It ends somewhere, whatever is asked of it.
        const count = Math.min(demand, 10_000 - next);
        next += count;
        return range(count, next - count);
      },
    },
    partitions,
  );
  return { stage, demands };
}

function probeOf<Event>(stage: PushProducer<Event>, partition: unknown, name = `probe ${String(partition)}`): ConsumerProbe<Event> {
  return new ConsumerProbe(stage, { name, options: { partition } });
}

describe("the partition dispatcher", () => {
  test("sends each event to the consumer of its partition, in order", async () => {
    await using stage = driven();
    const probes = [0, 1, 2].map((partition) => probeOf(stage, partition));
    await Promise.all(probes.map((probe) => probe.ask(10)));
    stage.emit(range(9));
    await settle();
    expect(probes.map(({ batches }) => batches)).toEqual([[[0, 3, 6]], [[1, 4, 7]], [[2, 5, 8]]]);
  });

  test("knows its partitions by names as well", async () => {
    await using stage = producer<number>({ dispatcher: partitionDispatcher({ partitions: ["even", "odd"], hash: (n: number) => (n % 2 === 0 ? "even" : "odd") }) });
    const [even, odd] = [probeOf(stage, "even"), probeOf(stage, "odd")];
    await Promise.all([even.ask(5), odd.ask(5)]);
    stage.emit(range(5));
    await settle();
    expect([even.events, odd.events]).toEqual([[0, 2, 4], [1, 3]]);
  });

  test("tells the partition 1 from the partition '1'", async () => {
    await using stage = producer<number>({ dispatcher: partitionDispatcher({ partitions: [1, "1"], hash: (n: number) => (n < 10 ? 1 : "1") }) });
    const [number, text] = [probeOf(stage, 1), probeOf(stage, "1")];
    await Promise.all([number.ask(5), text.ask(5)]);
    stage.emit([1, 11, 2]);
    await settle();
    expect([number.events, text.events]).toEqual([[1, 2], [11]]);
  });

  test("asks its source for what its consumers have asked for in sum", async () => {
    const demands: number[] = [];
    await using stage = driven({ handleDemand: (demand) => void demands.push(demand) });
    await probeOf(stage, 0).ask(3);
    await probeOf(stage, 2).ask(4);
    expect(demands).toEqual([3, 4]);
  });

  test("keeps what is for a slow consumer in its queue, and asks for less by that much", async () => {
    const { stage, demands } = counter();
    await using _ = stage;
    const [zero, one, two] = [probeOf(stage, 0), probeOf(stage, 1), probeOf(stage, 2)];
    await zero.ask(3);
    expect(demands).toEqual([3]);
    expect([zero.events, stage.bufferedCount]).toEqual([[0], 2]);
    // Two are open, and two are queued: nothing more is asked for.
    await zero.ask(1);
    expect(demands).toEqual([3, 1]);
    await one.ask(1);
    expect(one.events).toEqual([1]);
    await two.ask(1);
    expect(two.events).toEqual([2]);
    // Each event that leaves a queue lets one more be asked for.
    expect(demands).toEqual([3, 1, 1, 1]);
    expect([zero.events, stage.bufferedCount]).toEqual([[0, 3], 2]);
  });

  test("sends what is queued at the ask, as one list", async () => {
    await using stage = driven();
    await probeOf(stage, 0).ask(20);
    stage.emit(range(9));
    await settle();
    const one = probeOf(stage, 1);
    await one.ask(2);
    await one.ask(5);
    expect(one.batches).toEqual([[1, 4], [7]]);
  });

  test("holds more than it was asked for in the buffer of the stage", async () => {
    await using stage = driven();
    const zero = probeOf(stage, 0);
    await zero.ask(1);
    stage.emit(range(6));
    await settle();
    expect(zero.events).toEqual([0]);
    expect(stage.bufferedCount).toBe(5);
    expect(stage.snapshot().output).toMatchObject({ emitted: 6, delivered: 1, buffered: 5 });
  });

  test("counts queues and buffer as buffered", async () => {
    await using stage = driven({}, { queueSize: 2 });
    const zero = probeOf(stage, 0);
    await zero.ask(20);
    stage.emit(range(12));
    await settle();
    // The queues hold 1, 4 and 2, 5; the buffer what follows from 7 on.
    expect(zero.events).toEqual([0, 3, 6]);
    expect(stage.bufferedCount).toBe(12 - 3);
    expect(stage.snapshot().output).toMatchObject({ delivered: 3, buffered: 9 });
  });
});

describe("a queue of the partition dispatcher", () => {
  test("that is full holds the other partitions back, in order, and is seen in the snapshot", async () => {
    const { stage, demands } = counter({ queueSize: 2 });
    await using _ = stage;
    const [zero, one] = [probeOf(stage, 0), probeOf(stage, 1)];
    await Promise.all([zero.ask(50), one.ask(50)]);
    const before = demands.length;
    // Two for the partition that nobody takes: then all wait.
    expect(stage.snapshot()).toMatchObject({ waitingFor: "demand", state: "running" });
    expect(zero.events.concat(one.events).length).toBeLessThan(100);
    await Promise.all([zero.ask(50), one.ask(50)]);
    expect(demands.length).toBe(before);
    const two = probeOf(stage, 2);
    await two.ask(100);
    expect(demands.length).toBeGreaterThan(before);
    for (const probe of [zero, one, two]) expect(probe.events).toEqual(probe.events.toSorted((a, b) => a - b));
    expect(two.events.slice(0, 3)).toEqual([2, 5, 8]);
  });

  test("keeps its bound: what does not fit waits in the buffer, and what comes later behind it", async () => {
    await using stage = driven({}, { queueSize: 1 });
    const zero = probeOf(stage, 0);
    await zero.ask(50);
    stage.emit([1, 0, 4, 3, 6]);
    await settle();
    // 4 finds the queue full: 3 and 6 stay behind it, though zero has asked for them.
    expect(zero.events).toEqual([0]);
    expect(stage.bufferedCount).toBe(4);
    const one = probeOf(stage, 1);
    await one.ask(1);
    expect(one.events).toEqual([1]);
    expect(zero.events).toEqual([0, 3, 6]);
    await one.ask(1);
    expect([one.events, stage.bufferedCount]).toEqual([[1, 4], 0]);
  });

  test("is by default as long as the buffer of the stage", async () => {
    await using stage = driven({ bufferSize: 3, bufferKeep: "first" });
    const zero = probeOf(stage, 0);
    await zero.ask(50);
    stage.emit([1, 4, 7, 0]);
    await settle();
    expect(zero.events).toEqual([0]);
    expect(stage.bufferedCount).toBe(3);
    stage.emit([3]);
    await settle();
    expect(zero.events).toEqual([0, 3]);
    stage.emit([10, 6]);
    await settle();
    // A fourth one for the partition that nobody takes stops all.
    expect(zero.events).toEqual([0, 3]);
  });

  test("outlives its consumer, and goes first to the next of its partition", async () => {
    await using stage = driven();
    const [zero, one] = [probeOf(stage, 0), probeOf(stage, 1)];
    await zero.ask(20);
    await one.ask(1);
    stage.emit(range(9));
    await settle();
    expect(one.events).toEqual([1]);
    await one.cancel();
    expect(stage.bufferedCount).toBe(5);
    const next = probeOf(stage, 1, "next");
    await next.ask(10);
    expect(next.events).toEqual([4, 7]);
    stage.emit([10]);
    await settle();
    expect(next.events).toEqual([4, 7, 10]);
    expect(one.events).toEqual([1]);
  });

  test("loses nothing when its consumer comes and goes with every list", async () => {
    const { stage } = counter();
    await using _ = stage;
    const wires = monitored(stage);
    const stay = [0, 1].map((partition) => new ConsumerProbe(wires, { options: { partition } }));
    const guests: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      const guest = new ConsumerProbe(wires, { options: { partition: 2 } });
      for (const probe of stay) void probe.ask(3);
      void guest.ask(2);
      if (round % 2 === 0) void guest.cancel();
      await settle();
      if (round % 2 === 1) await guest.cancel();
      guests.push(...guest.events);
    }
    const last = probeOf(stage, 2);
    await last.ask(1_000);
    expect(guests.concat(last.events)).toEqual(range(guests.length + last.events.length).map((n) => n * 3 + 2));
    const { emitted, delivered, buffered } = stage.snapshot().output ?? {};
    expect({ emitted, sum: (delivered ?? 0) + (buffered ?? 0) }).toEqual({ emitted, sum: emitted });
  });

  test("is delivered before a normal end", async () => {
    await using stage = driven();
    const [zero, one] = [probeOf(stage, 0), probeOf(stage, 1)];
    await zero.ask(5);
    stage.emit([0, 1, 3]);
    stage.complete();
    await settle();
    expect([zero.events, zero.end, one.end]).toEqual([[0, 3], undefined, undefined]);
    await one.ask(1);
    expect(one.events).toEqual([1]);
    expect([zero.end, one.end]).toEqual([{ type: "normal" }, { type: "normal" }]);
  });

  test("is counted lost at a stop", async () => {
    await using stage = driven();
    await probeOf(stage, 0).ask(5);
    stage.emit([0, 1, 2, 4]);
    await settle();
    await stage.stop();
    expect(stage.bufferedCount).toBe(0);
    expect(stage.snapshot().output).toMatchObject({ emitted: 4, delivered: 1, buffered: 0, lost: 3 });
  });

  test("is waited for by flushed()", async () => {
    await using stage = driven();
    const [zero, one, two] = [probeOf(stage, 0), probeOf(stage, 1), probeOf(stage, 2)];
    await zero.ask(20);
    stage.emit([0, 1, 2, 4]);
    await settle();
    let isFlushed = false;
    void stage.flushed().then(() => (isFlushed = true));
    await settle();
    // What comes later is not waited for.
    stage.emit([7]);
    await one.ask(2);
    expect([one.events, isFlushed]).toEqual([[1, 4], false]);
    await two.ask(1);
    expect([two.events, isFlushed]).toEqual([[2], true]);
    expect(stage.bufferedCount).toBe(1);
  });

  test("is waited for by a message that travels in-band", async () => {
    const messages: unknown[] = [];
    await using stage = driven({ handleInfo: (message) => messages.push(message) });
    const [zero, one] = [probeOf(stage, 0), probeOf(stage, 1)];
    await zero.ask(20);
    stage.emit([1, 4]);
    stage.info("first");
    stage.emit([7]);
    stage.info("second");
    await one.ask(1);
    expect(messages).toEqual([]);
    await one.ask(1);
    expect(messages).toEqual(["first"]);
    await one.ask(1);
    expect(messages).toEqual(["first", "second"]);
  });
});

describe("a subscription to a partition dispatcher", () => {
  const rows = [
    { what: "no partition", partition: undefined, says: "expected partition to be one of 0, 1, 2, got: undefined" },
    { what: "a partition that does not exist", partition: 3, says: "expected partition to be one of 0, 1, 2, got: 3" },
    { what: "the text of a number", partition: "0", says: 'expected partition to be one of 0, 1, 2, got: "0"' },
    { what: "a partition that is taken", partition: 1, says: "expected partition to be one that owner has not taken already, got: 1" },
  ];

  test.each(rows)("with $what is refused by name, and the producer lives", async ({ partition, says }) => {
    const reports: Report[] = [];
    await using stage = driven({ handleReport: (report) => reports.push(report) });
    const owner = probeOf(stage, 1, "owner");
    await owner.ask(2);
    const refused = probeOf(stage, partition, "refused");
    await refused.ask(5);
    expect(refused.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_OPTION", option: "partition", message: says } });
    expect((refused.end as { error: unknown }).error).toBeInstanceOf(BadOptionError);
    expect(reports).toMatchObject([{ kind: "refused", partner: "refused" }]);
    stage.emit([1, 4]);
    await settle();
    expect(owner.events).toEqual([1, 4]);
    expect(refused.events).toEqual([]);
    expect(stage.snapshot().state).toBe("running");
  });

  test("takes a partition again whose consumer has left", async () => {
    await using stage = driven();
    const first = probeOf(stage, 1);
    await first.ask(5);
    await first.cancel();
    const next = probeOf(stage, 1);
    await next.ask(1);
    stage.emit([1, 4]);
    await settle();
    // The demand of the first went with it.
    expect([first.events, next.events]).toEqual([[], [1]]);
  });

  test("that replaces another takes its partition and its queue", async () => {
    await using stage = driven();
    const [zero, old] = [probeOf(stage, 0), probeOf(stage, 1, "old")];
    await zero.ask(10);
    await old.ask(1);
    stage.emit([1, 4, 7]);
    await settle();
    const next = new ConsumerProbe(stage, { name: "next", options: { partition: 1 }, replaces: { probe: old } });
    await next.ask(5);
    expect(old.end).toEqual({ type: "normal" });
    expect([old.events, next.events]).toEqual([[1], [4, 7]]);
  });

  test("may be one of several of one consumer, each for its own partition", async () => {
    const events: number[] = [];
    await using stage = driven();
    await using sink = consumer<number>({ handleEvents: (list) => void events.push(...list) });
    sink.subscribe(stage, { partition: 0 });
    sink.subscribe(stage, { partition: 1 });
    await settle();
    stage.emit([0, 1, 3, 4]);
    await settle();
    expect(events.toSorted((a, b) => a - b)).toEqual([0, 1, 3, 4]);
  });
});

describe("the hash of a partition dispatcher", () => {
  const dropsOdd = { partitions: 2, hash: (n: number) => (n % 2 === 1 ? undefined : (n / 2) % 2) } as const;

  test("drops an event by undefined, which is counted and asked for again", async () => {
    const { stage, demands } = counter(dropsOdd);
    await using _ = stage;
    const [zero, one] = [probeOf(stage, 0), probeOf(stage, 1)];
    await Promise.all([zero.ask(2), one.ask(2)]);
    expect([zero.events, one.events]).toEqual([[0, 4], [2, 6]]);
    const { emitted, delivered, dropped } = stage.snapshot().output ?? {};
    expect(dropped).toBeGreaterThanOrEqual(3);
    expect(emitted).toBe((delivered ?? 0) + (dropped ?? 0));
    expect(demands.reduce((sum, demand) => sum + demand, 0)).toBe(emitted);
  });

  test("takes dropped events out of a list that is longer than the demand", async () => {
    await using stage = driven({}, dropsOdd);
    const zero = probeOf(stage, 0);
    await zero.ask(2);
    stage.emit([1, 0, 3, 4, 5, 8]);
    await settle();
    expect(zero.events).toEqual([0, 4]);
    expect(stage.snapshot().output).toMatchObject({ delivered: 2, dropped: 2, buffered: 2 });
  });

  test("replaces an event by one that it returns with the partition", async () => {
    await using stage = driven({}, { hash: (n) => ({ partition: n % 3, event: n * 10 }) });
    const [zero, one] = [probeOf(stage, 0), probeOf(stage, 1)];
    await Promise.all([zero.ask(2), one.ask(2)]);
    stage.emit([0, 1, 3, 4]);
    await settle();
    expect([zero.events, one.events]).toEqual([[0, 30], [10, 40]]);
  });

  test("replaces an event by undefined, null, and a list: they are events", async () => {
    const odd = [undefined, null, [1, 2]];
    await using stage = producer<unknown>({ dispatcher: partitionDispatcher<unknown>({ partitions: 1, hash: (n) => ({ partition: 0, event: odd[n as number] }) }) });
    const probe = probeOf(stage, 0);
    await probe.ask(3);
    stage.emit([0, 1, 2]);
    await settle();
    expect(probe.events).toEqual(odd);
  });

  test("that throws ends the stage with its error; nobody gets any of that list", async () => {
    const error = new Error("no hash");
    await using stage = driven(
      {},
      {
        hash(n) {
          if (n === 4) throw error;
          return n % 3;
        },
      },
    );
    const closed = stage.closed;
    const [zero, one] = [probeOf(stage, 0), probeOf(stage, 1)];
    await Promise.all([zero.ask(5), one.ask(5)]);
    stage.emit([0]);
    stage.emit([1, 3, 4, 6]);
    await settle();
    expect(await closed).toEqual({ type: "error", error });
    expect([zero.events, one.events]).toEqual([[0], []]);
    expect(zero.end).toEqual({ type: "error", error });
    expect(stage.snapshot().output).toMatchObject({ emitted: 5, delivered: 1, lost: 4 });
  });

  test.each([3, "0", -1, NaN, null])("that returns %j, which is no partition, ends the stage with an error that names it", async (name) => {
    await using stage = driven({}, { hash: () => name as number });
    const closed = stage.closed;
    await probeOf(stage, 0).ask(5);
    stage.emit([1]);
    await settle();
    expect(await closed).toMatchObject({
      type: "error",
      error: { code: "SLUICE_UNKNOWN_PARTITION", message: `expected hash to return one of 0, 1, 2, got: ${JSON.stringify(name) === "null" ? String(name) : JSON.stringify(name)}` },
    });
  });

  test("is not called for events that nobody has asked for", async () => {
    const hashed: number[] = [];
    await using stage = driven(
      {},
      {
        hash(n) {
          hashed.push(n);
          return n % 3;
        },
      },
    );
    stage.emit([0, 3, 6]);
    await settle();
    expect(hashed).toEqual([]);
    const zero = probeOf(stage, 0);
    await zero.ask(2);
    expect(hashed).toEqual([0, 3]);
  });
});

describe("the options of partitionDispatcher", () => {
  const hash = byThree;
  const rows: readonly { readonly options: object; readonly says: string | RegExp }[] = [
    { options: { hash }, says: "expected partitions to be a number or a list of names, got: undefined" },
    { options: { partitions: 0, hash }, says: "expected partitions to be an integer of at least 1, or a list of names, got: 0" },
    { options: { partitions: 1.5, hash }, says: "expected partitions to be an integer of at least 1, or a list of names, got: 1.5" },
    { options: { partitions: [], hash }, says: "expected partitions to be a list of different names, at least one, got: an array of 0" },
    { options: { partitions: ["a", "a"], hash }, says: "expected partitions to be a list of different names, at least one, got: an array of 2" },
    { options: { partitions: ["a", {}], hash }, says: "expected partitions to be a list of different names, at least one, got: an array of 2" },
    { options: { partitions: 2 }, says: "expected hash to be a function, got: undefined" },
    { options: { partitions: 2, hash: "id" }, says: 'expected hash to be a function, got: "id"' },
    { options: { partitions: 2, hash, queueSize: 0 }, says: "expected queueSize to be an integer of at least 1, or Infinity, got: 0" },
    { options: { partitions: 2, hash, queue: 1 }, says: 'expected the options of partitionDispatcher to be among partitions, hash, queueSize, got: "queue"' },
  ];

  test.each(rows)("$says", ({ options, says }) => {
    expect(() => partitionDispatcher(options as PartitionDispatcherOptions<number, number>)).toThrow(says);
    expect(() => partitionDispatcher(options as PartitionDispatcherOptions<number, number>)).toThrow(BadOptionError);
  });

  test("may have queues without a bound", async () => {
    await using stage = driven({ bufferSize: 100 }, { queueSize: Infinity });
    const zero = probeOf(stage, 0);
    await zero.ask(1_000);
    stage.emit([...range(90).map((n) => n * 3 + 1), 0]);
    await settle();
    expect([zero.events, stage.bufferedCount]).toEqual([[0], 90]);
  });
});

test("a partition dispatcher that has dropped nothing says nothing of it", () => {
  const dropped: number[] = [];
  const dispatcher = partitionDispatcher<number>({ partitions: 1, hash: (event) => (event < 0 ? undefined : 0) })({ bufferSize: 10, dropped: (count) => void dropped.push(count), report: () => undefined });
  const recipient = { name: "sink", identity: {}, options: { partition: 0 }, seat: undefined, send: () => undefined, askAgain: () => undefined };
  dispatcher.subscribe(recipient);
  dispatcher.ask(recipient, 10);
  expect(dispatcher.dispatch([1, 2])).toBe(2);
  expect(dispatcher.dispatch([-1, 3, -2])).toBe(3);
  expect(dropped).toEqual([2]);
});
