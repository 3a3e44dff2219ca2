import { describe, expect, test } from "vitest";
import { broadcastDispatcher, consumer, producer, SluiceError, type ProducerOptions, type PushProducer, type Report } from "sluice";
import { ConsumerProbe, monitored, settle } from "sluice/testing";
import { range } from "./support/range.ts";

/** A producer of the numbers from 0 that broadcasts, and what its source was asked for. */
function counter(options: ProducerOptions<number> = {}): { readonly stage: PushProducer<number>; readonly demands: number[] } {
  const demands: number[] = [];
  let next = 0;
  const stage = producer<number>({
    name: "counter",
    dispatcher: broadcastDispatcher(),
    whenUnused: "wait",
    handleDemand(demand) {
      demands.push(demand);
      // It ends somewhere, whatever is asked of it.
      const count = Math.min(demand, 10_000 - next);
      next += count;
      return range(count, next - count);
    },
    ...options,
  });
  return { stage, demands };
}

/** A producer that a test drives. */
function driven(options: ProducerOptions<number> = {}): PushProducer<number> {
  return producer<number>({ name: "driven", dispatcher: broadcastDispatcher(), ...options });
}

const isEven = (n: number): boolean => n % 2 === 0;
const nothing = (): boolean => false;

describe("the broadcast dispatcher", () => {
  test("sends each event to all consumers", async () => {
    await using stage = driven();
    const probes = [new ConsumerProbe(stage), new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await Promise.all(probes.map((probe) => probe.ask(3)));
    stage.emit([1, 2]);
    stage.emit([3]);
    await settle();
    expect(probes.map(({ batches }) => batches)).toEqual([[[1, 2], [3]], [[1, 2], [3]], [[1, 2], [3]]]);
  });

  test("sends all consumers one and the same list", async () => {
    await using stage = driven();
    const [ann, bob] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await Promise.all([ann.ask(2), bob.ask(2)]);
    const list = Object.freeze([1, 2]);
    stage.emit(list);
    await settle();
    expect(ann.batches[0]).toBe(list);
    expect(bob.batches[0]).toBe(list);
  });

  test("counts an event that went to three as delivered once", async () => {
    await using stage = driven();
    for (let count = 0; count < 3; count += 1) void new ConsumerProbe(stage).ask(2);
    stage.emit([1, 2, 3]);
    await settle();
    expect(stage.snapshot().output).toMatchObject({ emitted: 3, delivered: 2, buffered: 1 });
  });

  test("goes at the pace of the slowest", async () => {
    const { stage, demands } = counter();
    await using _ = stage;
    const [fast, slow] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await fast.ask(10);
    expect(demands).toEqual([]);
    await slow.ask(2);
    expect(fast.events).toEqual([0, 1]);
    await slow.ask(3);
    expect(fast.events).toEqual([0, 1, 2, 3, 4]);
    expect(slow.events).toEqual(fast.events);
    expect(demands).toEqual([2, 3]);
  });

  test("adds up what a consumer asks for", async () => {
    const { stage } = counter();
    await using _ = stage;
    const [ann, bob] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await ann.ask(2);
    await ann.ask(3);
    await bob.ask(10);
    expect([ann.events, bob.events]).toEqual([range(5), range(5)]);
  });

  test("asks its source for nothing as long as one consumer has not asked", async () => {
    const { stage, demands } = counter();
    await using _ = stage;
    const probes = [new ConsumerProbe(stage), new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await probes[0]?.ask(5);
    await probes[1]?.ask(5);
    expect(demands).toEqual([]);
    await probes[2]?.ask(1);
    expect(demands).toEqual([1]);
  });

  test("buffers what not all have asked for, and delivers it on demand", async () => {
    await using stage = driven();
    const [fast, slow] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await Promise.all([fast.ask(5), slow.ask(1)]);
    stage.emit([1, 2, 3]);
    await settle();
    expect(stage.bufferedCount).toBe(2);
    await slow.ask(4);
    expect([fast.events, slow.events, stage.bufferedCount]).toEqual([[1, 2, 3], [1, 2, 3], 0]);
  });

  test("sends who joins late what comes from then on, and asks for nothing twice", async () => {
    const { stage, demands } = counter();
    await using _ = stage;
    const first = new ConsumerProbe(stage);
    await first.ask(3);
    const late = new ConsumerProbe(stage);
    await late.ask(2);
    expect(late.events).toEqual([]);
    await first.ask(5);
    expect(first.events).toEqual([0, 1, 2, 3, 4]);
    expect(late.events).toEqual([3, 4]);
    expect(demands).toEqual([3, 2]);
  });

  test("holds the others as soon as somebody joins, until he asks", async () => {
    await using stage = driven();
    const first = new ConsumerProbe(stage);
    await first.ask(5);
    stage.emit([1]);
    const late = new ConsumerProbe(stage);
    await settle();
    stage.emit([2, 3]);
    await settle();
    expect(first.events).toEqual([1]);
    await late.ask(1);
    expect([first.events, late.events]).toEqual([[1, 2], [2]]);
  });

  test("sends who joins late what is still in the buffer", async () => {
    await using stage = driven();
    stage.emit([1, 2, 3]);
    await settle();
    const [ann, bob] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await ann.ask(2);
    await bob.ask(3);
    expect([ann.events, bob.events]).toEqual([[1, 2], [1, 2]]);
  });

  test("goes on at the pace of those who stay when the slowest leaves", async () => {
    const { stage, demands } = counter();
    await using _ = stage;
    const [fast, slow] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await Promise.all([fast.ask(6), slow.ask(1)]);
    await slow.cancel();
    expect(fast.events).toEqual(range(6));
    expect(slow.events).toEqual([0]);
    expect(demands).toEqual([1, 5]);
  });

  test("does not ask again for what a leaver's demand brings", async () => {
    const demands: number[] = [];
    await using stage = driven({ whenUnused: "wait", handleDemand: (demand) => void demands.push(demand) });
    const [ann, bob] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await Promise.all([ann.ask(3), bob.ask(3)]);
    await bob.cancel();
    const cid = new ConsumerProbe(stage);
    await cid.ask(2);
    expect(demands).toEqual([3]);
    stage.emit([1, 2, 3]);
    await settle();
    expect([ann.events, cid.events]).toEqual([[1, 2], [1, 2]]);
    expect(stage.bufferedCount).toBe(1);
  });

  test("keeps events for others when the last consumer leaves", async () => {
    await using stage = driven();
    const first = new ConsumerProbe(stage);
    await first.ask(5);
    await first.cancel();
    stage.emit([1, 2]);
    await settle();
    expect([first.events, stage.bufferedCount]).toEqual([[], 2]);
    const next = new ConsumerProbe(stage);
    await next.ask(1);
    expect(next.events).toEqual([1]);
  });

  test("sends nothing to a leaver, and nothing twice to those who stay, however often they come and go", async () => {
    const { stage } = counter();
    await using _ = stage;
    const wires = monitored(stage);
    const stays = new ConsumerProbe(wires);
    for (let round = 0; round < 20; round += 1) {
      const guest = new ConsumerProbe(wires);
      void stays.ask(3);
      void guest.ask(2);
      void guest.cancel();
      await settle();
    }
    expect(stays.events).toEqual(range(60));
    expect(stage.snapshot().output).toMatchObject({ emitted: 60, delivered: 60, buffered: 0 });
  });

  test("ends all consumers with its last event", async () => {
    await using stage = driven();
    const [ann, bob] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await Promise.all([ann.ask(1), bob.ask(5)]);
    stage.emit([1, 2]);
    stage.complete();
    await settle();
    expect([ann.end, bob.end]).toEqual([undefined, undefined]);
    await ann.ask(1);
    expect([ann.events, bob.events]).toEqual([[1, 2], [1, 2]]);
    expect([ann.end, bob.end]).toEqual([{ type: "normal" }, { type: "normal" }]);
  });
});

describe("a selector of the broadcast dispatcher", () => {
  test("says which events a consumer gets", async () => {
    await using stage = driven();
    const [all, even] = [new ConsumerProbe(stage), new ConsumerProbe(stage, { options: { selector: isEven } })];
    await Promise.all([all.ask(4), even.ask(4)]);
    stage.emit([1, 2, 3, 4]);
    await settle();
    expect(all.batches).toEqual([[1, 2, 3, 4]]);
    expect(even.batches).toEqual([[2, 4]]);
  });

  test("costs its consumer no demand for what it refuses", async () => {
    const { stage, demands } = counter();
    await using _ = stage;
    const even = new ConsumerProbe(stage, { options: { selector: isEven } });
    await even.ask(4);
    expect(even.events).toEqual([0, 2, 4, 6]);
    expect(demands).toEqual([4, 2, 1]);
  });

  test("that refuses everything holds nobody up, and gets no empty list", async () => {
    const { stage } = counter();
    await using _ = stage;
    const [all, none] = [new ConsumerProbe(stage), new ConsumerProbe(stage, { options: { selector: nothing } })];
    await none.ask(3);
    await all.ask(20);
    await all.ask(20);
    expect(all.events).toEqual(range(40));
    expect(none.batches).toEqual([]);
  });

  test("does not work for a consumer any more that has left while it was asked for again", async () => {
    await using stage = driven();
    const [all, none] = [new ConsumerProbe(stage), new ConsumerProbe(stage, { options: { selector: nothing } })];
    await Promise.all([all.ask(6), none.ask(2)]);
    stage.emit([1, 2]);
    void none.cancel();
    await settle();
    stage.emit([3, 4]);
    await settle();
    expect(all.events).toEqual([1, 2, 3, 4]);
    expect(none.ends).toHaveLength(1);
  });

  test("is an option of a subscription", async () => {
    const events: number[] = [];
    await using stage = driven();
    await using sink = consumer<number>({ handleEvents: (list) => void events.push(...list) });
    sink.subscribe(stage, { selector: isEven });
    await settle();
    stage.emit(range(5));
    await settle();
    expect(events).toEqual([0, 2, 4]);
  });

  test.each(["even", 1, null, {}])("that is %j is refused, with an error to that consumer alone", async (selector) => {
    const reports: Report[] = [];
    await using stage = driven({ handleReport: (report) => reports.push(report) });
    const good = new ConsumerProbe(stage);
    await good.ask(3);
    const bad = new ConsumerProbe(stage, { name: "bad", options: { selector } });
    await bad.ask(1);
    expect(bad.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_OPTION", option: "selector", message: expect.stringContaining("expected selector to be a function, got: ") as string } });
    expect(reports).toMatchObject([{ kind: "refused", partner: "bad" }]);
    stage.emit([1, 2]);
    await settle();
    expect(good.events).toEqual([1, 2]);
    expect(stage.snapshot().state).toBe("running");
  });

  test("that throws ends the stage with its error, and nobody gets that list", async () => {
    const error = new Error("no");
    await using stage = driven();
    const closed = stage.closed;
    const [first, thrower, last] = [
      new ConsumerProbe(stage),
      new ConsumerProbe(stage, {
        options: {
          selector(n: number) {
            if (n === 2) throw error;
            return true;
          },
        },
      }),
      new ConsumerProbe(stage),
    ];
    await Promise.all([first, thrower, last].map((probe) => probe.ask(5)));
    stage.emit([1]);
    stage.emit([2, 3]);
    await settle();
    expect(await closed).toEqual({ type: "error", error });
    for (const probe of [first, thrower, last]) {
      expect(probe.events).toEqual([1]);
      expect(probe.end).toEqual({ type: "error", error });
    }
    const { emitted, delivered, lost } = stage.snapshot().output ?? {};
    expect({ emitted, delivered, lost }).toEqual({ emitted: 3, delivered: 1, lost: 2 });
  });
});

describe("a second subscription of one consumer to a broadcast dispatcher", () => {
  test("is refused with an error that has a code, and the first goes on", async () => {
    const { stage } = counter();
    await using _ = stage;
    const first = new ConsumerProbe(stage, { name: "ann" });
    await first.ask(2);
    const second = new ConsumerProbe(stage, { name: "ann", identity: first });
    await second.ask(1);
    expect(second.end?.type).toBe("error");
    const { error } = second.end as { error: unknown };
    expect(error).toBeInstanceOf(SluiceError);
    expect(error).toMatchObject({ code: "SLUICE_ALREADY_SUBSCRIBED", message: "ann is subscribed already: it would get every event twice" });
    await first.ask(2);
    expect(first.events).toEqual([0, 1, 2, 3]);
    expect(first.ends).toEqual([]);
  });

  test("is refused as often as it is tried", async () => {
    await using stage = driven();
    const first = new ConsumerProbe(stage);
    for (let count = 0; count < 3; count += 1) {
      const second = new ConsumerProbe(stage, { identity: first });
      await settle();
      expect(second.end).toMatchObject({ error: { code: "SLUICE_ALREADY_SUBSCRIBED" } });
    }
  });

  test("leaves the open demand of the first as it was", async () => {
    await using stage = driven();
    const first = new ConsumerProbe(stage);
    await first.ask(3);
    const second = new ConsumerProbe(stage, { identity: first });
    await settle();
    stage.emit([1, 2, 3]);
    await settle();
    expect(first.events).toEqual([1, 2, 3]);
    expect(second.events).toEqual([]);
  });

  test("never stops the consumer, whatever its cancel mode", async () => {
    const events: number[] = [];
    await using stage = driven();
    await using sink = consumer<number>({ handleEvents: (list) => void events.push(...list) });
    sink.subscribe(stage, { cancel: "permanent" });
    const second = sink.subscribe(stage, { cancel: "permanent" });
    expect(await second.closed).toMatchObject({ type: "error", error: { code: "SLUICE_ALREADY_SUBSCRIBED" } });
    stage.emit([1, 2]);
    await settle();
    expect(sink.snapshot().state).toBe("running");
    expect(events).toEqual([1, 2]);
  });

  test("is admitted when the first has ended", async () => {
    await using stage = driven();
    const first = new ConsumerProbe(stage);
    await first.ask(5);
    await first.cancel();
    const again = new ConsumerProbe(stage, { identity: first });
    await again.ask(1);
    stage.emit([1, 2]);
    await settle();
    // Its demand is a new one.
    expect([first.events, again.events]).toEqual([[], [1]]);
  });

  test("is admitted when it replaces the first", async () => {
    await using stage = driven();
    const first = new ConsumerProbe(stage);
    await first.ask(1);
    stage.emit([1, 2]);
    await settle();
    const next = new ConsumerProbe(stage, { identity: first, replaces: { probe: first } });
    await next.ask(2);
    expect(first.end).toEqual({ type: "normal" });
    expect([first.events, next.events]).toEqual([[1], [2]]);
  });
});
