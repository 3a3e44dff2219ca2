/** Sections 1 and 3 of the Reactive Streams specification: what `toPublisher` gives, for each dispatcher. */
import { describe, expect, test } from "vitest";
import { BadOptionError, SluiceError, StoppedError, broadcastDispatcher, fromIterable, producer, setReporter, type Producer, type PushProducer, type Report } from "sluice";
import { toPublisher, type Publisher, type Subscriber, type Subscription } from "sluice/reactive-streams";
import { settle } from "sluice/testing";
import { collect } from "../../core/support/collect.ts";
import { range } from "../../core/support/range.ts";
import { Uncaught } from "../../core/support/uncaught.ts";
import { DISPATCHERS, Listener, counter } from "../support/reactive-streams.ts";

const UNBOUNDED = Number.MAX_SAFE_INTEGER;

describe.each(DISPATCHERS)("a Publisher of a producer with a %s dispatcher", (_, dispatcher, options) => {
  const counting = (count?: number): { readonly stage: Producer<number>; readonly publisher: Publisher<number>; readonly demands: number[]; readonly made: () => number } => {
    const { stage, demands, made } = counter(count, dispatcher());
    return { stage, publisher: toPublisher(stage, options), demands, made };
  };
  /** A producer that a test drives. */
  const driven = (): { readonly stage: PushProducer<number>; readonly publisher: Publisher<number> } => {
    const stage = producer<number>({ name: "driven", dispatcher: dispatcher() });
    return { stage, publisher: toPublisher(stage, options) };
  };
  const listening = (publisher: Publisher<number>, listener: Listener<number> = new Listener()): Listener<number> => {
    publisher.subscribe(listener);
    return listener;
  };

  describe("section 1:", () => {
    test("rule 1.1: signals no more events than were requested, at any time", async () => {
      const { publisher } = counting();
      const ann = listening(publisher);
      await settle();
      expect(ann.events).toEqual([]);
      ann.request(1);
      await settle();
      expect(ann.events).toEqual([0]);
      ann.request(1);
      ann.request(2);
      await settle();
      expect(ann.events).toEqual(range(4));
    });

    test("rule 1.1: events that nobody requested wait, whoever emits them", async () => {
      const { stage, publisher } = driven();
      const ann = listening(publisher);
      stage.emit([1, 2, 3]);
      await settle();
      expect(ann.events).toEqual([]);
      ann.request(2);
      await settle();
      expect(ann.events).toEqual([1, 2]);
    });

    test("rule 1.2: may signal fewer than were requested, and end", async () => {
      const ann = listening(counting(3).publisher);
      ann.request(10);
      await settle();
      expect([ann.events, ann.ends]).toEqual([range(3), ["complete"]]);
    });

    test("rule 1.3: never signals within a signal, whatever is called in it", async () => {
      const { stage, publisher } = driven();
      const ann = listening(
        publisher,
        new Listener({
          onSubscribe(subscription) {
            stage.emit([1, 2, 3, 4]);
            subscription.request(2);
          },
          onNext(event, subscription) {
            subscription.request(1);
            if (event < 5) stage.emit([event * 10]);
            if (event === 40) stage.complete();
          },
        }),
      );
      await settle();
      expect(ann.deepest).toBe(1);
      expect(ann.events).toEqual([1, 2, 3, 4, 10, 20, 30, 40]);
      expect(ann.ends).toEqual(["complete"]);
    });

    test("rule 1.3: an error that is caused by a signal does not come within it", async () => {
      const ann = listening(counting().publisher, new Listener({ onNext: (_event, subscription) => subscription.request(0) }));
      ann.request(5);
      await settle();
      expect(ann.deepest).toBe(1);
      expect(ann.signals).toEqual(["onSubscribe", "onNext", "onError"]);
    });

    test("rule 1.3: an error that is caused by a signal in the middle of a list ends that list", async () => {
      const ann = listening(counting().publisher, new Listener({ onNext: (event, subscription) => event === 1 && subscription.request(0) }));
      ann.request(100);
      await settle();
      expect(ann.events).toEqual([0, 1]);
      expect(ann.ends).toEqual([expect.objectContaining({ message: expect.stringContaining("3.9") })]);
    });

    test("rule 1.4: signals onError when its producer fails, with the same object", async () => {
      const { stage, publisher } = driven();
      const ann = listening(publisher);
      const error = new Error("no more");
      stage.fail(error);
      await settle();
      expect(ann.ends).toEqual([error]);
      expect(ann.ends[0]).toBe(error);
    });

    test("rule 1.5: signals onComplete when its producer ends normally, without any request", async () => {
      const { stage, publisher } = driven();
      const ann = listening(publisher);
      stage.complete();
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onComplete"]);
    });

    test("rule 1.6: after onComplete the subscription is as good as cancelled", async () => {
      const ann = listening(counting(1).publisher);
      ann.request(1);
      await settle();
      expect(ann.ends).toEqual(["complete"]);
      ann.request(5);
      ann.request(0);
      ann.cancel();
      ann.cancel();
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onNext", "onComplete"]);
    });

    test("rule 1.6: in onError and onComplete it is so already", async () => {
      const { stage, publisher } = driven();
      const doings = { onError: () => ann.request(0), onComplete: () => ann.request(0) };
      const ann = listening(publisher, new Listener(doings));
      stage.complete();
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onComplete"]);
    });

    test("rule 1.7: after an error there is no signal, whatever the producer and the Subscriber do", async () => {
      const { stage, publisher } = driven();
      const ann = listening(publisher);
      ann.request(1);
      stage.emit([1]);
      stage.fail(new Error("first"));
      await settle();
      stage.fail(new Error("second"));
      stage.complete();
      void stage.stop();
      ann.request(5);
      ann.request(-1);
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onNext", "onError"]);
    });

    test("rule 1.7: after a bad request there is no signal but the error of it", async () => {
      const { stage, publisher } = driven();
      const ann = listening(publisher);
      ann.request(10);
      ann.request(0);
      ann.request(0);
      stage.emit([1, 2]);
      stage.complete();
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onError"]);
    });

    test("rule 1.8: after cancel no event, and not even the end, is signalled", async () => {
      const { stage, publisher } = driven();
      const ann = listening(publisher);
      ann.request(10);
      stage.emit([1, 2]);
      await settle();
      stage.emit([3]);
      stage.complete();
      ann.cancel();
      await settle();
      expect([ann.events, ann.ends]).toEqual([[1, 2], []]);
    });

    test("rule 1.8: a Subscriber that cancels in onNext does not get the rest of the list", async () => {
      const ann = listening(counting().publisher, new Listener({ onNext: (event, subscription) => event === 2 && subscription.cancel() }));
      ann.request(100);
      await settle();
      expect([ann.events, ann.ends]).toEqual([[0, 1, 2], []]);
    });

    test("rule 1.8: a cancel in the middle of a list is no failure of anybody", async () => {
      const reports: Report[] = [];
      const before = setReporter((report) => reports.push(report));
      try {
        const ann = listening(counting().publisher, new Listener({ onNext: (event, subscription) => event === 1 && subscription.cancel() }));
        ann.request(100);
        await settle();
        expect([ann.events, ann.ends, reports]).toEqual([[0, 1], [], []]);
      } finally {
        setReporter(before);
      }
    });

    test("rule 1.8: a Subscriber that cancels in onSubscribe gets nothing", async () => {
      const { publisher, made } = counting();
      const ann = listening(
        publisher,
        new Listener({
          onSubscribe(subscription) {
            subscription.request(5);
            subscription.cancel();
          },
        }),
      );
      await settle();
      expect(ann.signals).toEqual(["onSubscribe"]);
      expect(made()).toBe(0);
    });

    test.each([null, undefined])("rule 1.9: subscribe throws a TypeError for %s", (nothing) => {
      expect(() => counting().publisher.subscribe(nothing as unknown as Subscriber<number>)).toThrow(TypeError);
      expect(() => counting().publisher.subscribe(nothing as unknown as Subscriber<number>)).toThrow("rule 1.9");
    });

    test("rule 1.9: subscribe throws a TypeError for what has not all four functions", () => {
      expect(() => counting().publisher.subscribe({ onNext: () => undefined } as unknown as Subscriber<number>)).toThrow(TypeError);
    });

    test("rule 1.9: onSubscribe comes before subscribe returns, and before anything else", async () => {
      const { stage, publisher } = driven();
      stage.emit([1]);
      stage.complete();
      const ann = new Listener<number>({ onSubscribe: (subscription) => subscription.request(5) });
      publisher.subscribe(ann);
      expect(ann.signals).toEqual(["onSubscribe"]);
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onNext", "onComplete"]);
    });

    test("rule 1.9: a producer that has failed is an error behind onSubscribe", async () => {
      const { stage, publisher } = driven();
      const error = new Error("long ago");
      stage.fail(error);
      expect(await stage.closed).toEqual({ type: "error", error });
      const ann = listening(publisher);
      expect(ann.signals).toEqual(["onSubscribe"]);
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onError"]);
      expect(ann.ends[0]).toBe(error);
    });

    test("rule 1.9: subscribe returns normally when onSubscribe throws, which is raised and ends the subscription", async () => {
      using uncaught = new Uncaught();
      const { stage, publisher } = counting();
      const error = new Error("in onSubscribe");
      const ann = listening(
        publisher,
        new Listener({
          onSubscribe(subscription) {
            subscription.request(5);
            throw error;
          },
        }),
      );
      await settle();
      expect(ann.signals).toEqual(["onSubscribe"]);
      expect(uncaught.errors).toEqual([error]);
      expect(await stage.closed).toEqual({ type: "shutdown", reason: error });
    });

    test("rule 1.10: a Subscriber that has ended may subscribe again", async () => {
      const { publisher } = counting();
      const ann = listening(publisher);
      ann.cancel();
      publisher.subscribe(ann);
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onSubscribe"]);
    });

    test("rule 1.10: a Subscriber that has an active subscription loses it, with an error, when it subscribes again", async () => {
      const { publisher } = counting();
      const ann = listening(publisher);
      publisher.subscribe(ann);
      ann.request(3);
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onError"]);
      expect(ann.ends[0]).toBeInstanceOf(SluiceError);
      expect(ann.ends[0]).toMatchObject({ code: "SLUICE_ALREADY_SUBSCRIBED", message: expect.stringContaining("1.10") });
    });
  });

  describe("section 2, towards its Subscribers:", () => {
    test("rule 2.4: what a Subscriber says in onComplete or later has no effect", async () => {
      const { stage, publisher } = counting(2);
      const ann = listening(publisher, new Listener({ onComplete: () => ann.cancel() }));
      ann.request(5);
      await settle();
      ann.request(0);
      ann.request(5);
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onNext", "onNext", "onComplete"]);
      expect(await stage.closed).toEqual({ type: "normal" });
    });

    test("rule 2.12: onSubscribe is called once for a Subscriber", async () => {
      const { publisher } = counting();
      const ann = listening(publisher);
      publisher.subscribe(ann);
      publisher.subscribe(ann);
      await settle();
      expect(ann.signals.filter((signal) => signal === "onSubscribe")).toHaveLength(1);
      expect(ann.ends[0]).toMatchObject({ message: expect.stringContaining("2.12") });
    });

    test.each(["onNext", "onError", "onComplete"] as const)("rule 2.13: what a Subscriber throws from %s is raised once, with its identity, and it gets nothing more", async (signal) => {
      using uncaught = new Uncaught();
      const { stage, publisher } = driven();
      const error = new Error(`in ${signal}`);
      const ann = listening(
        publisher,
        new Listener({
          [signal]: () => {
            throw error;
          },
        }),
      );
      ann.request(5);
      stage.emit([1, 2]);
      if (signal === "onError") stage.fail(new Error("no more"));
      else stage.complete();
      await settle();
      await settle();
      expect(uncaught.errors).toEqual([error]);
      expect(uncaught.errors[0]).toBe(error);
      expect(ann.signals.filter((each) => each === signal)).toHaveLength(1);
      expect(ann.signals.at(-1)).toBe(signal);
    });

    test.each([null, undefined])("rule 2.13: %s cannot be signalled: behind the events before it comes a TypeError", async (nothing) => {
      const stage = producer<number | null | undefined>({ dispatcher: dispatcher() });
      const ann = new Listener<number | null | undefined>();
      toPublisher(stage, options).subscribe(ann);
      ann.request(10);
      stage.emit([1, 2, nothing, 3]);
      await settle();
      expect(ann.events).toEqual([1, 2]);
      expect(ann.ends).toHaveLength(1);
      expect(ann.ends[0]).toBeInstanceOf(TypeError);
      expect(ann.ends[0]).toMatchObject({ message: expect.stringContaining("2.13") });
    });

    test.each([null, undefined])("rule 2.13: an error end with %s is signalled as a TypeError", async (nothing) => {
      const { stage, publisher } = driven();
      const ann = listening(publisher);
      stage.fail(nothing);
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onError"]);
      expect(ann.ends[0]).toBeInstanceOf(TypeError);
    });
  });

  describe("section 3:", () => {
    test("rule 3.1: each Subscriber has a subscription of its own", () => {
      const { publisher } = driven();
      const subscriptions: Subscription[] = [];
      for (let times = 0; times < 2; times += 1) publisher.subscribe(new Listener({ onSubscribe: (subscription) => subscriptions.push(subscription) }));
      expect(new Set(subscriptions).size).toBe(2);
    });

    test("rule 3.2: request may be called from within onSubscribe and onNext", async () => {
      const ann = listening(
        counting(6).publisher,
        new Listener({
          onSubscribe(subscription) {
            subscription.request(1);
            subscription.request(1);
            subscription.request(1);
          },
          onNext: (_event, subscription) => subscription.request(1),
        }),
      );
      await settle();
      expect([ann.events, ann.ends]).toEqual([range(6), ["complete"]]);
    });

    test("rule 3.3: request and onNext do not recurse, whatever the number of events", async () => {
      const ann = listening(counting(20_000).publisher, new Listener({ onNext: (_event, subscription) => subscription.request(1) }));
      ann.request(1);
      await settle();
      expect(ann.events).toHaveLength(20_000);
      expect(ann.deepest).toBe(1);
    });

    test("rule 3.4: request runs no callback of the producer, and signals nothing, before it returns", async () => {
      const { publisher, made } = counting(100);
      const ann = listening(publisher);
      await settle();
      ann.request(UNBOUNDED);
      expect([made(), ann.events]).toEqual([0, []]);
      await settle();
      expect(made()).toBe(100);
    });

    test("rule 3.5: cancel runs no callback, and may be called again", async () => {
      const stops: unknown[] = [];
      const stage = producer<number>({ dispatcher: dispatcher(), handleDemand: () => [], handleStop: (reason) => void stops.push(reason) });
      const ann = listening(toPublisher(stage, options));
      ann.request(1);
      await settle();
      ann.cancel();
      ann.cancel();
      expect(stops).toEqual([]);
      await settle();
      expect(stops).toHaveLength(1);
    });

    test("rule 3.6: after cancel request does nothing, be it good or bad", async () => {
      const { publisher, made } = counting();
      const ann = listening(publisher);
      ann.cancel();
      for (const demand of [1, 1, 0, -1, NaN, UNBOUNDED]) ann.request(demand);
      await settle();
      expect(ann.signals).toEqual(["onSubscribe"]);
      expect(made()).toBe(0);
    });

    test("rule 3.7: after cancel another cancel does nothing", async () => {
      const { publisher } = counting();
      const ann = listening(publisher);
      for (let times = 0; times < 3; times += 1) ann.cancel();
      await settle();
      expect(ann.signals).toEqual(["onSubscribe"]);
    });

    test("rule 3.8: several requests of one turn add up", async () => {
      const { publisher, demands } = counting();
      const ann = listening(publisher);
      ann.request(1);
      ann.request(2);
      ann.request(3);
      await settle();
      expect(ann.events).toEqual(range(6));
      ann.request(4);
      ann.request(5);
      await settle();
      expect(ann.events).toEqual(range(15));
      expect(demands.reduce((sum, demand) => sum + demand, 0)).toBe(15);
    });

    test("rule 3.8: requests add to what is still open", async () => {
      const { stage, publisher } = driven();
      const ann = listening(publisher);
      ann.request(3);
      stage.emit([1]);
      await settle();
      ann.request(2);
      stage.emit(range(10, 2));
      await settle();
      expect(ann.events).toEqual(range(5, 1));
    });

    test.each([0, -1, -UNBOUNDED, NaN, 1.5, -Infinity, "1", 1n, null, undefined])("rule 3.9: a request of %s is an error that names the rule, and a cancel", async (demand) => {
      const { publisher, made } = counting();
      const ann = listening(publisher);
      ann.request(demand as number);
      await settle();
      expect(ann.signals).toEqual(["onSubscribe", "onError"]);
      expect(ann.ends[0]).toBeInstanceOf(BadOptionError);
      expect(ann.ends[0]).toMatchObject({ message: expect.stringContaining("rule 3.9") });
      ann.request(5);
      await settle();
      expect(made()).toBe(0);
    });

    test("rule 3.10: request may be answered by onNext, in a turn of its own", async () => {
      const ann = listening(counting().publisher);
      ann.request(1);
      expect(ann.events).toEqual([]);
      await settle();
      expect(ann.events).toEqual([0]);
    });

    test("rule 3.11: request may be answered by onComplete or onError, in a turn of its own", async () => {
      const ann = listening(toPublisher(fromIterable<number>([], { dispatcher: dispatcher() }), options));
      ann.request(1);
      expect(ann.ends).toEqual([]);
      await settle();
      expect(ann.ends).toEqual(["complete"]);
      const ben = listening(counting().publisher);
      ben.request(0);
      expect(ben.ends).toEqual([]);
      await settle();
      expect(ben.ends).toHaveLength(1);
    });

    test("rule 3.12: cancel reaches the producer, which is asked for nothing more", async () => {
      const { stage, publisher, made } = counting();
      let cancel = (): void => undefined;
      const ann = listening(publisher, new Listener({ onNext: (event) => event === 5_000 && setImmediate(cancel) }));
      cancel = () => ann.cancel();
      ann.request(UNBOUNDED);
      await settle();
      const before = made();
      await settle();
      expect(made()).toBe(before);
      expect(stage.snapshot().output?.consumers).toEqual([]);
    });

    test("rule 3.13: nobody remembers a Subscriber that has cancelled, nor who keeps its subscription", async () => {
      const { stage, publisher } = driven();
      const kept: Subscription[] = [];
      const comeAndGo = async (end: (ann: Listener<number>) => void): Promise<WeakRef<object>> => {
        const ann = listening(publisher);
        kept.push(ann.subscription);
        ann.request(1);
        stage.emit([1]);
        await settle();
        expect(ann.events).toEqual([1]);
        end(ann);
        return new WeakRef(ann);
      };
      const gone = [await comeAndGo((ann) => ann.cancel()), await comeAndGo((ann) => ann.request(0))];
      await settle();
      // An engine may hold for a while what the last turn held.
      for (let turns = 0; turns < 20 && gone.some((reference) => reference.deref() !== undefined); turns += 1) {
        await new Promise<void>((resolve) => setImmediate(resolve));
        collect();
      }
      expect(gone.map((reference) => reference.deref())).toEqual([undefined, undefined]);
      expect(kept).toHaveLength(2);
      await stage.stop();
    });

    test("rule 3.14: the last cancel stops the producer, and later Subscribers are told so", async () => {
      const { stage, publisher } = counting();
      const ann = listening(publisher);
      ann.request(1);
      await settle();
      ann.cancel();
      expect(await stage.closed).toEqual({ type: "shutdown" });
      const ben = listening(publisher);
      await settle();
      expect(ben.signals).toEqual(["onSubscribe", "onError"]);
      expect(ben.ends[0]).toBeInstanceOf(StoppedError);
    });

    test("rule 3.15: cancel returns normally, at any time", async () => {
      const { stage, publisher } = driven();
      const ann = listening(publisher);
      await stage.stop();
      await settle();
      expect(ann.cancel()).toBeUndefined();
    });

    test("rule 3.16: request returns normally, whatever the argument", () => {
      const ann = listening(counting().publisher);
      expect(ann.request(-1)).toBeUndefined();
      expect(ann.request(1)).toBeUndefined();
    });

    test.each([UNBOUNDED, 2 ** 53, 2 ** 63, Infinity])("rule 3.17: a request of %d is without bound", async (demand) => {
      const ann = listening(counting(5_000).publisher);
      ann.request(demand);
      ann.request(demand);
      await settle();
      expect(ann.events).toEqual(range(5_000));
      expect(ann.ends).toEqual(["complete"]);
    });

    test("rule 3.17: requests add up to a demand without bound, and stay there", async () => {
      const half = Math.floor(UNBOUNDED / 2);
      const ann = listening(counting(3_000).publisher, new Listener({ onNext: (event, subscription) => event < 10 && subscription.request(UNBOUNDED - 1) }));
      ann.request(half);
      ann.request(half);
      ann.request(1);
      await settle();
      expect(ann.events).toEqual(range(3_000));
      expect(ann.ends).toEqual(["complete"]);
    });

    test("rule 3.17: however much is requested, the producer is asked for a window at a time", async () => {
      const { publisher, demands } = counting(3_000);
      const ann = listening(publisher);
      ann.request(UNBOUNDED);
      await settle();
      expect(ann.events).toHaveLength(3_000);
      expect(Math.max(...demands)).toBeLessThanOrEqual(1_000);
    });
  });
});

describe("rule 1.11: several Subscribers of one Publisher", () => {
  test("share the events of a demand dispatcher: each gets what it requested, and none gets an event twice", async () => {
    const publisher = toPublisher(counter(30).stage);
    const [ann, ben] = [new Listener<number>(), new Listener<number>()];
    publisher.subscribe(ann);
    publisher.subscribe(ben);
    ann.request(10);
    await settle();
    expect([ann.events.length, ben.events.length]).toEqual([10, 0]);
    ben.request(20);
    await settle();
    expect([...ann.events, ...ben.events].toSorted((one, other) => one - other)).toEqual(range(30));
    expect([ann.ends, ben.ends]).toEqual([["complete"], ["complete"]]);
  });

  test("get every event of a broadcast alike, in the same order, requesting one by one", async () => {
    const { stage, made } = counter(5, broadcastDispatcher());
    const publisher = toPublisher(stage);
    const [ann, ben, cat] = [new Listener<number>(), new Listener<number>(), new Listener<number>()];
    for (const each of [ann, ben, cat]) publisher.subscribe(each);
    await settle();
    expect(made()).toBe(0);
    const steps: readonly (readonly [listener: Listener<number>, demand: number, has: number])[] = [
      [ann, 1, 1],
      [ben, 2, 2],
      [ann, 1, 2],
      [cat, 3, 3],
      [cat, 2, 5],
      [ben, 3, 5],
      [ann, 3, 5],
    ];
    for (const [listener, demand, has] of steps) {
      listener.request(demand);
      await settle();
      expect(listener.events).toEqual(range(has));
      // Nothing is made that none of them has requested.
      expect(made()).toBe(Math.max(ann.events.length, ben.events.length, cat.events.length));
    }
    for (const each of [ann, ben, cat]) expect(each.ends).toEqual(["complete"]);
  });

  test("get every event of a broadcast alike, requesting all of them", async () => {
    const publisher = toPublisher(counter(300, broadcastDispatcher()).stage);
    const listeners = [new Listener<number>(), new Listener<number>(), new Listener<number>()];
    for (const each of listeners) publisher.subscribe(each);
    for (const each of listeners) each.request(400);
    await settle();
    for (const each of listeners) expect([each.events, each.ends]).toEqual([range(300), ["complete"]]);
  });

  test("hold each other up in a broadcast when one of them is 16 events behind", async () => {
    const { stage, made } = counter(Infinity, broadcastDispatcher());
    const publisher = toPublisher(stage);
    const [ann, ben] = [new Listener<number>(), new Listener<number>()];
    publisher.subscribe(ann);
    publisher.subscribe(ben);
    ann.request(100);
    await settle();
    expect([ann.events.length, ben.events.length, made()]).toEqual([16, 0, 16]);
    ben.request(10);
    await settle();
    expect([ann.events.length, ben.events.length, made()]).toEqual([26, 10, 26]);
    ben.cancel();
    await settle();
    expect([ann.events.length, made()]).toEqual([100, 100]);
  });

  test("do not fetch what one of them has requested before it broke a rule", async () => {
    const { stage, made } = counter(Infinity, broadcastDispatcher());
    const publisher = toPublisher(stage);
    const [ann, ben] = [new Listener<number>(), new Listener<number>()];
    publisher.subscribe(ann);
    publisher.subscribe(ben);
    ann.request(100);
    ann.request(0);
    await settle();
    expect([ann.signals, ben.signals, made()]).toEqual([["onSubscribe", "onError"], ["onSubscribe"], 0]);
  });

  test("are all told of an error at once, be there events that they did not request or not", async () => {
    const stage = producer<number>({ dispatcher: broadcastDispatcher() });
    const publisher = toPublisher(stage);
    const [ann, ben] = [new Listener<number>(), new Listener<number>()];
    publisher.subscribe(ann);
    publisher.subscribe(ben);
    ann.request(2);
    await settle();
    const error = new Error("no more");
    stage.emit([1]);
    stage.fail(error);
    await settle();
    expect([ann.events, ann.ends]).toEqual([[1], [error]]);
    expect([ben.events, ben.ends]).toEqual([[], [error]]);
  });

  test("select what they want of a broadcast, and nobody waits for another's selection", async () => {
    const { stage } = counter(40, broadcastDispatcher());
    const [ann, ben] = [new Listener<number>(), new Listener<number>()];
    toPublisher(stage, { selector: (n: number) => n % 2 === 0 }).subscribe(ann);
    toPublisher(stage).subscribe(ben);
    ann.request(50);
    ben.request(50);
    await settle();
    expect(ann.events).toEqual(range(20).map((n) => 2 * n));
    expect(ben.events).toEqual(range(40));
    expect([ann.ends, ben.ends]).toEqual([["complete"], ["complete"]]);
  });
});
