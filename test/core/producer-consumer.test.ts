import { describe, expect, test } from "vitest";
import { consumer, fromIterable, producer, producerConsumer, type ExitReason, type ProducerConsumer, type Report } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { deferred, type Deferred } from "./support/deferred.ts";
import { range } from "./support/range.ts";

describe("a producerConsumer takes in", () => {
  test("asks for maxDemand as soon as it is subscribed, with no consumer of its own", async () => {
    const probe = new ProducerProbe<number>();
    await using stage = producerConsumer({ subscribeTo: [{ to: probe.producer, maxDemand: 7 }], handleEvents: (events) => events });
    await settle();
    expect(probe.asks).toEqual([7]);
    expect(stage.role).toBe("producerConsumer");
  });

  test("nothing while nothing can be delivered", async () => {
    const probe = new ProducerProbe<number>();
    const handled: number[] = [];
    await using stage = producerConsumer({
      subscribeTo: [{ to: probe.producer, maxDemand: 4 }],
      handleEvents(events) {
        handled.push(...events);
        return events;
      },
    });
    await settle();
    await probe.emit(1, 2);
    const sink = new ConsumerProbe(stage);
    await settle();
    expect(handled).toEqual([]);
    expect(probe.asks).toEqual([4]);
    expect(stage.snapshot()).toMatchObject({ waitingFor: "demand", input: { received: 2, queued: 2 } });
    await sink.ask(1);
    expect(handled).toEqual([1, 2]);
  });

  test("a whole message for a demand of one, in batches, and buffers the surplus", async () => {
    const probe = new ProducerProbe<number>();
    const batches: (readonly number[])[] = [];
    await using stage = producerConsumer({
      subscribeTo: [{ to: probe.producer, maxDemand: 10, minDemand: 6 }],
      handleEvents(events) {
        batches.push(events);
        return events;
      },
    });
    await settle();
    await probe.emit(...range(10));
    const sink = new ConsumerProbe(stage);
    await sink.ask(1);
    expect(batches).toEqual([range(4), range(4, 4), range(2, 8)]);
    expect(sink.events).toEqual([0]);
    expect(stage.bufferedCount).toBe(9);
  });

  test("the next message only when its buffer is spent and demand is left", async () => {
    const probe = new ProducerProbe<number>();
    const batches: (readonly number[])[] = [];
    await using stage = producerConsumer({
      subscribeTo: [probe.producer],
      handleEvents(events) {
        batches.push(events);
        return events;
      },
    });
    await settle();
    await probe.emit(1, 2, 3);
    await probe.emit(4);
    const sink = new ConsumerProbe(stage);
    await sink.ask(1);
    await sink.ask(2);
    expect(batches).toEqual([[1, 2, 3]]);
    expect(stage.bufferedCount).toBe(0);
    await sink.ask(1);
    expect(batches).toEqual([[1, 2, 3], [4]]);
    expect(sink.batches).toEqual([[1], [2, 3], [4]]);
  });

  test("message after message for a demand that its output does not fill", async () => {
    const probe = new ProducerProbe<number>();
    await using evens = producerConsumer({ subscribeTo: [probe.producer], handleEvents: (events) => events.filter((event) => event % 2 === 0) });
    await settle();
    const sink = new ConsumerProbe(evens);
    await sink.ask(2);
    await probe.emit(1, 3);
    await probe.emit(4, 5);
    await probe.emit(6, 8);
    await probe.emit(10);
    expect(sink.batches).toEqual([[4], [6]]);
    expect(evens.bufferedCount).toBe(1);
    expect(evens.snapshot().input).toMatchObject({ queued: 1, handled: 6 });
  });

  test("no more when the consumer whose demand opened it has left", async () => {
    const probe = new ProducerProbe<number>();
    const handled: number[] = [];
    await using stage = producerConsumer({
      subscribeTo: [probe.producer],
      whenUnused: "wait",
      handleEvents(events) {
        handled.push(...events);
        return events;
      },
    });
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(5);
    await sink.cancel();
    await probe.emit(1, 2);
    expect(handled).toEqual([]);
    const other = new ConsumerProbe(stage);
    await other.ask(1);
    expect(other.events).toEqual([1]);
  });

  test("never more than maxDemand from its producer, whatever its consumers ask for", async () => {
    let made = 0;
    await using source = producer<number>({
      handleDemand(demand) {
        made += demand;
        return range(demand, made - demand);
      },
    });
    await using stage = producerConsumer({ subscribeTo: [{ to: source, maxDemand: 10 }], handleEvents: (events) => events });
    const sink = new ConsumerProbe(stage);
    await sink.ask(100);
    expect(sink.events).toEqual(range(100));
    // One hundred delivered, and one window ahead.
    expect(made - (stage.snapshot().input?.handled ?? 0)).toBeLessThanOrEqual(10);
    expect(stage.bufferedCount).toBeLessThanOrEqual(5);
  });

  test("asks again as it handles, not as its output is taken", async () => {
    const probe = new ProducerProbe<number>();
    await using stage = producerConsumer({ subscribeTo: [{ to: probe.producer, maxDemand: 4 }], handleEvents: (events) => events });
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(1);
    await probe.emit(1, 2);
    expect(probe.asks).toEqual([4, 2]);
    expect(stage.bufferedCount).toBe(1);
    await sink.ask(1);
    expect(probe.asks).toEqual([4, 2]);
  });
});

describe("a producerConsumer gives out", () => {
  test("what its handler returns, one list for each batch, and no empty list", async () => {
    await using source = producer<number>();
    await using stage = producerConsumer({
      subscribeTo: [source],
      handleEvents: (events) => (events[0] === 0 ? [] : events.flatMap((event) => Array.from({ length: event }, () => event))),
    });
    const sink = new ConsumerProbe(stage);
    await sink.ask(10);
    for (const event of [0, 1, 2, 0, 3]) source.emit([event]);
    await settle();
    expect(sink.batches).toEqual([[1], [2, 2], [3, 3, 3]]);
  });

  test("what it emits before what it returns, and may return nothing", async () => {
    await using source = producer<number>();
    await using stage = producerConsumer<readonly [typeof source], string>({
      subscribeTo: [source],
      handleEvents(events, _from, self) {
        self.emit(events.map((event) => `emitted ${event}`));
        return events[0] === 1 ? ["returned"] : undefined;
      },
    });
    const sink = new ConsumerProbe(stage);
    await sink.ask(10);
    source.emit([1]);
    source.emit([2]);
    await settle();
    expect(sink.batches).toEqual([["emitted 1"], ["returned"], ["emitted 2"]]);
  });

  test("the tail: what is in its buffer when its producer has ended is delivered on demand, then the end", async () => {
    const stage = producerConsumer({ subscribeTo: [fromIterable([1, 2, 3])], handleEvents: (events) => events });
    const sink = new ConsumerProbe(stage);
    await sink.ask(1);
    expect([sink.batches, sink.ends]).toEqual([[[1]], []]);
    expect(stage.bufferedCount).toBe(2);
    await sink.ask(1);
    expect([sink.events, sink.ends]).toEqual([[1, 2], []]);
    await sink.ask(1);
    expect(sink.events).toEqual([1, 2, 3]);
    expect(sink.end).toEqual({ type: "normal" });
  });

  test("what is queued when its producer ends is handled first", async () => {
    const probe = new ProducerProbe<number>();
    const stage = producerConsumer({ subscribeTo: [{ to: probe.producer, maxDemand: 10, minDemand: 8 }], handleEvents: (events) => events });
    await settle();
    await probe.emit(1, 2, 3);
    await probe.complete();
    expect(stage.snapshot()).toMatchObject({ state: "running", input: { queued: 3 } });
    const sink = new ConsumerProbe(stage);
    await sink.ask(3);
    // The producer is gone: what it left comes as one batch.
    expect(sink.batches).toEqual([[1, 2, 3]]);
    await sink.ask(1);
    expect(sink.end).toEqual({ type: "normal" });
  });

  test("the tail under permanent, while its other producers are cancelled at once", async () => {
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const stage = producerConsumer({
      subscribeTo: [
        { to: one.producer, cancel: "permanent" },
        { to: other.producer, cancel: "permanent" },
      ],
      handleEvents: (events) => events,
    });
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(1);
    await one.emit(1, 2);
    await sink.ask(1);
    await sink.ask(1);
    await one.emit(3, 4);
    expect(sink.events).toEqual([1, 2, 3]);
    await one.complete();
    await sink.ask(1);
    expect(sink.events).toEqual([1, 2, 3, 4]);
    expect(other.cancels).toMatchObject([{ kind: "down", reason: { type: "normal" } }]);
    expect(one.cancels).toEqual([]);
    expect(sink.end).toEqual({ type: "normal" });
  });

  test("has a buffer bound by bufferKeep, like a producer", async () => {
    const probe = new ProducerProbe<number>();
    const discarded: number[] = [];
    await using stage = producerConsumer({
      subscribeTo: [probe.producer],
      bufferSize: 2,
      bufferKeep: "last",
      handleEvents: (events) => events,
      handleDiscarded: (count) => void discarded.push(count),
      handleReport: () => undefined,
    });
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(1);
    await probe.emit(...range(6));
    await sink.ask(2);
    expect(sink.events).toEqual([0, 4, 5]);
    expect(discarded).toEqual([3]);
  });
});

describe("handleComplete", () => {
  test("runs once when all events are handled, and what it returns is delivered last", async () => {
    let calls = 0;
    let sum = 0;
    const totals = producerConsumer({
      subscribeTo: [fromIterable(range(10))],
      handleEvents(events) {
        for (const event of events) sum += event;
      },
      handleComplete() {
        calls += 1;
        return [sum];
      },
    });
    const sink = new ConsumerProbe(totals);
    await sink.ask(5);
    expect(sink.batches).toEqual([[45]]);
    expect(sink.end).toEqual({ type: "normal" });
    expect(calls).toBe(1);
  });

  test("runs under last when all producers have ended and their events are handled", async () => {
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const log: string[] = [];
    const stage = producerConsumer<readonly [typeof one.producer, typeof other.producer], never>({
      subscribeTo: [one.producer, other.producer],
      handleEvents: (events) => void log.push(`handles ${String(events)}`),
      handleComplete: () => void log.push("completes"),
    });
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(1);
    await one.emit(1);
    await one.complete();
    expect(log).toEqual(["handles 1"]);
    await other.emit(2);
    await other.complete();
    expect(log).toEqual(["handles 1", "handles 2", "completes"]);
    expect(sink.end).toEqual({ type: "normal" });
  });

  test("runs under permanent after the first end", async () => {
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    let calls = 0;
    const stage = consumer({
      subscribeTo: [one.producer, { to: other.producer, cancel: "permanent" }],
      handleEvents: () => undefined,
      handleComplete: () => void (calls += 1),
    });
    await settle();
    await other.complete();
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(calls).toBe(1);
    expect(one.cancels).toHaveLength(1);
  });

  test("may be async, and is awaited before the end", async () => {
    const gate = deferred();
    const stage = producerConsumer({
      subscribeTo: [fromIterable<string>([])],
      handleEvents: (events) => events,
      async handleComplete() {
        await gate.promise;
        return ["late"];
      },
    });
    const sink = new ConsumerProbe(stage);
    await sink.ask(2);
    expect(sink.ends).toEqual([]);
    expect(stage.snapshot().waitingFor).toBe("callback");
    gate.resolve();
    await settle();
    expect(sink.batches).toEqual([["late"]]);
    expect(sink.end).toEqual({ type: "normal" });
  });

  test("may emit several lists", async () => {
    const stage = producerConsumer({
      subscribeTo: [fromIterable<number>([])],
      handleEvents: (events) => events,
      handleComplete(self) {
        self.emit([1, 2]);
        self.emit([3]);
        return [4];
      },
    });
    const sink = new ConsumerProbe(stage);
    await sink.ask(9);
    expect(sink.events).toEqual([1, 2, 3, 4]);
  });

  test.each<[string, ExitReason]>([
    ["an error", { type: "error", error: "broken" }],
    ["a shutdown", { type: "shutdown", reason: "enough" }],
  ])("does not run after %s of its producer", async (_name, reason) => {
    const probe = new ProducerProbe<number>();
    const stage = consumer({ subscribeTo: [probe.producer], handleEvents: () => undefined, handleComplete: () => expect.unreachable() });
    const { closed } = stage;
    await settle();
    await probe.wire.end("down", reason);
    expect(await closed).toEqual(reason);
  });

  test("does not run when the stage is stopped, or fails", async () => {
    const stopped = consumer<number>({ handleEvents: () => undefined, handleComplete: () => expect.unreachable() });
    await stopped.stop();
    const probe = new ProducerProbe<number>();
    const failing = consumer({
      subscribeTo: [probe.producer],
      handleEvents: () => Promise.reject(new Error("broken")),
      handleComplete: () => expect.unreachable(),
    });
    const { closed } = failing;
    await settle();
    await probe.emit(1);
    await probe.complete();
    expect(await closed).toMatchObject({ type: "error" });
  });

  test("ends the stage with its error when it fails", async () => {
    const failure = new Error("no totals");
    const stage = consumer({
      subscribeTo: [fromIterable([1])],
      handleEvents: () => undefined,
      handleComplete() {
        throw failure;
      },
    });
    const reason = await stage.closed;
    expect(reason).toEqual({ type: "error", error: failure });
  });
});

/** A producerConsumer whose calls a test settles by hand. */
class Hand implements AsyncDisposable {
  readonly probe: ProducerProbe<number> = new ProducerProbe<number>({ name: "source" });
  readonly stage: ProducerConsumer<number, string>;
  readonly reports: Report[] = [];
  /** The reasons with which running calls were aborted. */
  readonly aborted: unknown[] = [];
  /** The most calls that ever ran at once. */
  most = 0;
  readonly #calls = new Map<number, Deferred<readonly string[]>>();
  #running = 0;

  constructor(options: { concurrency?: number; ordered?: boolean; maxDemand?: number; minDemand?: number } = {}) {
    const { maxDemand, minDemand, ...rest } = options;
    this.stage = producerConsumer({
      ...rest,
      name: "stage",
      subscribeTo: [{ to: this.probe.producer, maxDemand, minDemand }],
      handleEvent: (event, self) => this.#handle(event, self.signal),
      handleReport: (report) => this.reports.push(report),
    });
  }

  /** The events of the calls so far, in order. */
  get started(): number[] {
    return [...this.#calls.keys()];
  }

  async #handle(event: number, signal: AbortSignal): Promise<readonly string[]> {
    const call = deferred<readonly string[]>();
    this.#calls.set(event, call);
    signal.addEventListener("abort", () => this.aborted.push(signal.reason), { once: true });
    this.#running += 1;
    this.most = Math.max(this.most, this.#running);
    try {
      return await call.promise;
    } finally {
      this.#running -= 1;
    }
  }

  async finish(event: number, ...output: readonly string[]): Promise<void> {
    this.#calls.get(event)?.resolve(output);
    await settle();
  }

  async fail(event: number, error: unknown): Promise<void> {
    this.#calls.get(event)?.reject(error);
    await settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.stage.stop();
    for (const call of this.#calls.values()) call.resolve([]);
    await stopped;
  }
}

describe("handleEvent", () => {
  test("runs for one event at a time unless told otherwise, and holds the mailbox meanwhile", async () => {
    await using hand = new Hand();
    const { probe, stage } = hand;
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(5);
    await probe.emit(0, 1, 2);
    expect(hand.started).toEqual([0]);
    await hand.finish(0, "a");
    expect(hand.started).toEqual([0, 1]);
    await hand.finish(1, "b", "c");
    await hand.finish(2);
    expect(sink.batches).toEqual([["a"], ["b", "c"]]);
    expect(hand.most).toBe(1);
  });

  test("runs synchronously for a whole list without a promise, and its outputs leave as one list", async () => {
    await using source = producer<number>();
    await using stage = producerConsumer({ subscribeTo: [source], handleEvent: (event) => (event % 2 === 0 ? [event, event] : undefined) });
    const sink = new ConsumerProbe(stage);
    await sink.ask(10);
    source.emit([1, 2, 3, 4]);
    await settle();
    expect(sink.batches).toEqual([[2, 2, 4, 4]]);
  });

  test("runs up to its concurrency at once, never more, while the mailbox goes on", async () => {
    await using hand = new Hand({ concurrency: 2 });
    const { probe, stage } = hand;
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(10);
    await probe.emit(0, 1, 2);
    expect(hand.started).toEqual([0, 1]);
    await probe.emit(3);
    expect(stage.snapshot().input).toMatchObject({ received: 4, queued: 2, inCallback: 2, handled: 0 });
    for (const event of range(4)) await hand.finish(event, String(event));
    expect(sink.events).toEqual(["0", "1", "2", "3"]);
    expect(hand.most).toBe(2);
  });

  test("holds finished outputs behind the slowest when it is ordered, which is the default", async () => {
    await using hand = new Hand({ concurrency: 3 });
    const { probe, stage } = hand;
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(10);
    await probe.emit(0, 1, 2);
    await hand.finish(2, "2");
    await hand.finish(1, "1");
    expect(sink.events).toEqual([]);
    await hand.finish(0, "0");
    expect(sink.events).toEqual(["0", "1", "2"]);
  });

  test("does not start more than its concurrency ahead of the slowest when it is ordered", async () => {
    await using hand = new Hand({ concurrency: 2 });
    const { probe, stage } = hand;
    await settle();
    await new ConsumerProbe(stage).ask(10);
    await probe.emit(0, 1, 2, 3);
    await hand.finish(1, "1");
    expect(hand.started).toEqual([0, 1]);
    await hand.finish(0, "0");
    expect(hand.started).toEqual([0, 1, 2, 3]);
  });

  test("gives outputs as they come when it is not ordered", async () => {
    await using hand = new Hand({ concurrency: 2, ordered: false });
    const { probe, stage } = hand;
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(10);
    await probe.emit(0, 1, 2, 3);
    await hand.finish(1, "1");
    expect(hand.started).toEqual([0, 1, 2]);
    await hand.finish(2, "2");
    await hand.finish(0, "0");
    await hand.finish(3, "3");
    expect(sink.events).toEqual(["1", "2", "0", "3"]);
  });

  test("keeps an event in flight until its call has settled: demand is asked again at minDemand", async () => {
    await using hand = new Hand({ concurrency: 4, ordered: false, maxDemand: 4, minDemand: 2 });
    const { probe, stage } = hand;
    await settle();
    await new ConsumerProbe(stage).ask(10);
    await probe.emit(0, 1, 2, 3);
    expect(probe.asks).toEqual([4]);
    await hand.finish(3);
    expect(probe.asks).toEqual([4]);
    await hand.finish(1);
    expect(probe.asks).toEqual([4, 2]);
  });

  test("keeps an event in flight until its output was emitted: an ordered one waits for those before it", async () => {
    await using hand = new Hand({ concurrency: 4, maxDemand: 4, minDemand: 2 });
    const { probe, stage } = hand;
    await settle();
    await new ConsumerProbe(stage).ask(10);
    await probe.emit(0, 1, 2, 3);
    await hand.finish(3);
    await hand.finish(2);
    await hand.finish(1);
    expect(probe.asks).toEqual([4]);
    await hand.finish(0);
    expect(probe.asks.reduce((sum, ask) => sum + ask, 0)).toBe(8);
  });

  test("keeps the order of sync and async calls that are mixed", async () => {
    await using source = producer<number>();
    const gate = deferred();
    await using stage = producerConsumer({
      subscribeTo: [source],
      concurrency: 4,
      handleEvent: (event) => (event === 1 ? gate.promise.then(() => [event]) : [event]),
    });
    const sink = new ConsumerProbe(stage);
    await sink.ask(10);
    source.emit(range(4));
    await settle();
    expect(sink.events).toEqual([0]);
    gate.resolve();
    await settle();
    expect(sink.events).toEqual(range(4));
    expect(stage.snapshot().input).toMatchObject({ handled: 4, inCallback: 0 });
  });

  test("starts no call while nothing can be delivered", async () => {
    await using hand = new Hand({ concurrency: 4 });
    const { probe, stage } = hand;
    await settle();
    await probe.emit(0, 1);
    expect(hand.started).toEqual([]);
    await new ConsumerProbe(stage).ask(1);
    expect(hand.started).toEqual([0, 1]);
  });

  test("ends normally when the last call has settled, after its producer", async () => {
    await using hand = new Hand({ concurrency: 2 });
    const { probe, stage } = hand;
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(5);
    await probe.emit(0, 1);
    await probe.complete();
    await hand.finish(1, "1");
    expect(sink.ends).toEqual([]);
    await hand.finish(0, "0");
    expect(sink.events).toEqual(["0", "1"]);
    expect(sink.end).toEqual({ type: "normal" });
  });

  test("delivers on a failure what finished, aborts and awaits the other calls, then ends with the error", async () => {
    await using hand = new Hand({ concurrency: 3 });
    const { probe, stage } = hand;
    const failure = new Error("event 1 cannot be handled");
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(5);
    await probe.emit(0, 1, 2, 3);
    await hand.finish(0, "0");
    expect(hand.started).toEqual([0, 1, 2, 3]);
    await hand.finish(2, "2");
    await hand.fail(1, failure);
    expect(hand.aborted).toContain(failure);
    expect([sink.events, sink.ends]).toEqual([["0", "2"], []]);
    await hand.finish(3, "3");
    expect(sink.end).toEqual({ type: "error", error: failure });
    expect(sink.events).not.toContain("3");
    expect(await stage.closed).toEqual({ type: "error", error: failure });
    expect(stage.snapshot().input).toMatchObject({ received: 4, failed: 1, queued: 0, inCallback: 0 });
  });

  test("has handled what its producer sent when it ends with the producer's error", async () => {
    await using hand = new Hand({ concurrency: 2 });
    const { probe, stage } = hand;
    const failure = new Error("the producer failed");
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(5);
    await probe.emit(0, 1);
    await probe.fail(failure);
    expect([hand.aborted, sink.ends, hand.started]).toEqual([[], [], [0, 1]]);
    for (const event of range(2)) await hand.finish(event, String(event));
    expect(sink.events).toEqual(["0", "1"]);
    expect(sink.end).toEqual({ type: "error", error: failure });
  });

  test("reports a second failure, and ends with the first", async () => {
    await using hand = new Hand({ concurrency: 2, ordered: false });
    const { probe, stage } = hand;
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(5);
    await probe.emit(0, 1);
    await hand.fail(1, "first");
    await hand.fail(0, "second");
    expect(sink.end).toEqual({ type: "error", error: "first" });
    expect(hand.reports).toEqual([{ kind: "late-failure", stage: "stage", error: "second" }]);
    expect(await stage.closed).toEqual({ type: "error", error: "first" });
    expect(stage.snapshot().input).toMatchObject({ received: 2, failed: 2 });
  });

  test("cuts an output that is longer than the demand, and buffers its rest", async () => {
    await using hand = new Hand({ concurrency: 2 });
    const { probe, stage } = hand;
    await settle();
    const sink = new ConsumerProbe(stage);
    await sink.ask(1);
    await probe.emit(0);
    await hand.finish(0, "a", "b", "c");
    expect(sink.batches).toEqual([["a"]]);
    await sink.ask(2);
    expect(sink.batches).toEqual([["a"], ["b", "c"]]);
  });
});

test("a producerConsumer always forwards demand", async () => {
  await using stage = producerConsumer<number, number>({ handleEvents: (events) => events });
  expect(stage.demandMode).toBe("forward");
  stage.setDemandMode("forward");
  expect(() => stage.setDemandMode("accumulate")).toThrow('expected the demand mode to be one of "forward", got: "accumulate"');
});

describe("a chain", () => {
  test("reads from its source what its last consumer needs, and one window for each stage", async () => {
    let read = 0;
    const numbers = fromIterable(
      (function* () {
        while (true) yield read++;
      })(),
    );
    const doubled = producerConsumer({ subscribeTo: [{ to: numbers, maxDemand: 10 }], handleEvents: (events) => events.map((event) => event * 2) });
    const shown = producerConsumer({ subscribeTo: [{ to: doubled, maxDemand: 4 }], handleEvents: (events) => events.map((event) => `<${event}>`) });
    const sink = new ConsumerProbe(shown);
    await sink.ask(3);
    expect(sink.events).toEqual(["<0>", "<2>", "<4>"]);
    expect(read).toBeLessThanOrEqual(3 + 10 + 4 + 5);
    await sink.cancel();
    await settle();
    expect(numbers.snapshot().state).toBe("ended");
  });

  test("reaches a message that is queued behind its input with open demand only, as in GenStage", async () => {
    const log: unknown[] = [];
    await using source = producer<number>();
    await using stage = producerConsumer({
      subscribeTo: [source],
      handleEvents(events) {
        log.push(...events);
        return events;
      },
      handleInfo: (message) => void log.push(message),
    });
    source.emit([1, 2]);
    await settle();
    stage.info("behind two");
    await settle();
    expect(log).toEqual([]);
    const sink = new ConsumerProbe(stage);
    await sink.ask(2);
    expect(log).toEqual([1, 2]);
    await sink.ask(1);
    expect(log).toEqual([1, 2, "behind two"]);
  });

  test("reaches a message behind its buffer when that is delivered, and needs no further demand", async () => {
    const log: unknown[] = [];
    await using source = producer<number>();
    await using stage = producerConsumer({ subscribeTo: [source], handleEvents: (events) => events, handleInfo: (message) => void log.push(message) });
    const sink = new ConsumerProbe(stage);
    await sink.ask(1);
    source.emit([1, 2]);
    await settle();
    stage.info("behind two");
    await settle();
    expect(log).toEqual([]);
    await sink.ask(1);
    expect(log).toEqual(["behind two"]);
    await expect(stage.flushed()).resolves.toBeUndefined();
  });
});
