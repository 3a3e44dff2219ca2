import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ADOPT, BadOptionError, SluiceError, consumer, producer, type ExitReason, type PushProducer, type Report } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";
import { range } from "./support/range.ts";

describe("handleDemand", () => {
  test("is called once for each ask, with exactly what was asked", async () => {
    const demands: number[] = [];
    let next = 0;
    await using counter = producer<number>({
      handleDemand(demand) {
        demands.push(demand);
        return Array.from({ length: demand }, () => next++);
      },
    });
    const probe = new ConsumerProbe(counter);
    await probe.ask(2);
    await probe.ask(3);
    expect(demands).toEqual([2, 3]);
    expect(probe.batches).toEqual([
      [0, 1],
      [2, 3, 4],
    ]);
  });

  test("is called for each of two asks of one turn, never for their sum", async () => {
    const demands: number[] = [];
    await using source = producer<number>({
      handleDemand(demand) {
        demands.push(demand);
        return range(demand);
      },
    });
    const probe = new ConsumerProbe(source);
    void probe.ask(2);
    await probe.ask(3);
    expect(demands).toEqual([2, 3]);
    expect(probe.events).toHaveLength(5);
  });

  test("does not run in the turn in which the stage starts, nor before the first demand", async () => {
    let calls = 0;
    await using source = producer<number>({ handleDemand: () => void (calls += 1) });
    const probe = new ConsumerProbe(source);
    await settle();
    expect(calls).toBe(0);
    const asked = probe.ask(1);
    expect(calls).toBe(0);
    await asked;
    expect(calls).toBe(1);
  });

  test("is called for each ask of each consumer", async () => {
    const demands: number[] = [];
    await using source = producer<number>({ handleDemand: (demand) => void demands.push(demand) });
    const [ann, bob] = [new ConsumerProbe(source), new ConsumerProbe(source)];
    await ann.ask(3);
    await bob.ask(2);
    await ann.ask(1);
    expect(demands).toEqual([3, 2, 1]);
  });

  test("is called for asks that came while its promise was pending, one by one", async () => {
    const demands: number[] = [];
    const gate = deferred();
    await using source = producer<number>({
      async handleDemand(demand) {
        demands.push(demand);
        await gate.promise;
        return range(demand);
      },
    });
    const probe = new ConsumerProbe(source);
    await probe.ask(1);
    await probe.ask(2);
    await probe.ask(3);
    expect(demands).toEqual([1]);
    gate.resolve();
    await settle();
    expect(demands).toEqual([1, 2, 3]);
    expect(probe.batches).toEqual([[0], [0, 1], [0, 1, 2]]);
  });

  test("keeps the events nobody asked for, and spends them before it is called again", async () => {
    const demands: number[] = [];
    await using greedy = producer<number>({
      handleDemand(demand) {
        demands.push(demand);
        return [1, 2, 3];
      },
    });
    const probe = new ConsumerProbe(greedy);
    await probe.ask(1);
    await probe.ask(2);
    expect(probe.batches).toEqual([[1], [2, 3]]);
    expect(demands).toEqual([1]);
  });

  test("is called with an ask less what the buffer served", async () => {
    const demands: number[] = [];
    await using greedy = producer<number>({
      handleDemand(demand) {
        demands.push(demand);
        return demands.length === 1 ? [1, 2, 3] : range(demand, 10);
      },
    });
    const probe = new ConsumerProbe(greedy);
    await probe.ask(1);
    await probe.ask(5);
    expect(demands).toEqual([1, 3]);
    expect(probe.batches).toEqual([[1], [2, 3], [10, 11, 12]]);
  });

  test("leaves a surplus that is greater than the buffer, and then nothing more fits", async () => {
    const source = producer<number>({ bufferSize: 2, handleDemand: () => range(10) });
    const probe = new ConsumerProbe(source);
    await probe.ask(1);
    expect(source.emit([10])).toBe(0);
    await settle();
    expect(source.snapshot().output).toMatchObject({ emitted: 11, delivered: 1, buffered: 9, discarded: 1 });
    for (const _ of range(9)) await probe.ask(1);
    expect(probe.events).toEqual(range(10));
    expect(probe.end).toMatchObject({ type: "error", error: { code: "SLUICE_BUFFER_FULL" } });
  });

  test("is not called while the surplus of a list serves what is asked", async () => {
    let calls = 0;
    await using greedy = producer<number>({
      bufferSize: 2,
      handleDemand() {
        calls += 1;
        return range(10);
      },
    });
    const probe = new ConsumerProbe(greedy);
    await probe.ask(1);
    expect(greedy.bufferedCount).toBe(9);
    for (const _ of range(9)) await probe.ask(1);
    expect(calls).toBe(1);
    expect(probe.events).toEqual(range(10));
    await probe.ask(1);
    expect(calls).toBe(2);
  });

  test("is not asked again for what it owes", async () => {
    const demands: number[] = [];
    await using slow = producer<number>({ handleDemand: (demand) => void demands.push(demand) });
    const probe = new ConsumerProbe(slow);
    await probe.ask(5);
    slow.emit([1, 2]);
    await settle();
    await probe.ask(1);
    expect(demands).toEqual([5, 1]);
    slow.emit([3, 4, 5, 6]);
    await settle();
    expect(probe.events).toEqual([1, 2, 3, 4, 5, 6]);
    expect(slow.bufferedCount).toBe(0);
  });

  test("may return fewer events than were asked, and bring the rest later", async () => {
    const demands: number[] = [];
    await using source = producer<number>({
      handleDemand(demand) {
        demands.push(demand);
        return [1];
      },
    });
    const probe = new ConsumerProbe(source);
    await probe.ask(3);
    expect(probe.events).toEqual([1]);
    await probe.ask(2);
    expect(demands).toEqual([3, 2]);
    expect(probe.events).toEqual([1, 1]);
  });

  test("gives what it emits before what it returns", async () => {
    await using source = producer<string>({
      handleDemand(_demand, self) {
        self.emit(["emitted"]);
        return ["returned"];
      },
    });
    const probe = new ConsumerProbe(source);
    await probe.ask(2);
    expect(probe.batches).toEqual([["emitted"], ["returned"]]);
  });

  test("may return null and an empty list for nothing, and no empty list is delivered", async () => {
    const returns = [[], undefined, null, [7]] as const;
    let calls = 0;
    await using source = producer<number>({ handleDemand: () => returns[calls++] as readonly number[] | undefined });
    const probe = new ConsumerProbe(source);
    for (const _ of returns) await probe.ask(1);
    expect(probe.batches).toEqual([[7]]);
  });

  test("is not called after complete, and the list of the callback in progress still belongs to the stream", async () => {
    let calls = 0;
    const source = producer<number>({
      handleDemand(demand, self) {
        calls += 1;
        self.complete();
        return range(demand);
      },
    });
    const probe = new ConsumerProbe(source);
    void probe.ask(2);
    await probe.ask(2);
    expect(calls).toBe(1);
    expect(probe.batches).toEqual([[0, 1]]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("is not called for demand that was held when complete was called", async () => {
    const source = producer<number>({ demand: "accumulate", handleDemand: () => expect.unreachable() });
    const probe = new ConsumerProbe(source);
    await probe.ask(2);
    source.setDemandMode("forward");
    source.complete();
    await settle();
    expect(probe.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "normal" } }]);
  });

  test("hands on a returned list uncopied", async () => {
    const list = Object.freeze([1, 2, 3]);
    await using source = producer<number>({ handleDemand: () => list });
    const probe = new ConsumerProbe(source);
    await probe.ask(3);
    expect(probe.batches[0]).toBe(list);
  });

  test("passes any value on as an event, by identity", async () => {
    const rejected = Promise.reject(new Error("an event, not a failure"));
    rejected.catch(() => undefined);
    const thenable = Object.fromEntries(new Map([["then", () => undefined]]));
    const events = [undefined, null, Number.NaN, 0, "", false, { done: true }, thenable, rejected, [1, 2], [].values()];
    await using source = producer<unknown>({ handleDemand: () => events });
    const probe = new ConsumerProbe(source);
    await probe.ask(events.length);
    expect(probe.events).toHaveLength(events.length);
    probe.events.forEach((event, place) => expect(Object.is(event, events[place])).toBe(true));
  });
});

describe("demand that consumers leave behind", () => {
  test("is subtracted from the next asks, as the producer owes it already", async () => {
    const demands: number[] = [];
    await using source = producer<number>({ whenUnused: "wait", handleDemand: (demand) => void demands.push(demand) });
    const ann = new ConsumerProbe(source);
    await ann.ask(5);
    await ann.cancel();
    const bob = new ConsumerProbe(source);
    await bob.ask(3);
    expect(demands).toEqual([5]);
    await bob.ask(4);
    expect(demands).toEqual([5, 2]);
  });

  test("brings events that the remaining consumers get", async () => {
    await using source = producer<number>({ handleDemand: () => undefined });
    const [ann, bob] = [new ConsumerProbe(source), new ConsumerProbe(source)];
    await ann.ask(5);
    await bob.ask(2);
    await ann.cancel();
    source.emit(range(7));
    await settle();
    expect(bob.events).toEqual([0, 1]);
    expect(source.bufferedCount).toBe(5);
    await bob.ask(5);
    expect(bob.events).toEqual(range(7));
  });

  test("is not subtracted twice, once it has come", async () => {
    const demands: number[] = [];
    await using source = producer<number>({ whenUnused: "wait", handleDemand: (demand) => void demands.push(demand) });
    const ann = new ConsumerProbe(source);
    await ann.ask(5);
    await ann.down();
    source.emit(range(5));
    await settle();
    const bob = new ConsumerProbe(source);
    await bob.ask(6);
    expect(bob.events).toEqual(range(5));
    expect(demands).toEqual([5, 1]);
  });

  test("is served where the ask waits before the cancel, behind a callback in progress", async () => {
    const demands: number[] = [];
    const gate = deferred();
    await using source = producer<number>({
      async handleDemand(demand) {
        demands.push(demand);
        await gate.promise;
        return range(demand);
      },
    });
    const [ann, bob] = [new ConsumerProbe(source), new ConsumerProbe(source)];
    await ann.ask(1);
    await bob.ask(4);
    await bob.cancel();
    gate.resolve();
    await settle();
    expect(ann.events).toEqual([0]);
    expect(demands).toEqual([1, 4]);
    expect(bob.events).toEqual(range(4));
  });

  test("is passed on with what a producer accumulates, as it counts as sent", async () => {
    const demands: number[] = [];
    await using source = producer<number>({ demand: "accumulate", handleDemand: (demand) => void demands.push(demand) });
    const [ann, bob] = [new ConsumerProbe(source), new ConsumerProbe(source)];
    await ann.ask(3);
    await bob.ask(2);
    await ann.cancel();
    await bob.ask(4);
    source.setDemandMode("forward");
    await settle();
    expect(demands).toEqual([3, 2, 1]);
  });
});

describe("accumulated demand", () => {
  test("is held until the producer forwards, then passed on one by one in order", async () => {
    const demands: number[] = [];
    await using source = producer<number>({
      demand: "accumulate",
      handleDemand(demand) {
        demands.push(demand);
        return range(demand);
      },
    });
    const probe = new ConsumerProbe(source);
    await probe.ask(2);
    await probe.ask(3);
    await probe.ask(1);
    expect([demands, source.demandMode]).toEqual([[], "accumulate"]);
    source.setDemandMode("forward");
    await settle();
    expect([demands, source.demandMode]).toEqual([[2, 3, 1], "forward"]);
    expect(probe.batches).toEqual([[0, 1], [0, 1, 2], [0]]);
  });

  test("leaves what is emitted meanwhile in the buffer, in order, until the producer forwards", async () => {
    await using source = producer<number>({ demand: "accumulate" });
    const probe = new ConsumerProbe(source);
    await probe.ask(3);
    source.emit([1, 2]);
    await settle();
    await probe.ask(1);
    source.emit([3]);
    await settle();
    expect([probe.batches, source.bufferedCount]).toEqual([[], 3]);
    source.setDemandMode("forward");
    await settle();
    expect(probe.events).toEqual([1, 2, 3]);
  });

  test("is served from what was emitted meanwhile first, the oldest of it, and only the rest is passed on", async () => {
    const demands: number[] = [];
    await using source = producer<number>({
      demand: "accumulate",
      handleDemand(demand) {
        demands.push(demand);
        return range(demand, 10 * demands.length);
      },
    });
    const probe = new ConsumerProbe(source);
    for (const demand of [2, 3, 4]) await probe.ask(demand);
    source.emit([1, 2, 3, 4]);
    await settle();
    source.setDemandMode("forward");
    await settle();
    expect(demands).toEqual([1, 4]);
    expect(probe.events).toEqual([1, 2, 3, 4, 10, 20, 21, 22, 23]);
  });

  test("is not served by what was discarded meanwhile", async () => {
    const demands: number[] = [];
    await using source = producer<number>({
      demand: "accumulate",
      bufferSize: 2,
      bufferKeep: "first",
      handleDemand(demand) {
        demands.push(demand);
        return range(demand, 10);
      },
    });
    const probe = new ConsumerProbe(source);
    for (const demand of [2, 3]) await probe.ask(demand);
    source.emit([1, 2, 3, 4]);
    await settle();
    source.setDemandMode("forward");
    await settle();
    expect(demands).toEqual([3]);
    expect(probe.events).toEqual([1, 2, 10, 11, 12]);
  });

  test("is held again when the producer accumulates again", async () => {
    const demands: number[] = [];
    await using source = producer<number>({
      handleDemand(demand) {
        demands.push(demand);
        return range(demand);
      },
    });
    const probe = new ConsumerProbe(source);
    await probe.ask(1);
    source.setDemandMode("accumulate");
    await probe.ask(2);
    expect(demands).toEqual([1]);
    source.setDemandMode("forward");
    await settle();
    expect(demands).toEqual([1, 2]);
  });

  test("makes no room beyond the buffer: what is held counts against bufferSize alone", async () => {
    await using source = producer<number>({ demand: "accumulate", bufferSize: 3, bufferKeep: "first" });
    const probe = new ConsumerProbe(source);
    await probe.ask(5);
    expect(source.emit([1, 2])).toBe(1);
    await settle();
    source.emit([3, 4]);
    await settle();
    expect(source.snapshot().output).toMatchObject({ emitted: 4, buffered: 3, discarded: 1 });
  });

  test("ends a producer that emits more than its buffer holds meanwhile", async () => {
    const source = producer<number>({ demand: "accumulate", bufferSize: 3 });
    const probe = new ConsumerProbe(source);
    await probe.ask(5);
    source.emit(range(5));
    await settle();
    expect(source.snapshot().output).toMatchObject({ emitted: 5, buffered: 3, discarded: 2 });
    source.setDemandMode("forward");
    const reason = await source.closed;
    expect(reason).toMatchObject({ type: "error", error: { code: "SLUICE_BUFFER_FULL" } });
    expect(probe.events).toEqual([0, 1, 2]);
  });

  test("refuses a demand mode that it does not know", async () => {
    await using source = producer<number>();
    expect(() => source.setDemandMode("backward" as "forward")).toThrow(BadOptionError);
  });
});

describe("the buffer of a producer", () => {
  test("keeps a returned list whole without bufferKeep, whatever bufferSize says", async () => {
    await using source = producer<number>({ bufferSize: 2, handleDemand: () => range(10) });
    const probe = new ConsumerProbe(source);
    await probe.ask(1);
    await probe.ask(20);
    expect(probe.events.slice(0, 10)).toEqual(range(10));
    expect(source.snapshot().output?.discarded).toBe(0);
  });

  test.each([
    ["first", [0, 1, 2, 3]],
    ["last", [0, 1, 8, 9]],
  ] as const)("keeps the %s of the returned events that exceed its bound, and discards the others", async (bufferKeep, expected) => {
    const discarded: number[] = [];
    const reports: Report[] = [];
    await using source = producer<number>({
      name: "source",
      bufferSize: 2,
      bufferKeep,
      handleDemand: () => range(10),
      handleDiscarded: (count) => void discarded.push(count),
      handleReport: (report) => reports.push(report),
    });
    const probe = new ConsumerProbe(source);
    await probe.ask(2);
    expect(source.snapshot().output).toMatchObject({ emitted: 10, delivered: 2, buffered: 2, discarded: 6 });
    await probe.ask(2);
    expect(probe.events).toEqual(expected);
    expect(discarded).toEqual([6]);
    expect(reports).toEqual([{ kind: "discarded", stage: "source", count: 6 }]);
  });

  test.each([
    ["first", [1, 2]],
    ["last", [3, 4]],
  ] as const)("keeps the %s of the emitted events that exceed its bound, and the producer goes on", async (bufferKeep, expected) => {
    await using source = producer<number>({ bufferSize: 2, bufferKeep });
    expect(source.emit([1, 2])).toBe(0);
    expect(source.emit([3, 4])).toBe(0);
    await settle();
    const probe = new ConsumerProbe(source);
    await probe.ask(2);
    expect(probe.events).toEqual(expected);
    expect(source.snapshot()).toMatchObject({ state: "running", output: { emitted: 4, delivered: 2, discarded: 2 } });
  });

  test("tells handleDiscarded how many events were discarded, each time", async () => {
    const calls: number[] = [];
    await using source = producer<number>({ bufferSize: 1, bufferKeep: "last", handleDiscarded: (count) => void calls.push(count) });
    source.emit([1, 2, 3]);
    source.emit([4]);
    await settle();
    expect(calls).toEqual([2, 1]);
  });

  test("discards nothing of what consumers have asked for", async () => {
    await using source = producer<number>({ bufferSize: 1, bufferKeep: "first" });
    const probe = new ConsumerProbe(source);
    await probe.ask(3);
    source.emit([1, 2, 3, 4, 5]);
    await settle();
    expect(probe.events).toEqual([1, 2, 3]);
    expect(source.snapshot().output).toMatchObject({ buffered: 1, discarded: 1 });
  });

  test("gives what is in it before what comes later", async () => {
    await using source = producer<number>({ handleDemand: (demand) => range(demand, 100) });
    source.emit([1, 2]);
    await settle();
    const probe = new ConsumerProbe(source);
    await probe.ask(4);
    expect(probe.events).toEqual([1, 2, 100, 101]);
  });

  test("takes what just fits", async () => {
    await using source = producer<number>({ bufferSize: 3 });
    const probe = new ConsumerProbe(source);
    await probe.ask(2);
    expect(source.emit(range(5))).toBe(0);
    await settle();
    expect(source.snapshot()).toMatchObject({ state: "running", output: { delivered: 2, buffered: 3, discarded: 0 } });
  });

  test("may be unbounded", async () => {
    await using source = producer<number>({ bufferSize: Infinity });
    expect(source.emit(range(20_000))).toBe(Infinity);
    await settle();
    expect(source.bufferedCount).toBe(20_000);
  });

  test("holds 10,000 events unless it is told otherwise", async () => {
    await using source = producer<number>();
    expect(source.emit([1])).toBe(9999);
  });

  test("counts what it holds, and the most that it ever held", async () => {
    await using source = producer<number>();
    source.emit(range(5));
    await settle();
    const probe = new ConsumerProbe(source);
    await probe.ask(3);
    source.emit([5]);
    await settle();
    expect(source.bufferedCount).toBe(3);
    expect(source.snapshot().output).toMatchObject({ buffered: 3, maxBuffered: 5 });
  });
});

describe("emit from outside", () => {
  test("runs no consumer in its call", async () => {
    await using source = producer<number>();
    const probe = new ConsumerProbe(source);
    await probe.ask(2);
    source.emit([1, 2]);
    expect(probe.batches).toEqual([]);
    await settle();
    expect(probe.batches).toEqual([[1, 2]]);
  });

  test("returns how many more fit: room in the buffer and open demand", async () => {
    await using source = producer<number>({ bufferSize: 10 });
    const probe = new ConsumerProbe(source);
    await probe.ask(3);
    expect(source.emit([1, 2])).toBe(11);
    expect(source.emit([3, 4])).toBe(9);
    await settle();
    expect(source.emit([])).toBe(9);
  });

  test("returns 0 when nothing more fits, and never less", async () => {
    await using source = producer<number>({ bufferSize: 2, bufferKeep: "last" });
    expect(source.emit([1, 2])).toBe(0);
    expect(source.emit([3, 4, 5])).toBe(0);
  });

  test("returns 0, and never less, when a returned list has left more than the buffer holds", async () => {
    const rooms: number[] = [];
    await using source = producer<number>({
      bufferSize: 2,
      handleDemand: () => range(10),
      handleSubscribe: (_from, self) => void rooms.push(self.emit([])),
    });
    await new ConsumerProbe(source).ask(1);
    await new ConsumerProbe(source).cancel();
    expect(rooms).toEqual([2, 0]);
  });

  test("returns the same from within a callback", async () => {
    const rooms: number[] = [];
    await using source = producer<number>({
      bufferSize: 10,
      handleDemand(_demand, self) {
        rooms.push(self.emit([1]), self.emit([2, 3, 4]));
      },
    });
    await new ConsumerProbe(source).ask(2);
    expect(rooms).toEqual([11, 8]);
  });

  test("ends the producer with SLUICE_BUFFER_FULL when it does not fit, after the buffer has drained", async () => {
    const reports: Report[] = [];
    const discarded: number[] = [];
    const source = producer<number>({
      name: "source",
      bufferSize: 2,
      handleReport: (report) => reports.push(report),
      handleDiscarded: (count) => void discarded.push(count),
    });
    source.emit([1, 2, 3, 4, 5]);
    await settle();
    expect(source.snapshot()).toMatchObject({
      state: "draining",
      waitingFor: "draining",
      output: { emitted: 5, buffered: 2, discarded: 3 },
    });
    expect(reports).toEqual([{ kind: "discarded", stage: "source", count: 3 }]);
    const probe = new ConsumerProbe(source);
    await settle();
    // A stage that ends with an error takes no new consumers: they are answered with it.
    expect(probe.end).toMatchObject({ type: "error", error: { code: "SLUICE_BUFFER_FULL" } });
    await source.stop();
    expect(await source.closed).toMatchObject({ type: "error", error: { code: "SLUICE_BUFFER_FULL" } });
    expect(source.snapshot().output).toMatchObject({ emitted: 5, buffered: 0, discarded: 3, lost: 2 });
  });

  test("delivers what fitted to the consumers that are there, then the error", async () => {
    const source = producer<number>({ name: "source", bufferSize: 2 });
    const probe = new ConsumerProbe(source);
    await probe.ask(1);
    source.emit([1, 2, 3, 4]);
    await settle();
    expect([probe.events, probe.ends]).toEqual([[1], []]);
    await probe.ask(1);
    expect([probe.events, probe.ends]).toEqual([[1, 2], []]);
    await probe.ask(1);
    expect(probe.events).toEqual([1, 2, 3]);
    const end = probe.end as ExitReason & { error: SluiceError };
    expect(end.type).toBe("error");
    expect(end.error).toBeInstanceOf(SluiceError);
    expect(end.error.code).toBe("SLUICE_BUFFER_FULL");
    expect(end.error.message).toContain("expected source to emit at most 3 more events, got: 4");
  });

  test.each(["complete", "stop"] as const)("throws SLUICE_ENDED after %s", async (end) => {
    await using source = producer<number>({ name: "source" });
    void source[end]();
    let error: unknown;
    try {
      source.emit([1]);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SluiceError);
    expect(error).toMatchObject({ code: "SLUICE_ENDED" });
    expect((error as Error).message).toContain("source");
  });

  test("still belongs to the stream when complete follows in the same turn", async () => {
    const source = producer<number>();
    const probe = new ConsumerProbe(source);
    source.emit([1, 2]);
    source.complete();
    await probe.ask(1);
    expect([probe.events, probe.ends]).toEqual([[1], []]);
    await probe.ask(1);
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("is counted lost when the producer is stopped before its turn", async () => {
    const source = producer<number>();
    source.emit([1, 2]);
    await source.stop();
    await settle();
    expect(source.snapshot().output).toMatchObject({ emitted: 2, delivered: 0, lost: 2 });
  });

  test("refuses what is not a list", async () => {
    await using source = producer<number>();
    expect(() => source.emit("12" as unknown as number[])).toThrow('expected events to be a list, got: "12"');
  });

  test("feeds several consumers by their demand", async () => {
    await using source = producer<number>();
    const [ann, bob] = [new ConsumerProbe(source), new ConsumerProbe(source)];
    await ann.ask(2);
    await bob.ask(3);
    source.emit([1, 2, 3, 4, 5, 6]);
    await settle();
    expect([ann.events, bob.events]).toEqual([
      [4, 5],
      [1, 2, 3],
    ]);
    expect(source.bufferedCount).toBe(1);
  });
});

describe("an in-band message", () => {
  test("reaches handleInfo at once when nothing is buffered, and needs no demand", async () => {
    const messages: unknown[] = [];
    await using source = producer<number>({ handleInfo: (message) => void messages.push(message) });
    source.info("hello");
    expect(messages).toEqual([]);
    await settle();
    expect(messages).toEqual(["hello"]);
  });

  test("waits for everything that was buffered before it, and for nothing that came later", async () => {
    const seen: unknown[] = [];
    await using source = producer<number>({ handleInfo: (message) => void seen.push(message) });
    source.emit([1, 2]);
    source.info("after two");
    source.emit([3]);
    await settle();
    const probe = new ConsumerProbe(source);
    await probe.ask(1);
    expect(seen).toEqual([]);
    await probe.ask(1);
    expect(seen).toEqual(["after two"]);
    expect(probe.events).toEqual([1, 2]);
  });

  test("is reached when what was before it is discarded", async () => {
    const seen: unknown[] = [];
    await using source = producer<number>({ bufferSize: 1, bufferKeep: "last", handleInfo: (message) => void seen.push(message) });
    source.emit([1]);
    source.info("hello");
    source.emit([2]);
    await settle();
    expect(seen).toEqual(["hello"]);
  });

  test("may emit", async () => {
    await using source = producer<string>({ handleInfo: (message, self) => void self.emit([String(message)]) });
    const probe = new ConsumerProbe(source);
    source.info("hello");
    await probe.ask(1);
    expect(probe.events).toEqual(["hello"]);
  });

  test("does nothing to a stage that has ended", async () => {
    const source = producer<number>({ handleInfo: () => expect.unreachable() });
    await source.stop();
    source.info("too late");
    await settle();
    expect(source.snapshot().state).toBe("ended");
  });
});

describe("flushed", () => {
  test("resolves when all that was emitted before it is delivered", async () => {
    await using source = producer<number>();
    source.emit([1, 2]);
    let isFlushed = false;
    void source.flushed().then(() => (isFlushed = true));
    source.emit([3]);
    await settle();
    const probe = new ConsumerProbe(source);
    await probe.ask(1);
    expect(isFlushed).toBe(false);
    await probe.ask(1);
    expect(isFlushed).toBe(true);
  });

  test("resolves at once when nothing is buffered", async () => {
    await using source = producer<number>();
    await expect(source.flushed()).resolves.toBeUndefined();
  });

  test("rejects with a StoppedError when the stage is stopped before", async () => {
    const source = producer<number>({ name: "source" });
    source.emit([1]);
    const flushed = source.flushed();
    flushed.catch(() => undefined);
    await settle();
    await source.stop("enough");
    await expect(flushed).rejects.toMatchObject({ code: "SLUICE_STOPPED", cause: "enough" });
  });

  test("rejects with the error of the stage", async () => {
    const failure = new Error("broken");
    const source = producer<number>();
    source.emit([1]);
    const flushed = source.flushed();
    flushed.catch(() => undefined);
    source.fail(failure);
    await settle();
    await source.stop();
    await source.closed;
    await expect(flushed).rejects.toBe(failure);
  });

  test("resolves after a normal end", async () => {
    const source = producer<number>();
    source.complete();
    await source.closed;
    await expect(source.flushed()).resolves.toBeUndefined();
  });

  test("rejects after the end of a stage that was stopped", async () => {
    const source = producer<number>();
    await source.stop();
    await expect(source.flushed()).rejects.toMatchObject({ code: "SLUICE_STOPPED" });
  });

  test("settles when the stage is stopped in the same turn", async () => {
    const source = producer<number>();
    const flushed = source.flushed();
    flushed.catch(() => undefined);
    await source.stop();
    await expect(flushed).rejects.toMatchObject({ code: "SLUICE_STOPPED" });
  });
});

describe("the consumers of a producer", () => {
  test("are told of to handleSubscribe and handleCancel", async () => {
    const log: string[] = [];
    await using source = producer<number>({
      handleSubscribe: (from) => void log.push(`subscribe ${from.side} ${from.name}`),
      handleCancel: ({ kind, reason }, from) => void log.push(`${kind} ${reason.type} ${from.name}`),
      whenUnused: "wait",
    });
    const ann = new ConsumerProbe(source, { name: "ann" });
    const bob = new ConsumerProbe(source, { name: "bob" });
    await ann.cancel();
    await bob.down({ type: "error", error: 1 });
    expect(log).toEqual(["subscribe consumer ann", "subscribe consumer bob", "cancel shutdown ann", "down error bob"]);
  });

  test("get the confirmation of their own cancel, with its reason, behind what was sent before", async () => {
    await using source = producer<number>({ handleDemand: (demand) => range(demand), whenUnused: "wait" });
    const probe = new ConsumerProbe(source);
    void probe.ask(1);
    await probe.cancel({ type: "error", error: "mine" });
    expect(probe.events).toEqual([0]);
    expect(probe.ends).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "error", error: "mine" } }]);
  });

  test("get nothing after their cancel is confirmed", async () => {
    await using source = producer<number>();
    const probe = new ConsumerProbe(source);
    await probe.ask(5);
    await probe.cancel();
    source.emit([1, 2]);
    await settle();
    expect(probe.events).toEqual([]);
    expect(source.bufferedCount).toBe(2);
  });

  test("can be cancelled by the producer, once", async () => {
    await using source = producer<number>({
      handleSubscribe(from) {
        from.cancel({ type: "shutdown", reason: "full" });
        from.cancel();
      },
    });
    const probe = new ConsumerProbe(source);
    await settle();
    expect(probe.ends).toEqual([{ type: "cancel", kind: "cancel", reason: { type: "shutdown", reason: "full" } }]);
  });

  test("hear of a normal end when what the stage held is released, also if they come meanwhile", async () => {
    const gate = deferred();
    const failure = new Error("cannot close");
    const source = producer<number>({ handleStop: () => gate.promise });
    const early = new ConsumerProbe(source);
    source.complete();
    await settle();
    const late = new ConsumerProbe(source);
    await settle();
    expect([early.ends, late.ends]).toEqual([[], []]);
    gate.reject(failure);
    await settle();
    expect([early.end, late.end]).toEqual([
      { type: "error", error: failure },
      { type: "error", error: failure },
    ]);
  });

  test("get an error for an ask after their own cancel, and the producer lives", async () => {
    await using source = producer<number>({ whenUnused: "wait", handleDemand: (demand) => range(demand) });
    const probe = new ConsumerProbe(source);
    await probe.cancel();
    await probe.ask(1);
    expect(probe.events).toEqual([]);
    expect(probe.ends[1]).toMatchObject({ kind: "cancel", reason: { type: "error", error: { code: "SLUICE_UNKNOWN_SUBSCRIPTION" } } });
    const other = new ConsumerProbe(source);
    await other.ask(1);
    expect(other.events).toEqual([0]);
  });

  test("get one end, though an ask and a cancel of theirs wait behind a callback of a stage that stops", async () => {
    const reports: Report[] = [];
    const gate = deferred();
    const source = producer<number>({
      handleReport: (report) => reports.push(report),
      async handleDemand() {
        await gate.promise;
      },
    });
    const probe = new ConsumerProbe(source);
    await probe.ask(1);
    void probe.ask(1);
    await probe.cancel();
    gate.resolve();
    await settle();
    expect(source.snapshot().state).toBe("ended");
    expect(probe.ends).toHaveLength(1);
    // The ask came before the cancel: it is no fault.
    expect(reports).toEqual([]);
  });

  test("lose no event when one subscription replaces another", async () => {
    await using source = producer<number>({ handleDemand: () => undefined });
    const old = new ConsumerProbe<number>(source, { name: "old" });
    await old.ask(5);
    source.emit([1, 2]);
    await settle();
    const renewed = new ConsumerProbe(source, { name: "renewed", identity: old.identity, replaces: { probe: old } });
    await renewed.ask(3);
    source.emit([3, 4, 5]);
    await settle();
    expect([old.events, renewed.events]).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    expect(old.ends).toHaveLength(1);
    expect(source.snapshot()).toMatchObject({ state: "running", output: { consumers: ["renewed"] } });
  });

  test("get one end, though they came while a callback held the mailbox of a stage that stops", async () => {
    const gate = deferred();
    const source = producer<number>({ handleDemand: () => gate.promise });
    await new ConsumerProbe(source).ask(1);
    const late = new ConsumerProbe(source);
    void late.ask(1);
    await settle();
    const stopped = source.stop("enough");
    gate.resolve();
    await stopped;
    await settle();
    expect(late.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "shutdown", reason: "enough" } }]);
  });

  test("leave a stage running that somebody takes into care at that moment", async () => {
    const source: PushProducer<number> = producer<number>({
      handleDemand: (demand) => range(demand),
      handleCancel: () => void source[ADOPT]({}),
    });
    const probe = new ConsumerProbe(source);
    await probe.ask(1);
    await probe.cancel();
    expect(source.snapshot().state).toBe("running");
    await source.stop();
  });

  test("may come and go a thousand times, and the account of demand stays right", async () => {
    const demands: number[] = [];
    await using source = producer<number>({ whenUnused: "wait", handleDemand: (demand) => void demands.push(demand) });
    for (const _ of range(1000)) {
      const probe = new ConsumerProbe(source);
      void probe.ask(3);
      void probe.cancel();
    }
    await settle();
    expect(demands).toEqual([3]);
    source.emit([1, 2, 3]);
    await settle();
    const last = new ConsumerProbe(source);
    await last.ask(4);
    expect(demands).toEqual([3, 1]);
    expect(last.events).toEqual([1, 2, 3]);
    expect(source.snapshot().output?.consumers).toHaveLength(1);
  });

  test("are asked of no more than they can take: a slow consumer holds back a fast producer", async () => {
    let made = 0;
    const gate = deferred();
    await using source = producer<number>({
      handleDemand(demand) {
        made += demand;
        return range(demand);
      },
    });
    await using slow = consumer({ subscribeTo: [{ to: source, maxDemand: 10, minDemand: 5 }], handleEvents: () => gate.promise });
    await settle();
    expect(made).toBe(10);
    expect(slow.snapshot().input).toMatchObject({ received: 10, inCallback: 5, queued: 5 });
    gate.resolve();
  });
});

interface Step {
  readonly do: "subscribe" | "ask" | "cancel" | "emit";
  readonly who: number;
  readonly count: number;
}

const steps = fc.array(
  fc.record<Step>({
    do: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom("subscribe" as const, "cancel" as const) },
      { weight: 4, arbitrary: fc.constant("ask" as const) },
      { weight: 2, arbitrary: fc.constant("emit" as const) },
    ),
    who: fc.nat(),
    count: fc.integer({ min: 1, max: 6 }),
  }),
  { minLength: 5, maxLength: 30, size: "max" },
);

/** How many events more or fewer than it is asked for a source returns, call by call. */
const moods = fc.array(fc.integer({ min: -4, max: 3 }), { minLength: 1, maxLength: 8 });

test("no demand is lost or invented, and no event, whoever comes, asks and leaves, and whatever the source brings", { timeout: 30_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(steps, moods, async (script, surplus) => {
      let made = 0;
      let owed = 0;
      let calls = 0;
      const present: { probe: ConsumerProbe<number>; asked: number }[] = [];
      const gone: ConsumerProbe<number>[] = [];
      const open = (): number => present.reduce((sum, { probe, asked }) => sum + asked - probe.events.length, 0);
      const bring = (count: number): number[] => {
        owed = Math.max(0, owed - count);
        made += count;
        return range(count, made - count);
      };
      await using source = producer<number>({
        whenUnused: "wait",
        handleDemand(demand) {
          owed += demand;
          return bring(Math.max(0, demand + (surplus[calls++ % surplus.length] ?? 0)));
        },
      });
      for (const step of script) {
        const callsBefore = calls;
        const place = step.who % Math.max(1, present.length);
        const each = present[place];
        if (step.do === "subscribe" || each === undefined) {
          present.push({ probe: new ConsumerProbe(source), asked: 0 });
          await settle();
        } else if (step.do === "ask") {
          each.asked += step.count;
          await each.probe.ask(step.count);
        } else if (step.do === "cancel") {
          present.splice(place, 1);
          gone.push(each.probe);
          await each.probe.cancel();
        } else {
          source.emit(bring(step.count));
          await settle();
        }
        for (const { probe, asked } of present) expect(probe.events.length).toBeLessThanOrEqual(asked);
        // Nothing waits that somebody wants; whatever is wanted has been asked for, and no more than that.
        if (source.bufferedCount > 0) expect(open()).toBe(0);
        expect(open()).toBeLessThanOrEqual(owed);
        if (calls > callsBefore) expect(owed).toBe(open());
      }
      const delivered = [...present.map(({ probe }) => probe), ...gone].flatMap(({ events }) => events).toSorted((one, other) => one - other);
      expect(delivered).toEqual(range(delivered.length));
      expect(delivered.length + source.bufferedCount).toBe(made);
    }),
    { numRuns: 200 },
  );
});
