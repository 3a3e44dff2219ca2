import { describe, expect, test } from "vitest";
import { BadOptionError, OUTLET, StoppedError, consumer, demandDispatcher, fromIterable, partitionDispatcher, producer, producerConsumer, setReporter, type Producer, type PushProducer, type Report } from "sluice";
import { toPublisher } from "sluice/reactive-streams";
import { ProducerProbe, nonCompliantProducer, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { Uncaught } from "../../core/support/uncaught.ts";
import { Listener, counter } from "../support/reactive-streams.ts";

test("an event is asked for when it is requested, and no sooner", async () => {
  const { stage, demands } = counter();
  const ann = new Listener<number>();
  toPublisher(stage).subscribe(ann);
  await settle();
  expect(demands).toEqual([]);
  ann.request(7);
  await settle();
  expect(demands).toEqual([7]);
  ann.request(1);
  await settle();
  expect(demands).toEqual([7, 1]);
});

test("an event is asked for when it is requested, however many are on their way", async () => {
  const probe = new ProducerProbe<number>();
  const ann = new Listener<number>();
  toPublisher(probe.producer as Producer<number>).subscribe(ann);
  ann.request(10);
  await settle();
  ann.request(2);
  await settle();
  expect(probe.asks).toEqual([10, 2]);
});

test("what is requested one by one, as events come, is asked for in lists", async () => {
  const { stage, demands } = counter(1_000);
  const ann = new Listener<number>({ onNext: (_event, subscription) => subscription.request(1) });
  toPublisher(stage).subscribe(ann);
  ann.request(100);
  await settle();
  expect(ann.events).toEqual(range(1_000));
  expect(demands.length).toBeLessThanOrEqual(25);
});

test("a window says how much of a large request is asked for at once", async () => {
  const { stage, demands } = counter();
  const ann = new Listener<number>();
  toPublisher(stage, { maxDemand: 10, minDemand: 5 }).subscribe(ann);
  ann.request(35);
  await settle();
  expect(ann.events).toEqual(range(35));
  expect(Math.max(...demands)).toBe(10);
  expect(demands.reduce((sum, demand) => sum + demand, 0)).toBe(35);
});

test("events come in order, with their identity, whatever they are", async () => {
  const promise = Promise.reject(new Error("an event like any other"));
  promise.catch(() => undefined);
  const values = [NaN, 0, "", false, { done: true }, promise, [1, 2], Object.freeze({})];
  const ann = new Listener<unknown>();
  toPublisher(fromIterable<unknown>(values)).subscribe(ann);
  ann.request(100);
  await settle();
  expect(ann.events).toHaveLength(values.length);
  for (const [index, value] of values.entries()) expect(Object.is(ann.events[index], value)).toBe(true);
});

test("a stop of the producer is an error with its reason, and drops what was not requested", async () => {
  const stage = producer<number>({ name: "source" });
  const ann = new Listener<number>();
  toPublisher(stage).subscribe(ann);
  stage.emit([1, 2]);
  ann.request(1);
  await settle();
  const reason = new Error("stop");
  await stage.stop(reason);
  await settle();
  expect(ann.events).toEqual([1]);
  expect(ann.ends[0]).toBeInstanceOf(StoppedError);
  expect(ann.ends[0]).toMatchObject({ message: "source was stopped before its normal end", cause: reason });
});

test("an error comes behind the events that were emitted before it, as they are requested", async () => {
  const stage = producer<number>();
  const ann = new Listener<number>();
  toPublisher(stage).subscribe(ann);
  const error = new Error("no more");
  stage.emit([1, 2, 3]);
  stage.fail(error);
  ann.request(1);
  await settle();
  expect([ann.events, ann.ends]).toEqual([[1], []]);
  ann.request(2);
  await settle();
  expect([ann.events, ann.ends]).toEqual([[1, 2, 3], [error]]);
});

test("what one Subscriber leaves behind when it cancels goes to the next", async () => {
  const stage: PushProducer<number> = producer<number>();
  const publisher = toPublisher(stage);
  const [ann, ben] = [new Listener<number>(), new Listener<number>()];
  publisher.subscribe(ann);
  ann.request(5);
  await settle();
  ann.cancel();
  publisher.subscribe(ben);
  ben.request(5);
  stage.emit(range(5));
  await settle();
  expect([ann.events, ben.events]).toEqual([[], range(5)]);
});

test("with onCrash: redeliver what one has not been signalled is signalled to the next", async () => {
  const publisher = toPublisher(fromIterable(range(10), { whenUnused: "wait" }), { onCrash: "redeliver" });
  const ann = new Listener<number>({ onNext: (event, subscription) => event === 3 && subscription.cancel() });
  const ben = new Listener<number>();
  publisher.subscribe(ann);
  ann.request(8);
  await settle();
  publisher.subscribe(ben);
  ben.request(20);
  await settle();
  expect([ann.events, ben.events]).toEqual([range(4), range(6, 4)]);
  expect(ben.ends).toEqual(["complete"]);
});

test("without it the rest of the list is lost", async () => {
  const publisher = toPublisher(fromIterable(range(10), { whenUnused: "wait" }));
  const ann = new Listener<number>({ onNext: (event, subscription) => event === 3 && subscription.cancel() });
  const ben = new Listener<number>();
  publisher.subscribe(ann);
  ann.request(8);
  await settle();
  publisher.subscribe(ben);
  ben.request(20);
  await settle();
  expect([ann.events, ben.events]).toEqual([range(4), [8, 9]]);
});

test("a Subscriber may be one of several consumers", async () => {
  const { stage } = counter(40);
  const handled: number[] = [];
  consumer({ subscribeTo: [{ to: stage, maxDemand: 4 }], handleEvents: (events) => void handled.push(...events) });
  const ann = new Listener<number>();
  toPublisher(stage).subscribe(ann);
  ann.request(10);
  await settle();
  expect(ann.events).toHaveLength(10);
  expect([...handled, ...ann.events].toSorted((one, other) => one - other)).toEqual(range(40));
});

test("a Subscriber tells the dispatcher what it wants", async () => {
  const stage = producer<number>({ dispatcher: partitionDispatcher({ partitions: 2, hash: (n) => n % 2 }) });
  const [even, odd] = [new Listener<number>(), new Listener<number>()];
  toPublisher(stage, { partition: 0 }).subscribe(even);
  toPublisher(stage, { partition: 1 }).subscribe(odd);
  even.request(10);
  odd.request(10);
  stage.emit(range(6));
  await settle();
  expect([even.events, odd.events]).toEqual([[0, 2, 4], [1, 3, 5]]);
});

test("a Subscriber is a consumer of the producer, with a name that says whose", () => {
  const { stage } = counter();
  toPublisher(stage).subscribe(new Listener());
  expect(stage.snapshot().output?.consumers).toEqual(["a subscriber of counter"]);
});

test("a Subscriber that the dispatcher refuses is told so", async () => {
  const stage = producer<number>({ dispatcher: partitionDispatcher({ partitions: 1, hash: () => 0 }) });
  const publisher = toPublisher(stage, { partition: 0 });
  const [ann, ben] = [new Listener<number>(), new Listener<number>()];
  publisher.subscribe(ann);
  publisher.subscribe(ben);
  await settle();
  expect([ann.signals, ben.signals]).toEqual([["onSubscribe"], ["onSubscribe", "onError"]]);
  expect(ben.ends[0]).toBeInstanceOf(BadOptionError);
});

test("the event loop turns while a slow Subscriber has a long list", async () => {
  let now = 0;
  const turns: number[] = [];
  const ann = new Listener<number>({
    onNext(event) {
      const until = performance.now() + 0.2;
      while (performance.now() < until) now += 1;
      if (event === 0) setImmediate(() => turns.push(ann.events.length));
    },
  });
  const stage = producer<number>();
  toPublisher(stage).subscribe(ann);
  ann.request(200);
  stage.emit(range(200));
  stage.fail(new Error("behind them"));
  await settle();
  expect(ann.events).toEqual(range(200));
  expect(ann.ends).toHaveLength(1);
  expect(turns[0]).toBeLessThan(200);
  expect(now).toBeGreaterThan(0);
});

test("what a slow Subscriber requests in the middle of a long list is asked for", async () => {
  const ann = new Listener<number>({
    onNext(_event, subscription) {
      const until = performance.now() + 0.2;
      while (performance.now() < until);
      subscription.request(1);
    },
  });
  toPublisher(counter(400).stage).subscribe(ann);
  ann.request(100);
  await settle();
  expect([ann.events, ann.ends]).toEqual([range(400), ["complete"]]);
});

test("a stop ends a long list between two slices", async () => {
  const stage = producer<number>({ whenUnused: "wait" });
  const ann = new Listener<number>({
    onNext(event) {
      const until = performance.now() + 0.5;
      while (performance.now() < until);
      if (event === 0) setImmediate(() => ann.cancel());
    },
  });
  toPublisher(stage).subscribe(ann);
  ann.request(1_000);
  stage.emit(range(1_000));
  await settle();
  expect(ann.events.length).toBeLessThan(1_000);
  expect(ann.ends).toEqual([]);
});

describe("a Publisher of a producer that breaks the protocol", () => {
  test("signals no more than was requested, and loses nothing of what came too much", async () => {
    const ann = new Listener<number>();
    toPublisher(nonCompliantProducer(range(10), { excess: 3 }) as Producer<number>).subscribe(ann);
    ann.request(2);
    await settle();
    expect(ann.events).toEqual(range(2));
    ann.request(1);
    await settle();
    expect(ann.events).toEqual(range(3));
    ann.request(100);
    await settle();
    expect([ann.events, ann.ends]).toEqual([range(10), ["complete"]]);
  });

  test("signals one end, and nothing after it", async () => {
    const ann = new Listener<number>();
    const stage = nonCompliantProducer([1, 2], { ends: 2, eventsAfterEnd: [3], errorAfterEnd: new Error("late") }) as Producer<number>;
    toPublisher(stage).subscribe(ann);
    ann.request(10);
    await settle();
    expect(ann.signals).toEqual(["onSubscribe", "onNext", "onNext", "onComplete"]);
  });

  test("does not let a list overtake what waits", async () => {
    const probe = new ProducerProbe<number>();
    const ann = new Listener<number>();
    toPublisher(probe.producer as Producer<number>).subscribe(ann);
    ann.request(1);
    await settle();
    await probe.emit(1, 2, 3);
    const emitted = probe.emit(4, 5);
    ann.request(4);
    await emitted;
    expect(ann.events).toEqual([1, 2, 3, 4, 5]);
  });

  test("asks again for an event only when it was requested", async () => {
    const probe = new ProducerProbe<number>();
    const ann = new Listener<number>();
    toPublisher(probe.producer as Producer<number>).subscribe(ann);
    ann.request(2);
    await settle();
    await probe.emit(1, 2, 3, 4);
    ann.request(1);
    await settle();
    expect(ann.events).toEqual([1, 2, 3]);
    expect(probe.asks).toEqual([2]);
    ann.request(2);
    await settle();
    expect(ann.events).toEqual([1, 2, 3, 4]);
    expect(probe.asks).toEqual([2, 1]);
  });
});

describe("a cold Publisher", () => {
  test("has a producer for each Subscriber, made when it subscribes and stopped when it leaves", async () => {
    const stages: Producer<number>[] = [];
    const publisher = toPublisher(() => {
      const { stage } = counter(3);
      stages.push(stage);
      return stage;
    });
    expect(stages).toHaveLength(0);
    const [ann, ben] = [new Listener<number>(), new Listener<number>()];
    publisher.subscribe(ann);
    publisher.subscribe(ben);
    ann.request(5);
    ben.request(1);
    await settle();
    expect([ann.events, ann.ends, ben.events]).toEqual([range(3), ["complete"], [0]]);
    ben.cancel();
    await settle();
    expect(stages.map((stage) => stage.snapshot().state)).toEqual(["ended", "ended"]);
  });

  test("stops a producer that would not stop by itself", async () => {
    const stage = producer<number>({ whenUnused: "wait" });
    const ann = new Listener<number>();
    toPublisher(() => stage).subscribe(ann);
    ann.cancel();
    expect(await stage.closed).toEqual({ type: "shutdown" });
  });

  test("signals what its function throws, behind onSubscribe", async () => {
    const error = new Error("no producer");
    const ann = new Listener<number>();
    toPublisher<number>(() => {
      throw error;
    }).subscribe(ann);
    expect(ann.signals).toEqual(["onSubscribe"]);
    await settle();
    expect(ann.ends).toEqual([error]);
    ann.request(1);
    await settle();
    expect(ann.signals).toEqual(["onSubscribe", "onError"]);
  });

  test("signals what its function throws, and not the rule that its Subscriber broke since", async () => {
    const error = new Error("no producer");
    const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(0) });
    toPublisher<number>(() => {
      throw error;
    }).subscribe(ann);
    await settle();
    expect(ann.ends).toEqual([error]);
  });

  test("tells its producer why its Subscriber is gone: it broke a rule, or threw", async () => {
    using uncaught = new Uncaught();
    const error = new Error("in onNext");
    const fail = (): void => {
      throw error;
    };
    const [ann, ben] = [new Listener<number>(), new Listener<number>({ onNext: fail })];
    const stages = [ann, ben].map((listener) => {
      const { stage } = counter();
      toPublisher(() => stage).subscribe(listener);
      return stage;
    });
    ann.request(0);
    ben.request(1);
    const ends = await Promise.all(stages.map((stage) => stage.closed));
    await settle();
    expect(ends).toEqual([{ type: "shutdown", reason: ann.ends[0] }, { type: "shutdown", reason: error }]);
    expect(ann.ends).toEqual([expect.any(BadOptionError)]);
    expect(uncaught.errors).toEqual([error]);
  });

  test("signals why it ends, though its producer cannot be stopped", async () => {
    const stage = fromIterable([1]);
    const broken = Object.create(stage, {
      name: { value: "broken" },
      [OUTLET]: { value: stage[OUTLET] },
      stop: {
        value() {
          throw new Error("no stop");
        },
      },
    }) as Producer<number>;
    const ann = new Listener<number>();
    toPublisher(() => broken).subscribe(ann);
    ann.request(0);
    await settle();
    expect(ann.signals).toEqual(["onSubscribe", "onError"]);
  });

  test.each([undefined, null, 7, {}])("signals that its function makes no producer but %s", async (made) => {
    const reports: Report[] = [];
    const before = setReporter((report) => reports.push(report));
    try {
      const ann = new Listener<number>();
      toPublisher(() => made as Producer<number>).subscribe(ann);
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onError"]);
      expect(ann.ends).toEqual([expect.any(BadOptionError)]);
      expect(reports).toEqual([]);
    } finally {
      setReporter(before);
    }
  });

  test("signals that its function makes a producer that does not know an option", async () => {
    const ann = new Listener<number>();
    const stage = producer<number>({ dispatcher: demandDispatcher() });
    toPublisher(() => stage, { partition: 1 }).subscribe(ann);
    await settle();
    expect(ann.signals).toEqual(["onSubscribe", "onError"]);
    expect(ann.ends[0]).toBeInstanceOf(BadOptionError);
    expect(stage.snapshot().state).toBe("ended");
  });
});

describe("toPublisher refuses", () => {
  const stage = fromIterable([1]);
  test.each<readonly [what: string, make: () => unknown, message: string]>([
    ["no producer", () => toPublisher({} as Producer<number>), "expected the source of toPublisher to be a producer, or a function that makes one, got: an object"],
    ["an unknown option", () => toPublisher(stage, { partition: 1 }), "expected the options of toPublisher to be among maxDemand, minDemand, onCrash, maxRedeliveries, got: \"partition\""],
    ["maxDemand: 0", () => toPublisher(stage, { maxDemand: 0 }), "expected maxDemand to be an integer of at least 1, got: 0"],
    ["minDemand: 10 of 10", () => toPublisher(stage, { maxDemand: 10, minDemand: 10 }), "expected minDemand to be an integer from 0 to 9, got: 10"],
  ])("%s", (_what, make, message) => {
    expect(make).toThrow(BadOptionError);
    expect(make).toThrow(message);
  });
});

test("the Publisher of a producerConsumer is one of its output", async () => {
  const evens = producerConsumer({ subscribeTo: [counter(10).stage], handleEvents: (events) => events.filter((n) => n % 2 === 0) });
  const ann = new Listener<number>();
  toPublisher(evens).subscribe(ann);
  ann.request(100);
  await settle();
  expect([ann.events, ann.ends]).toEqual([[0, 2, 4, 6, 8], ["complete"]]);
});
