import { describe, expect, test } from "vitest";
import { ADOPT, BadOptionError, StoppedError, broadcastDispatcher, fromIterable, pipeline, producer, type ExitReason, type Report } from "sluice";
import { intoSubscriber, toPublisher, type Subscriber } from "sluice/reactive-streams";
import { ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { Uncaught } from "../../core/support/uncaught.ts";
import { Listener, counter } from "../support/reactive-streams.ts";

describe("a stage that signals into a Subscriber", () => {
  test("calls onSubscribe in a turn of its own, before anything else, without a producer, too", async () => {
    const ann = new Listener<number>();
    await using stage = intoSubscriber(ann);
    expect(ann.signals).toEqual([]);
    await settle();
    expect(ann.signals).toEqual(["onSubscribe"]);
    expect(stage.snapshot().state).toBe("running");
  });

  test("asks for what is requested, and no more", async () => {
    const { stage, demands } = counter();
    const ann = new Listener<number>();
    await using _ = intoSubscriber(ann, { subscribeTo: [stage] });
    await settle();
    expect(demands).toEqual([]);
    ann.request(2);
    ann.request(3);
    await settle();
    expect(demands).toEqual([5]);
    expect(ann.events).toEqual(range(5));
  });

  test("asks for what was requested before it had a producer", async () => {
    const { stage, demands } = counter();
    const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(3) });
    await using into = intoSubscriber(ann);
    await settle();
    into.subscribe(stage);
    await settle();
    expect(demands).toEqual([3]);
    expect(ann.events).toEqual(range(3));
  });

  test("asks for a window at a time, however much is requested", async () => {
    const { stage, demands } = counter(100);
    const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(Infinity) });
    await using into = intoSubscriber(ann, { subscribeTo: [stage], maxDemand: 10, minDemand: 4 });
    expect(await into.closed).toEqual({ type: "normal" });
    expect(ann.events).toEqual(range(100));
    expect(Math.max(...demands)).toBe(10);
  });

  test("calls onComplete when all its producers have ended, then ends", async () => {
    const ends: string[] = [];
    const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(100), onComplete: () => ends.push("onComplete") });
    const stage = intoSubscriber(ann, { subscribeTo: [fromIterable([1, 2]), fromIterable([3])] });
    await stage.closed.then(() => ends.push("closed"));
    expect(ann.events.toSorted((one, other) => one - other)).toEqual([1, 2, 3]);
    expect(ends).toEqual(["onComplete", "closed"]);
  });

  test("passes the error of a producer on, which counts as received", async () => {
    const source = producer<number>();
    const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(10) });
    intoSubscriber(ann, { subscribeTo: [source] });
    const error = new Error("no more");
    source.emit([1]);
    source.fail(error);
    await settle();
    await settle();
    expect([ann.events, ann.ends]).toEqual([[1], [error]]);
  });

  test("calls onError with a StoppedError when it is stopped, be it before onSubscribe", async () => {
    const reason = new Error("stop");
    const [ann, ben] = [new Listener<number>(), new Listener<number>()];
    await intoSubscriber(ann, { name: "into ann" }).stop(reason);
    const stage = intoSubscriber(ben);
    await settle();
    await stage.stop();
    expect(ann.signals).toEqual(["onSubscribe", "onError"]);
    expect(ann.ends[0]).toBeInstanceOf(StoppedError);
    expect(ann.ends[0]).toMatchObject({ message: "into ann was stopped before its normal end", cause: reason });
    expect(ben.signals).toEqual(["onSubscribe", "onError"]);
  });

  test("stops when its Subscriber cancels, leaves its producers and signals nothing more", async () => {
    const { stage: source } = counter();
    const ann = new Listener<number>({ onNext: (event, subscription) => event === 2 && subscription.cancel() });
    const stage = intoSubscriber(ann, { subscribeTo: [source] });
    await settle();
    ann.request(10);
    expect(await stage.closed).toEqual({ type: "shutdown" });
    expect(await source.closed).toEqual({ type: "shutdown" });
    expect(ann.signals).toEqual(["onSubscribe", "onNext", "onNext", "onNext"]);
  });

  test("counts what was signalled as handled, and the rest of the list as lost", async () => {
    const ann = new Listener<number>({ onNext: (event, subscription) => event === 2 && subscription.cancel() });
    const stage = intoSubscriber(ann, { subscribeTo: [counter().stage] });
    await settle();
    ann.request(10);
    await stage.closed;
    await settle();
    expect(stage.snapshot().input).toMatchObject({ received: 10, handled: 3, lost: 7, queued: 0, inCallback: 0, failed: 0 });
  });

  test("ends with what its Subscriber throws, which gets nothing more; nobody else receives it", async () => {
    using uncaught = new Uncaught();
    const error = new Error("in onNext");
    const ann = new Listener<number>({
      onSubscribe: (subscription) => subscription.request(10),
      onNext(event) {
        if (event === 2) throw error;
      },
    });
    intoSubscriber(ann, { subscribeTo: [counter().stage] });
    await settle();
    await settle();
    expect(ann.signals).toEqual(["onSubscribe", "onNext", "onNext", "onNext"]);
    expect(uncaught.errors).toEqual([error]);
  });

  test.each(["onSubscribe", "onNext", "onComplete"] as const)("in a pipeline is an end of it: what %s throws is the pipeline's error", async (signal) => {
    const error = new Error(`in ${signal}`);
    const fail = (): void => {
      throw error;
    };
    const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(10), [signal]: fail });
    await expect(pipeline(fromIterable([1, 2]), intoSubscriber(ann))).rejects.toBe(error);
    expect(ann.signals.at(-1)).toBe(signal);
  });

  test("in a pipeline is asked as its Subscriber requests, and ends with it", async () => {
    const { stage, demands } = counter(20);
    const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(4), onNext: (event, subscription) => event % 4 === 3 && subscription.request(4) });
    await pipeline(stage, intoSubscriber(ann));
    expect([ann.events, ann.ends]).toEqual([range(20), ["complete"]]);
    expect(Math.max(...demands)).toBe(4);
  });

  test("in a pipeline that its Subscriber leaves is a stop", async () => {
    const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.cancel() });
    await expect(pipeline(counter().stage, intoSubscriber(ann))).rejects.toBeInstanceOf(StoppedError);
  });

  test("stops at a request that is no demand, and tells its Subscriber why", async () => {
    const ann = new Listener<number>();
    const stage = intoSubscriber(ann, { subscribeTo: [counter().stage] });
    await settle();
    ann.request(-1);
    const reason: ExitReason = await stage.closed;
    expect(ann.signals).toEqual(["onSubscribe", "onError"]);
    expect(reason).toEqual({ type: "shutdown", reason: ann.ends[0] });
    expect(ann.ends[0]).toMatchObject({ message: expect.stringContaining("rule 3.9") });
  });

  test.each([null, undefined])("fails at an event that is %s, and tells its Subscriber", async (nothing) => {
    const ann = new Listener<number | null | undefined>({ onSubscribe: (subscription) => subscription.request(10) });
    const stage = intoSubscriber(ann, { subscribeTo: [fromIterable([1, nothing, 2])] });
    const reason = await stage.closed;
    expect(reason).toEqual({ type: "error", error: ann.ends[0] });
    expect(ann.events).toEqual([1]);
    expect(ann.ends[0]).toBeInstanceOf(TypeError);
  });

  test("calls the functions that its owner gave", async () => {
    const calls: string[] = [];
    const reports: Report[] = [];
    const source = fromIterable([1], { name: "source" });
    const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(10) });
    const stage = intoSubscriber(ann, {
      name: "into",
      subscribeTo: [{ to: source, cancel: "permanent" }],
      handleSubscribe: (from) => void calls.push(`subscribed to ${from.name}`),
      handleCancel: (info, from) => void calls.push(`${info.kind} of ${from.name}`),
      handleInfo: (message) => void calls.push(String(message)),
      handleReport: (report) => reports.push(report),
    });
    stage.info("hello");
    await stage.closed;
    expect(calls).toEqual(["subscribed to source", "hello", "down of source"]);
    expect(reports).toEqual([{ kind: "consumer-stopping", stage: "into", partner: "source", reason: { type: "normal" } }]);
  });

  test("has a name of its own where it is given none", () => {
    const [one, other] = [intoSubscriber(new Listener()).name, intoSubscriber(new Listener()).name];
    expect(one).toMatch(/^subscriber \d+$/);
    expect(other).toBe(`subscriber ${Number(one.split(" ")[1]) + 1}`);
  });

  test("ignores a message that nobody handles", async () => {
    const ann = new Listener<number>();
    await using stage = intoSubscriber(ann);
    stage.info("hello");
    await settle();
    expect([stage.snapshot().state, ann.signals]).toEqual(["running", ["onSubscribe"]]);
  });

  test("has one owner", async () => {
    await using stage = intoSubscriber(new Listener());
    const owner = {};
    expect([stage[ADOPT](owner), stage[ADOPT](owner), stage[ADOPT]({})]).toEqual([true, true, false]);
  });

  test("says to who waits for a flush that it was stopped", async () => {
    const stage = intoSubscriber(new Listener());
    const flushed = stage.flushed();
    void stage.stop();
    await expect(flushed).rejects.toBeInstanceOf(StoppedError);
  });

  test("does not signal what is requested behind a stop", async () => {
    const probe = new ProducerProbe<number>();
    const ann = new Listener<number>();
    const stage = intoSubscriber(ann, { subscribeTo: [probe.producer] });
    await settle();
    ann.request(1);
    await settle();
    await probe.emit(1, 2, 3);
    const stopped = stage.stop();
    ann.request(2);
    await stopped;
    expect(ann.signals).toEqual(["onSubscribe", "onNext", "onError"]);
    expect(stage.snapshot().input).toMatchObject({ received: 3, handled: 1, queued: 0, lost: 2 });
  });

  test("is a stage as every other: its name, its flush, its end with its scope", async () => {
    const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(10) });
    const source = producer<number>();
    {
      await using stage = intoSubscriber(ann, { name: "into", subscribeTo: [source] });
      expect([stage.name, stage.role]).toEqual(["into", "consumer"]);
      source.emit([1, 2]);
      await source.flushed();
      await stage.flushed();
      expect(ann.events).toEqual([1, 2]);
    }
    expect(ann.ends).toHaveLength(1);
    await source.stop();
  });
});

describe("several producers of one Subscriber", () => {
  test("are each asked for what was requested; what comes too much waits, and is counted as queued", async () => {
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const ann = new Listener<number>();
    await using stage = intoSubscriber(ann, { subscribeTo: [one.producer, other.producer] });
    await settle();
    ann.request(3);
    await settle();
    expect([one.asks, other.asks]).toEqual([[3], [3]]);
    await one.emit(1, 2);
    await other.emit(11, 12, 13);
    expect(ann.events).toEqual([1, 2, 11]);
    expect(stage.snapshot().input).toMatchObject({ received: 5, handled: 3, queued: 2 });
    ann.request(4);
    await settle();
    expect(ann.events).toEqual([1, 2, 11, 12, 13]);
    expect(stage.snapshot().input).toMatchObject({ received: 5, handled: 5, queued: 0 });
    // Two of the four were at hand; one had one on its way, the other had none.
    expect([one.asks, other.asks]).toEqual([[3, 1], [3, 2]]);
  });

  test("do not overtake what waits", async () => {
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const ann = new Listener<number>();
    await using _ = intoSubscriber(ann, { subscribeTo: [one.producer, other.producer] });
    await settle();
    ann.request(2);
    await settle();
    await one.emit(1, 2);
    await other.emit(3);
    const emitted = other.emit(4);
    ann.request(2);
    await emitted;
    expect(ann.events).toEqual([1, 2, 3, 4]);
  });

  test("may end before what waits is requested: the end waits for all of it", async () => {
    const probe = new ProducerProbe<number>();
    const ann = new Listener<number>();
    const stage = intoSubscriber(ann, { subscribeTo: [probe.producer] });
    await settle();
    ann.request(1);
    await settle();
    await probe.emit(1, 2, 3);
    await probe.complete();
    for (const events of [[1, 2], [1, 2, 3]]) {
      expect(ann.ends).toEqual([]);
      ann.request(1);
      await settle();
      expect(ann.events).toEqual(events);
    }
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(ann.ends).toEqual(["complete"]);
  });

  test("may end before what waits is requested: the end waits with it", async () => {
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const ann = new Listener<number>();
    const stage = intoSubscriber(ann, { subscribeTo: [one.producer, other.producer] });
    await settle();
    ann.request(1);
    await settle();
    await one.emit(1);
    await other.emit(2);
    await one.complete();
    await other.complete();
    expect([ann.events, ann.ends]).toEqual([[1], []]);
    ann.request(1);
    expect(await stage.closed).toEqual({ type: "normal" });
    expect([ann.events, ann.ends]).toEqual([[1, 2], ["complete"]]);
  });

  test("a stop does not wait for what waits, which is lost", async () => {
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const ann = new Listener<number>();
    const stage = intoSubscriber(ann, { subscribeTo: [one.producer, other.producer] });
    await settle();
    ann.request(1);
    await settle();
    await one.emit(1);
    await other.emit(2);
    await one.complete();
    await other.complete();
    await stage.stop();
    expect(ann.ends[0]).toBeInstanceOf(StoppedError);
    expect(stage.snapshot().input).toMatchObject({ received: 2, handled: 1, queued: 0, lost: 1 });
  });

  test.each([null, undefined])("an event that had to wait and is %s ends the stage, behind those before it; those after it are lost", async (nothing) => {
    const [one, other] = [new ProducerProbe<number | null | undefined>(), new ProducerProbe<number | null | undefined>()];
    const ann = new Listener<number | null | undefined>();
    const stage = intoSubscriber(ann, { subscribeTo: [one.producer, other.producer] });
    await settle();
    ann.request(4);
    await settle();
    await one.emit(1, 2, 3, 4);
    await other.emit(5, nothing, nothing, 6);
    ann.request(4);
    await stage.closed;
    expect(ann.events).toEqual([1, 2, 3, 4, 5]);
    expect(ann.ends).toHaveLength(1);
    expect(ann.ends[0]).toBeInstanceOf(TypeError);
  });

  test("what a Subscriber throws for an event that had to wait ends the stage, too", async () => {
    const error = new Error("in onNext");
    const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
    const ann = new Listener<number>({
      onNext(event) {
        if (event === 2) throw error;
      },
    });
    const stage = intoSubscriber(ann, { subscribeTo: [one.producer, other.producer] });
    await settle();
    ann.request(1);
    await settle();
    await one.emit(1);
    await other.emit(2);
    ann.request(1);
    expect(await stage.closed).toEqual({ type: "error", error });
    expect(ann.signals).toEqual(["onSubscribe", "onNext", "onNext"]);
  });
});

test("what a Subscriber throws when only the end is left to wait for ends the stage, too", async () => {
  const error = new Error("in onNext");
  const [one, other] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
  const ann = new Listener<number>({
    onNext(event) {
      if (event === 2) throw error;
    },
  });
  const stage = intoSubscriber(ann, { subscribeTo: [one.producer, other.producer] });
  await settle();
  ann.request(1);
  await settle();
  await one.emit(1);
  await other.emit(2, 3);
  await one.complete();
  await other.complete();
  ann.request(1);
  expect(await stage.closed).toEqual({ type: "error", error });
  expect(ann.signals).toEqual(["onSubscribe", "onNext", "onNext"]);
});

test("the event loop turns while a slow Subscriber takes what had to wait; an error comes behind what it has requested", async () => {
  const stage = producer<number>({ dispatcher: broadcastDispatcher() });
  const publisher = toPublisher(stage);
  const turns: number[] = [];
  const ann = new Listener<number>();
  const ben = new Listener<number>({
    onNext(event) {
      if (event === 0) setImmediate(() => turns.push(ben.events.length));
      const end = performance.now() + 1;
      while (performance.now() < end);
    },
  });
  publisher.subscribe(ann);
  publisher.subscribe(ben);
  ann.request(16);
  stage.emit(range(16));
  await settle();
  expect([ann.events.length, ben.events.length]).toEqual([16, 0]);
  const error = new Error("no more");
  ben.request(15);
  stage.fail(error);
  await settle();
  expect([ben.events, ben.ends]).toEqual([range(15), [error]]);
  expect(turns[0]).toBeLessThan(15);
});

describe("intoSubscriber refuses", () => {
  const ann = new Listener<number>();
  const source = fromIterable([1]);
  test.each<readonly [what: string, make: () => unknown, message: string]>([
    ["null", () => intoSubscriber(null as unknown as Subscriber<number>), "expected the subscriber of intoSubscriber to be a Subscriber, got: null"],
    ["half a Subscriber", () => intoSubscriber({ onNext: () => undefined } as unknown as Subscriber<number>), "expected the subscriber of intoSubscriber to be a Subscriber, got: an object"],
    ["handleEvent", () => intoSubscriber(ann, { handleEvent: () => undefined } as object), "without handleEvent, which is its own"],
    ["handleStop", () => intoSubscriber(ann, { handleStop: () => undefined } as object), "without handleStop, which is its own"],
    ["maxDemand: 0", () => intoSubscriber(ann, { maxDemand: 0 }), "expected maxDemand to be an integer of at least 1, got: 0"],
    ["an unknown option", () => intoSubscriber(ann, { maxDemnad: 1 } as object), "maxDemnad"],
    ["targets that are no list", () => intoSubscriber(ann, { subscribeTo: source as never }), "expected subscribeTo to be a list"],
    ["a target that is no producer", () => intoSubscriber(ann, { subscribeTo: [7 as never] }), "expected the producer of a subscription"],
    ["a window of a subscription", () => intoSubscriber(ann, { subscribeTo: [{ to: source, maxDemand: 1 }] }), "without maxDemand, which is its own"],
    ["a mode of a subscription", () => intoSubscriber(ann).subscribe(source, { mode: "automatic" }), "without mode, which is its own"],
  ])("%s", (_what, make, message) => {
    expect(make).toThrow(BadOptionError);
    expect(make).toThrow(message);
  });
});
