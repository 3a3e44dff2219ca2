/** Section 2 of the Reactive Streams specification: the Subscribers of `asSubscriber` and of `fromPublisher`. */
import { describe, expect, test } from "vitest";
import { consumer, type ExitReason, type Report } from "sluice";
import { asSubscriber, fromPublisher, type Publisher, type Subscription } from "sluice/reactive-streams";
import { settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { HandPublisher, countingPublisher } from "../support/reactive-streams.ts";

/** What became of the events that a Subscriber was signalled. */
interface Handled {
  readonly events: unknown[];
  readonly reports: Report[];
  end: ExitReason | undefined;
  /** Wants no more. */
  readonly leave: () => void;
}

type Subscribe = (publisher: Publisher<number>, maxDemand?: number) => Promise<Handled>;

const subscribed: readonly (readonly [name: string, subscribe: Subscribe])[] = [
  [
    "asSubscriber",
    async (publisher, maxDemand = 10) => {
      const reports: Report[] = [];
      const handled: Handled = { events: [], reports, end: undefined, leave: () => void stage.stop() };
      const stage = consumer<number>({
        name: "sink",
        handleEvents: (events) => void handled.events.push(...events),
        handleReport: (report) => reports.push(report),
      });
      void stage.closed.then((reason) => (handled.end = reason));
      publisher.subscribe(asSubscriber(stage, { maxDemand }));
      await settle();
      return handled;
    },
  ],
  [
    "fromPublisher",
    async (publisher, maxDemand = 10) => {
      const reports: Report[] = [];
      const source = fromPublisher(publisher, { name: "source", handleReport: (report) => reports.push(report) });
      const handled: Handled = { events: [], reports, end: undefined, leave: () => void stage.stop() };
      const stage = consumer({ subscribeTo: [{ to: source, maxDemand }], handleEvents: (events) => void handled.events.push(...events) });
      void stage.closed.then((reason) => (handled.end = reason));
      await settle();
      return handled;
    },
  ],
];

describe.each(subscribed)("a Subscriber of %s", (_, subscribe) => {
  test("rule 2.1: requests before it gets anything, and never more than its window", async () => {
    const publisher = new HandPublisher<number>();
    const handled = await subscribe(publisher, 10);
    expect(publisher.requests).toEqual([10]);
    publisher.next(...range(4));
    await settle();
    expect(publisher.requests).toEqual([10]);
    publisher.next(4);
    await settle();
    expect(publisher.requests).toEqual([10, 5]);
    expect(handled.events).toEqual(range(5));
  });

  test("rule 2.1: gets all events of a Publisher that signals within request", async () => {
    const publisher = countingPublisher(1_000);
    const handled = await subscribe(publisher, 10);
    expect(handled.events).toEqual(range(1_000));
    expect(handled.end).toEqual({ type: "normal" });
  });

  test("rule 2.2: returns from a signal before the event is handled", async () => {
    const publisher = new HandPublisher<number>();
    const handled = await subscribe(publisher);
    publisher.next(1);
    expect(handled.events).toEqual([]);
    await settle();
    expect(handled.events).toEqual([1]);
  });

  test.each(["onComplete", "onError"] as const)("rule 2.3: in %s it calls neither request nor cancel", async (signal) => {
    const publisher = new HandPublisher<number>();
    await subscribe(publisher);
    const before = publisher.requests.length;
    publisher.next(...range(10));
    publisher.subscriber[signal](new Error("no more"));
    expect([publisher.requests.length, publisher.cancels]).toEqual([before, 0]);
  });

  test.each(["onComplete", "onError"] as const)("rule 2.4: after %s it calls neither request nor cancel", async (signal) => {
    const publisher = new HandPublisher<number>();
    const handled = await subscribe(publisher);
    publisher.next(...range(10));
    publisher.subscriber[signal](new Error("no more"));
    await settle();
    handled.leave();
    await settle();
    expect(handled.events).toEqual(range(10));
    expect([publisher.requests, publisher.cancels]).toEqual([[10], 0]);
  });

  test("rule 2.5: cancels a second subscription, and goes on with the first", async () => {
    const publisher = new HandPublisher<number>();
    const handled = await subscribe(publisher);
    const second = new HandPublisher<number>();
    publisher.subscriber.onSubscribe(second);
    await settle();
    expect([second.cancels, second.requests]).toEqual([1, []]);
    expect(publisher.cancels).toBe(0);
    publisher.next(1);
    await settle();
    expect(handled.events).toEqual([1]);
  });

  test("rule 2.5: returns normally when the cancel of a second subscription throws", async () => {
    const publisher = new HandPublisher<number>();
    const handled = await subscribe(publisher);
    const second: Subscription = {
      request: () => undefined,
      cancel() {
        throw new Error("cancel failed");
      },
    };
    expect(() => publisher.subscriber.onSubscribe(second)).not.toThrow();
    publisher.next(1);
    await settle();
    expect(handled.events).toEqual([1]);
  });

  test("rule 2.6: cancels once when it wants no more", async () => {
    const publisher = new HandPublisher<number>();
    const handled = await subscribe(publisher);
    publisher.next(1);
    await settle();
    handled.leave();
    await settle();
    expect(publisher.cancels).toBe(1);
    handled.leave();
    await settle();
    expect(publisher.cancels).toBe(1);
  });

  test("rule 2.6: cancels a subscription that comes when it wants no more", async () => {
    let onSubscribe = (): void => undefined;
    const publisher: HandPublisher<number> = new HandPublisher({ subscribes: (subscriber, subscription) => (onSubscribe = () => subscriber.onSubscribe(subscription)) });
    const handled = await subscribe(publisher);
    handled.leave();
    await settle();
    onSubscribe();
    expect([publisher.cancels, publisher.requests]).toEqual([1, []]);
  });

  test("rule 2.7: does not call request or cancel within request", async () => {
    let depth = 0;
    let deepest = 0;
    let next = 0;
    const publisher: HandPublisher<number> = new HandPublisher({
      handleRequest(demand, subscriber) {
        depth += 1;
        deepest = Math.max(deepest, depth);
        for (let sent = 0; sent < demand && next < 100; sent += 1) subscriber.onNext(next++);
        depth -= 1;
      },
    });
    const handled = await subscribe(publisher, 3);
    expect(handled.events).toEqual(range(100));
    expect(deepest).toBe(1);
  });

  test("rule 2.8: takes what crosses its cancel, and does nothing with it", async () => {
    const publisher = new HandPublisher<number>();
    const handled = await subscribe(publisher);
    publisher.next(1);
    await settle();
    handled.leave();
    await settle();
    const { length } = handled.reports;
    publisher.next(...range(20));
    publisher.subscriber.onComplete();
    await settle();
    expect(handled.events).toEqual([1]);
    expect(publisher.cancels).toBe(1);
    expect(handled.reports).toHaveLength(length);
  });

  test.each([true, false])("rule 2.9: ends at onComplete, with a request before it: %s", async (isRequested) => {
    let onSubscribe = (): void => undefined;
    const publisher: HandPublisher<number> = new HandPublisher({
      subscribes(subscriber, subscription) {
        if (isRequested) subscriber.onSubscribe(subscription);
        else onSubscribe = () => subscriber.onSubscribe(subscription);
      },
    });
    const handled = await subscribe(publisher);
    if (!isRequested) onSubscribe();
    publisher.subscriber.onComplete();
    await settle();
    expect(handled.end).toEqual({ type: "normal" });
  });

  test.each([true, false])("rule 2.10: ends at onError with the same object, with a subscription before it: %s", async (isSubscribed) => {
    const publisher: HandPublisher<number> = new HandPublisher({ subscribes: (subscriber, subscription) => isSubscribed && subscriber.onSubscribe(subscription) });
    const handled = await subscribe(publisher);
    const error = new Error("no more");
    publisher.subscriber.onError(error);
    await settle();
    expect(handled.end).toEqual({ type: "error", error });
    expect(handled.end?.type === "error" && handled.end.error).toBe(error);
  });

  test("rule 2.11: handles signals in the order in which they came, each in a later turn", async () => {
    const publisher = new HandPublisher<number>();
    const handled = await subscribe(publisher, 100);
    publisher.next(1, 2);
    await settle();
    publisher.next(3);
    publisher.subscriber.onError(new Error("behind it"));
    expect(handled.events).toEqual([1, 2]);
    await settle();
    expect(handled.events).toEqual([1, 2, 3]);
    expect(handled.end?.type).toBe("error");
  });

  test("rule 2.12: a subscription that was ended is not replaced by another", async () => {
    const publisher = new HandPublisher<number>();
    await subscribe(publisher);
    publisher.subscriber.onComplete();
    const second = new HandPublisher<number>();
    publisher.subscriber.onSubscribe(second);
    await settle();
    expect([second.cancels, second.requests]).toEqual([1, []]);
  });

  test.each([null, undefined])("rule 2.13: throws a TypeError to who signals %s, and goes on", async (nothing) => {
    const publisher = new HandPublisher<number>();
    const handled = await subscribe(publisher);
    const { subscriber } = publisher;
    for (const signal of [
      () => subscriber.onSubscribe(nothing as unknown as Subscription),
      () => subscriber.onNext(nothing as unknown as number),
      () => subscriber.onError(nothing),
    ]) {
      expect(signal).toThrow(TypeError);
      expect(signal).toThrow("rule 2.13");
    }
    publisher.next(1);
    await settle();
    expect([handled.events, handled.end, publisher.cancels]).toEqual([[1], undefined, 0]);
  });

  test("rule 2.13: throws a TypeError for a subscription that cannot be asked, as a function is", async () => {
    const publisher = new HandPublisher<number>();
    await subscribe(publisher);
    expect(() => publisher.subscriber.onSubscribe((() => undefined) as unknown as Subscription)).toThrow(TypeError);
  });

  test("rule 2.13: throws nothing else, whatever comes", async () => {
    const publisher = new HandPublisher<number>();
    const handled = await subscribe(publisher);
    handled.leave();
    await settle();
    const { subscriber } = publisher;
    for (const signal of [() => subscriber.onNext(1), () => subscriber.onComplete(), () => subscriber.onError(new Error("late")), () => subscriber.onSubscribe(new HandPublisher())]) {
      expect(signal).not.toThrow();
    }
  });

  describe("and a Publisher that breaks the rules:", () => {
    test("1.1, signals more than was requested: the events are handled, and as many fewer are requested", async () => {
      const publisher = new HandPublisher<number>();
      const handled = await subscribe(publisher, 10);
      publisher.next(...range(25));
      await settle();
      expect(handled.events).toEqual(range(25));
      // 10, then one for each event that was handled, but for the 15 too many.
      expect(publisher.requested).toBe(20);
    });

    test("1.7, signals after its end: only the first end counts", async () => {
      const publisher = new HandPublisher<number>();
      const handled = await subscribe(publisher);
      publisher.next(1);
      publisher.subscriber.onComplete();
      publisher.next(2);
      publisher.subscriber.onError(new Error("late"));
      publisher.subscriber.onComplete();
      await settle();
      expect([handled.events, handled.end]).toEqual([[1], { type: "normal" }]);
    });

    test("1.9, signals before onSubscribe: the events are handled", async () => {
      const publisher: HandPublisher<number> = new HandPublisher({
        subscribes(subscriber, subscription) {
          subscriber.onNext(0);
          subscriber.onSubscribe(subscription);
        },
      });
      const handled = await subscribe(publisher);
      publisher.next(1);
      publisher.subscriber.onComplete();
      await settle();
      expect([handled.events, handled.end]).toEqual([[0, 1], { type: "normal" }]);
    });

    test("3.15, throws from cancel: it has been cancelled all the same", async () => {
      const publisher = new HandPublisher<number>();
      let cancels = 0;
      publisher.cancel = () => {
        cancels += 1;
        throw new Error("cancel failed");
      };
      const handled = await subscribe(publisher);
      handled.leave();
      await settle();
      expect(cancels).toBe(1);
      expect(handled.end).toEqual({ type: "shutdown" });
    });

    test("3.16, throws from request: that is an error, and the subscription is cancelled", async () => {
      const error = new Error("request failed");
      const publisher: HandPublisher<number> = new HandPublisher({
        handleRequest() {
          throw error;
        },
      });
      const handled = await subscribe(publisher);
      expect(handled.end).toEqual({ type: "error", error });
      expect(publisher.cancels).toBe(1);
    });
  });
});
