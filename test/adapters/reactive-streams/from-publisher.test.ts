import { describe, expect, test } from "vitest";
import { BadOptionError, consumer, partitionDispatcher, producer, producerConsumer, setReporter, type Consumer, type ProducerConsumer, type Report } from "sluice";
import { asProcessor, asSubscriber, fromPublisher, intoSubscriber, toPublisher, type Publisher } from "sluice/reactive-streams";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { HandPublisher, Listener, counter, countingPublisher } from "../support/reactive-streams.ts";

describe("a producer of what a Publisher signals", () => {
  test("subscribes at the first demand, and requests what is demanded", async () => {
    const publisher = countingPublisher();
    const probe = new ConsumerProbe(fromPublisher(publisher));
    await settle();
    expect(publisher.subscribers).toHaveLength(0);
    await probe.ask(3);
    expect([publisher.subscribers.length, publisher.requests]).toEqual([1, [3]]);
    await probe.ask(1);
    await probe.ask(2);
    expect(publisher.requests).toEqual([3, 1, 2]);
    expect(publisher.subscribers).toHaveLength(1);
    expect(probe.events).toEqual(range(6));
    await probe.cancel();
  });

  test("requests what was demanded before the subscription came, at once", async () => {
    const publisher: HandPublisher<number> = new HandPublisher({ subscribes: () => undefined });
    const probe = new ConsumerProbe(fromPublisher(publisher));
    await probe.ask(3);
    await probe.ask(4);
    expect(publisher.requests).toEqual([]);
    publisher.subscriber.onSubscribe(publisher);
    expect(publisher.requests).toEqual([7]);
    await probe.cancel();
  });

  test("passes a demand without bound on as such", async () => {
    const publisher = new HandPublisher<number>();
    const probe = new ConsumerProbe(fromPublisher(publisher));
    await probe.ask(Number.MAX_SAFE_INTEGER);
    publisher.next(...range(5_000));
    await settle();
    expect(publisher.requests).toEqual([Number.MAX_SAFE_INTEGER]);
    expect(probe.events).toEqual(range(5_000));
    await probe.cancel();
  });

  test("demand that adds up to more than any number of events stays at that", async () => {
    const publisher: HandPublisher<number> = new HandPublisher({ subscribes: () => undefined });
    const stage = fromPublisher(publisher, { dispatcher: partitionDispatcher({ partitions: 2, hash: (n) => n % 2 }) });
    const probes = [0, 1].map((partition) => new ConsumerProbe(stage, { options: { partition } }));
    for (const probe of probes) await probe.ask(Number.MAX_SAFE_INTEGER);
    publisher.subscriber.onSubscribe(publisher);
    expect(publisher.requests).toEqual([Number.MAX_SAFE_INTEGER]);
    await stage.stop();
  });

  test("moves the events of one turn as one list", async () => {
    const publisher = new HandPublisher<number>();
    const probe = new ConsumerProbe(fromPublisher(publisher));
    await probe.ask(3_000);
    publisher.next(...range(10));
    await settle();
    publisher.next(...range(2_000, 10));
    await settle();
    expect(probe.batches.map((batch) => batch.length)).toEqual([10, 1_024, 976]);
    expect(probe.events).toEqual(range(2_010));
    await probe.cancel();
  });

  test("is read by a loop, which asks for one event at a time, and cancels when it leaves", async () => {
    const publisher = countingPublisher();
    const seen: number[] = [];
    for await (const event of fromPublisher(publisher)) {
      seen.push(event);
      if (event === 4) break;
    }
    expect(seen).toEqual(range(5));
    expect([publisher.requested, publisher.cancels]).toEqual([5, 1]);
  });

  test("fails with what subscribe throws, and cancels what it was given before that", async () => {
    const error = new Error("subscribe failed");
    const publisher: HandPublisher<number> = new HandPublisher({
      subscribes(subscriber, subscription) {
        subscriber.onSubscribe(subscription);
        throw error;
      },
    });
    const probe = new ConsumerProbe(fromPublisher(publisher));
    await probe.ask(1);
    expect(probe.end).toEqual({ type: "error", error });
    expect(publisher.cancels).toBe(1);
  });

  test.each(["subscribe", "request"] as const)("delivers what came before %s threw, then what it threw", async (call) => {
    const error = new Error("cannot go on");
    const publisher: Publisher<number> = {
      subscribe(subscriber) {
        const signal = (): void => [1, 2].forEach((event) => subscriber.onNext(event));
        subscriber.onSubscribe({
          request() {
            signal();
            if (call === "request") throw error;
          },
          cancel: () => undefined,
        });
        if (call === "subscribe") throw error;
      },
    };
    const probe = new ConsumerProbe(fromPublisher(publisher));
    await probe.ask(5);
    expect(probe.events).toEqual([1, 2]);
    expect(probe.end).toEqual({ type: "error", error });
  });

  test("delivers what came before an error, then the error", async () => {
    const publisher = new HandPublisher<number>();
    const probe = new ConsumerProbe(fromPublisher(publisher));
    await probe.ask(5);
    const error = new Error("no more");
    publisher.next(1, 2);
    publisher.subscriber.onError(error);
    await settle();
    expect([probe.events, probe.end]).toEqual([[1, 2], { type: "error", error }]);
    expect(publisher.cancels).toBe(0);
  });

  test("reports what came too much and what came too late, to its own reporter or the one for all", async () => {
    const [own, all]: [Report[], Report[]] = [[], []];
    const before = setReporter((report) => all.push(report));
    try {
      const [first, second] = [new HandPublisher<number>(), new HandPublisher<number>()];
      const [one, other] = [
        new ConsumerProbe(fromPublisher(first, { name: "one", handleReport: (report) => own.push(report) })),
        new ConsumerProbe(fromPublisher(second, { name: "other" })),
      ];
      const error = new Error("late");
      for (const [probe, publisher] of [[one, first], [other, second]] as const) {
        await probe.ask(3);
        publisher.next(1, 2, 3, 4, 5);
        await settle();
        await probe.ask(2);
        publisher.subscriber.onComplete();
        publisher.next(6);
        publisher.subscriber.onError(error);
        publisher.subscriber.onComplete();
        await settle();
        expect(probe.events).toEqual([1, 2, 3, 4, 5]);
      }
      const reports = (stage: string): Report[] => [
        { kind: "excess-events", stage, partner: "its publisher", count: 2 },
        { kind: "late-signal", stage, partner: "its publisher", signal: "onNext" },
        { kind: "late-failure", stage, error },
        { kind: "late-signal", stage, partner: "its publisher", signal: "onComplete" },
      ];
      expect([own, all]).toEqual([reports("one"), reports("other")]);
    } finally {
      setReporter(before);
    }
  });

  test("reports nothing of a Publisher that keeps the rules", async () => {
    const publisher = new HandPublisher<number>();
    const reports: Report[] = [];
    const probe = new ConsumerProbe(fromPublisher(publisher, { handleReport: (report) => reports.push(report) }));
    await probe.ask(3);
    publisher.next(1, 2, 3);
    await settle();
    publisher.subscriber.onComplete();
    await settle();
    expect([probe.events, probe.end, reports]).toEqual([[1, 2, 3], { type: "normal" }, []]);
  });

  test("reports what the cancel of a second subscription throws", async () => {
    const publisher = new HandPublisher<number>();
    const reports: Report[] = [];
    const probe = new ConsumerProbe(fromPublisher(publisher, { name: "source", handleReport: (report) => reports.push(report) }));
    await probe.ask(3);
    const error = new Error("cancel failed");
    const cancel = (): void => {
      throw error;
    };
    publisher.subscriber.onSubscribe({ request: () => undefined, cancel });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "source", error }]);
    await probe.cancel();
  });

  test("takes what came too much within the bound of its buffer", async () => {
    const publisher = new HandPublisher<number>();
    const probe = new ConsumerProbe(fromPublisher(publisher, { bufferSize: 5 }));
    await probe.ask(1);
    publisher.next(...range(20));
    await settle();
    await probe.ask(100);
    expect(probe.events.length).toBeLessThanOrEqual(6);
    expect(probe.end).toMatchObject({ type: "error", error: { code: "SLUICE_BUFFER_FULL" } });
    expect(publisher.cancels).toBe(1);
  });

  test("says nothing to a Publisher that ends while it is being subscribed to", async () => {
    const publisher: HandPublisher<number> = new HandPublisher({
      subscribes(subscriber, subscription) {
        subscriber.onSubscribe(subscription);
        subscriber.onComplete();
      },
    });
    const probe = new ConsumerProbe(fromPublisher(publisher));
    await probe.ask(1);
    expect(probe.end).toEqual({ type: "normal" });
    expect(publisher.cancels).toBe(0);
  });

  test("is asked on when a consumer has left with demand open", async () => {
    const publisher = new HandPublisher<number>();
    const stage = fromPublisher(publisher, { whenUnused: "wait" });
    const [ann, ben] = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await ann.ask(3);
    await ann.cancel();
    await ben.ask(5);
    // Three are on their way already.
    expect(publisher.requests).toEqual([3, 2]);
    publisher.next(...range(5));
    await settle();
    expect([ann.events, ben.events]).toEqual([[], range(5)]);
    await stage.stop();
    expect(publisher.cancels).toBe(1);
  });
});

test("a Subscriber of a consumer that has ended cancels its Publisher", async () => {
  const publisher = new HandPublisher<number>();
  const stage = consumer<number>({ signal: AbortSignal.abort(), handleEvents: () => undefined });
  publisher.subscribe(asSubscriber(stage));
  await settle();
  expect([publisher.requests, publisher.cancels]).toEqual([[], 1]);
});

test("a consumer that is subscribed twice to one Publisher ends with the error that says so", async () => {
  const { stage: source } = counter(3);
  const publisher = toPublisher(source);
  const stage = consumer<number>({ handleEvents: () => undefined });
  const subscriber = asSubscriber(stage);
  publisher.subscribe(subscriber);
  publisher.subscribe(subscriber);
  expect(await stage.closed).toMatchObject({ type: "error", error: { code: "SLUICE_ALREADY_SUBSCRIBED" } });
  expect((await source.closed).type).toBe("shutdown");
});

test("there and back: a producer, a Publisher, a producer; then a Subscriber, a stage, a Subscriber", async () => {
  const source = producer<number>({ name: "source" });
  const back = fromPublisher(toPublisher(source));
  const doubled = producerConsumer({ subscribeTo: [back], handleEvents: (events) => events.map((n) => 2 * n) });
  const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(100) });
  const stage = consumer({ subscribeTo: [doubled], handleEvents: (events) => events.forEach((event) => subscriber.onNext(event)), handleComplete: () => subscriber.onComplete() });
  const subscriber = asSubscriber(intoSubscriber(ann));
  subscriber.onSubscribe({ request: () => undefined, cancel: () => undefined });
  source.emit(range(10));
  source.complete();
  expect(await stage.closed).toEqual({ type: "normal" });
  await settle();
  expect([ann.events, ann.ends]).toEqual([range(10).map((n) => 2 * n), ["complete"]]);
});

describe("refused are", () => {
  const sink = (): Consumer<number> => consumer<number>({ handleEvents: () => undefined });
  const through = (): ProducerConsumer<number, number> => producerConsumer<number, number>({ handleEvents: (events) => events });
  test.each<readonly [what: string, make: () => unknown, message: string]>([
    ["what is no Publisher", () => fromPublisher(null as unknown as Publisher<number>), "expected the publisher of fromPublisher to be a Publisher, got: null"],
    ["handleDemand of fromPublisher", () => fromPublisher(new HandPublisher(), { handleDemand: () => [] } as object), "without handleDemand, which is its own"],
    ["handleStop of fromPublisher", () => fromPublisher(new HandPublisher(), { handleStop: () => undefined } as object), "without handleStop, which is its own"],
    ["an unknown option of fromPublisher", () => fromPublisher(new HandPublisher(), { maxDemand: 1 } as object), "maxDemand"],
    ["what is no consumer", () => asSubscriber(producer<number>() as unknown as Consumer<number>), "expected the consumer of asSubscriber to be a consumer or a producerConsumer, got: an instance of ProducerHandle"],
    ["a bad window of asSubscriber", () => asSubscriber(sink(), { maxDemand: 0 }), "expected maxDemand to be an integer of at least 1, got: 0"],
    ["an unknown option of asSubscriber", () => asSubscriber(sink(), { mode: "manual" } as object), 'expected the options of asSubscriber to be among maxDemand, minDemand, cancel, got: "mode"'],
    ["a consumer as a Processor", () => asProcessor(sink() as unknown as ProducerConsumer<number, number>), "expected the stage of asProcessor to be a producerConsumer, got: an instance of ConsumerHandle"],
    ["a bad window of asProcessor", () => asProcessor(through(), { maxDemand: 1, minDemand: 1 }), "expected minDemand to be an integer from 0 to 0, got: 1"],
  ])("%s", (_what, make, message) => {
    expect(make).toThrow(BadOptionError);
    expect(make).toThrow(message);
  });
});
