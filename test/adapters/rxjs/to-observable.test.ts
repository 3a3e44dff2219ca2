import { getEventListeners } from "node:events";
import { EMPTY, Subject, bufferCount, firstValueFrom, from, lastValueFrom, map, merge, of, retry, repeat, take, throwError, toArray, type Observable } from "rxjs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, StoppedError, fromIterable, partitionDispatcher, producer, producerConsumer, type Producer, type PushProducer } from "sluice";
import { eager, paced, settled, toObservable, type NotifierLike, type ObserverLike, type ObserverSubscription } from "sluice/rxjs";
import { ProducerProbe, settle } from "sluice/testing";
import { deferred } from "../../core/support/deferred.ts";
import { range } from "../../core/support/range.ts";
import { Uncaught } from "../../core/support/uncaught.ts";

afterEach(() => vi.useRealTimers());

/** An observer that writes down what it is told. */
class Notes<Event> implements ObserverLike<Event> {
  readonly events: Event[] = [];
  readonly ends: unknown[] = [];

  next(event: Event): void {
    this.events.push(event);
  }

  error(error: unknown): void {
    this.ends.push({ error });
  }

  complete(): void {
    this.ends.push("complete");
  }
}

/** A producer that counts what it made. */
function counter(count = Infinity): { readonly stage: Producer<number>; readonly made: () => number } {
  let next = 0;
  const stage = producer<number>({
    name: "counter",
    handleDemand(demand, self) {
      const list = range(Math.min(demand, count - next), next);
      next += list.length;
      if (next === count) self.complete();
      return list;
    },
  });
  return { stage, made: () => next };
}

describe("an observer", () => {
  test("gets all events in order, then complete", async () => {
    const notes = new Notes<number>();
    toObservable(fromIterable(range(2500))).subscribe(notes);
    await settle();
    expect(notes.events).toEqual(range(2500));
    expect(notes.ends).toEqual(["complete"]);
  });

  test("gets 100,000 events", async () => {
    let sum = 0;
    const done = deferred();
    toObservable(counter(100_000).stage).subscribe({ next: (n) => (sum += n), complete: () => done.resolve() });
    await done.promise;
    expect(sum).toBe((100_000 * 99_999) / 2);
  });

  test("may be a function", async () => {
    const events: number[] = [];
    toObservable(fromIterable([1, 2])).subscribe((event) => events.push(event));
    await settle();
    expect(events).toEqual([1, 2]);
  });

  test("may leave out any function", async () => {
    const ends: string[] = [];
    toObservable(fromIterable([1, 2])).subscribe({ complete: () => ends.push("complete") });
    toObservable(fromIterable([1, 2])).subscribe({});
    await settle();
    expect(ends).toEqual(["complete"]);
  });

  test("is called with itself as this", async () => {
    const notes = new Notes<number>();
    toObservable(fromIterable([1])).subscribe(notes);
    await settle();
    expect(notes.events).toEqual([1]);
  });

  test("gets nothing before subscribe has returned", async () => {
    const notes = new Notes<number>();
    toObservable(fromIterable([1])).subscribe(notes);
    expect(notes.events).toEqual([]);
    await settle();
    expect(notes.events).toEqual([1]);
  });

  test("gets every value unchanged", async () => {
    const promise = Promise.reject(new Error("an event like any other"));
    promise.catch(() => undefined);
    const values = [undefined, null, NaN, 0, "", false, { done: true }, promise, [1, 2]];
    const notes = new Notes<unknown>();
    toObservable(fromIterable<unknown>(values)).subscribe(notes);
    await settle();
    expect(notes.events).toHaveLength(values.length);
    for (const [index, value] of values.entries()) expect(Object.is(notes.events[index], value)).toBe(true);
  });

  test("is one more consumer: the dispatcher decides who gets what", async () => {
    const { stage } = counter(100);
    const [ann, bob] = [new Notes<number>(), new Notes<number>()];
    const observable = toObservable(stage, { maxDemand: 10 });
    observable.subscribe(ann);
    observable.subscribe(bob);
    await settle();
    expect([...ann.events, ...bob.events].toSorted((a, b) => a - b)).toEqual(range(100));
    expect(ann.events.length).toBeGreaterThan(0);
    expect(bob.events.length).toBeGreaterThan(0);
    expect([ann.ends, bob.ends]).toEqual([["complete"], ["complete"]]);
  });
});

test("an observer tells the dispatcher what it wants", async () => {
  const source = producer<number>({ dispatcher: partitionDispatcher({ partitions: 2, hash: (n) => n % 2 }) });
  const [even, odd] = [new Notes<number>(), new Notes<number>()];
  toObservable(source, { partition: 0 }).subscribe(even);
  toObservable(source, { partition: 1, maxDemand: 2 }).subscribe(odd);
  source.emit(range(6));
  source.complete();
  await settle();
  expect([even.events, odd.events]).toEqual([
    [0, 2, 4],
    [1, 3, 5],
  ]);
});

describe("the end", () => {
  test("of a failed producer is its error, after the events before it", async () => {
    const boom = new Error("boom");
    const notes = new Notes<number>();
    const source = producer<number>();
    toObservable(source).subscribe(notes);
    source.emit([1, 2]);
    source.fail(boom);
    await settle();
    expect(notes.events).toEqual([1, 2]);
    expect(notes.ends).toEqual([{ error: boom }]);
    expect((notes.ends[0] as { error: unknown }).error).toBe(boom);
  });

  test.each([[undefined], [null], ["a string"], [Object.freeze({ code: 1 })]])("may be any error: %s", async (reason) => {
    const notes = new Notes<number>();
    const source = producer<number>();
    toObservable(source).subscribe(notes);
    source.fail(reason);
    await settle();
    expect(notes.ends).toEqual([{ error: reason }]);
  });

  test("of a stopped producer is a StoppedError, never complete", async () => {
    const notes = new Notes<number>();
    const source = producer<number>({ name: "source" });
    toObservable(source).subscribe(notes);
    await settle();
    await source.stop("enough");
    await settle();
    expect(notes.ends).toHaveLength(1);
    const { error } = notes.ends[0] as { error: unknown };
    expect(error).toBeInstanceOf(StoppedError);
    expect(error).toMatchObject({ message: "source was stopped before its normal end", cause: "enough" });
  });

  test("is told to those who come after it", async () => {
    const boom = new Error("boom");
    const source = producer<number>();
    const [first, late] = [new Notes<number>(), new Notes<number>()];
    toObservable(source).subscribe(first);
    source.fail(boom);
    await settle();
    toObservable(source).subscribe(late);
    await settle();
    expect(late.ends).toEqual([{ error: boom }]);
  });

  test("closes the subscription", async () => {
    const subscription = toObservable(fromIterable([1])).subscribe(() => undefined);
    expect(subscription.closed).toBe(false);
    await settle();
    expect(subscription.closed).toBe(true);
  });

  test("with an error that finds no error function is an uncaught exception, with its identity", async () => {
    using uncaught = new Uncaught();
    const boom = new Error("boom");
    const source = producer<number>();
    toObservable(source).subscribe(() => undefined);
    source.fail(boom);
    await settle();
    expect(uncaught.errors).toEqual([boom]);
    expect(uncaught.errors[0]).toBe(boom);
  });

  test("by a stop that finds no error function is no exception: somebody wanted it", async () => {
    const source = producer<number>();
    toObservable(source).subscribe(() => undefined);
    await settle();
    await source.stop();
    await settle();
  });
});

describe("an observer that throws", () => {
  const boom = new Error("boom");

  test("in next gets nothing more, cancels with its error, and is an uncaught exception", async () => {
    using uncaught = new Uncaught();
    const probe = new ProducerProbe<number>();
    const seen: number[] = [];
    const ends: unknown[] = [];
    const stage = producerConsumer<number, number>({ handleEvents: (events) => events });
    stage.subscribe(probe.producer);
    const subscription = toObservable(stage).subscribe({
      next(event) {
        seen.push(event);
        if (event === 2) throw boom;
      },
      error: (error) => ends.push(error),
      complete: () => ends.push("complete"),
    });
    await settle();
    await probe.emit(1, 2, 3);
    await probe.emit(4);
    expect(seen).toEqual([1, 2]);
    expect(ends).toEqual([]);
    expect(uncaught.errors).toEqual([boom]);
    expect(subscription.closed).toBe(true);
    expect(probe.cancels).toHaveLength(1);
    expect(await stage.closed).toEqual({ type: "shutdown", reason: boom });
  });

  test("does not disturb the other observers", async () => {
    using uncaught = new Uncaught();
    const notes = new Notes<number>();
    const observable = toObservable(counter(100).stage, { maxDemand: 4 });
    observable.subscribe(() => {
      throw boom;
    });
    observable.subscribe(notes);
    await settle();
    expect(uncaught.errors).toEqual([boom]);
    expect(notes.ends).toEqual(["complete"]);
    expect(notes.events.length).toBeGreaterThan(90);
  });

  test.each<[string, (source: PushProducer<number>) => void]>([
    ["complete", (source) => source.complete()],
    ["error", (source) => source.fail(new Error("told"))],
  ])("in %s is an uncaught exception", async (_which, end) => {
    using uncaught = new Uncaught();
    const source = producer<number>();
    const fail = (): never => {
      throw boom;
    };
    toObservable(source).subscribe({ error: fail, complete: fail });
    end(source);
    await settle();
    expect(uncaught.errors).toEqual([boom]);
  });
});

describe("unsubscribe", () => {
  test("ends the subscription: nothing comes after it, and what is unused stops", async () => {
    const { stage, made } = counter();
    const notes = new Notes<number>();
    const subscription = toObservable(stage, { maxDemand: 10 }).subscribe(notes);
    await firstValueFrom(from(toObservable(stage)).pipe(take(1)));
    subscription.unsubscribe();
    const { length } = notes.events;
    const before = made();
    await settle();
    expect(notes.events).toHaveLength(length);
    expect(notes.ends).toEqual([]);
    expect(made()).toBeLessThanOrEqual(before + 1000);
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
  });

  test("within next ends the list that is being handed over", async () => {
    const notes = new Notes<number>();
    const subscription: ObserverSubscription = toObservable(fromIterable(range(100))).subscribe((event) => {
      notes.next(event);
      if (event === 2) subscription.unsubscribe();
    });
    await settle();
    expect(notes.events).toEqual([0, 1, 2]);
    expect(subscription.closed).toBe(true);
  });

  test("before anything came pulls nothing, and releases the source", async () => {
    const { stage, made } = counter();
    toObservable(stage)
      .subscribe(() => expect.fail("was called"))
      .unsubscribe();
    await settle();
    expect(made()).toBe(0);
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
  });

  test("twice, or after the end, does nothing", async () => {
    const notes = new Notes<number>();
    const subscription = toObservable(fromIterable([1])).subscribe(notes);
    await settle();
    subscription.unsubscribe();
    subscription.unsubscribe();
    await settle();
    expect(notes.ends).toEqual(["complete"]);
  });

  test("by an abort does the same, and leaves no listener", async () => {
    const controller = new AbortController();
    const notes = new Notes<number>();
    const source = producer<number>();
    const subscription = toObservable(source).subscribe(notes, { signal: controller.signal });
    source.emit([1]);
    await settle();
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    controller.abort(new Error("enough"));
    source.emit([2]);
    await settle();
    expect(notes.events).toEqual([1]);
    expect(notes.ends).toEqual([]);
    expect(subscription.closed).toBe(true);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  test("by an abort before it began starts nothing", async () => {
    const { stage, made } = counter();
    const subscription = toObservable(stage).subscribe(() => expect.fail("was called"), { signal: AbortSignal.abort() });
    await settle();
    expect(subscription.closed).toBe(true);
    expect(made()).toBe(0);
    expect(stage.snapshot().state).toBe("running");
    subscription.unsubscribe();
  });

  test("leaves no listener on a signal after 1,000 runs", async () => {
    const { signal } = new AbortController();
    for (let run = 0; run < 1000; run += 1) {
      const done = deferred();
      toObservable(fromIterable([1])).subscribe({ complete: () => done.resolve() }, { signal });
      await done.promise;
    }
    await settle();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("eager", () => {
  test("asks by the window, and again when next has returned for a list", async () => {
    const { stage, made } = counter();
    let greatest = 0;
    let seen = 0;
    const done = deferred();
    const subscription = toObservable(stage, { pace: eager, maxDemand: 10, minDemand: 5 }).subscribe(() => {
      greatest = Math.max(greatest, made() - seen);
      seen += 1;
      if (seen === 1000) done.resolve();
    });
    await done.promise;
    subscription.unsubscribe();
    expect(greatest).toBeLessThanOrEqual(10);
  });

  test("lets timers run while an endless producer is observed", async () => {
    const { stage } = counter();
    const done = deferred();
    const subscription = toObservable(stage).subscribe(() => undefined);
    setTimeout(() => done.resolve(), 1);
    await done.promise;
    subscription.unsubscribe();
  });
});

describe("settled", () => {
  test("waits for the promise of next, one event at a time", async () => {
    const { stage, made } = counter();
    const gates = range(3).map(() => deferred());
    const seen: number[] = [];
    const subscription = toObservable(stage, { pace: settled }).subscribe(async (event) => {
      seen.push(event);
      await gates[event]?.promise;
    });
    await settle();
    expect(seen).toEqual([0]);
    expect(made()).toBe(1);
    gates[0]?.resolve();
    await settle();
    expect(seen).toEqual([0, 1]);
    expect(made()).toBe(2);
    subscription.unsubscribe();
  });

  test("goes through a list in order, with a window", async () => {
    const seen: number[] = [];
    const done = deferred();
    toObservable(fromIterable(range(20)), { pace: settled, maxDemand: 8 }).subscribe({
      async next(event) {
        if (event % 3 === 0) await Promise.resolve();
        seen.push(event);
      },
      complete: () => done.resolve(),
    });
    await done.promise;
    expect(seen).toEqual(range(20));
  });

  test("takes a next without a promise at once", async () => {
    const notes = new Notes<number>();
    toObservable(fromIterable(range(10)), { pace: settled }).subscribe(notes);
    await settle();
    expect(notes.events).toEqual(range(10));
    expect(notes.ends).toEqual(["complete"]);
  });

  test("takes a rejection as a throw", async () => {
    using uncaught = new Uncaught();
    const boom = new Error("boom");
    const seen: number[] = [];
    const { stage } = counter();
    toObservable(stage, { pace: settled }).subscribe((event) => {
      seen.push(event);
      return event === 1 ? Promise.reject(boom) : undefined;
    });
    await settle();
    expect(seen).toEqual([0, 1]);
    expect(uncaught.errors).toEqual([boom]);
    expect(await stage.closed).toMatchObject({ type: "shutdown", reason: boom });
  });

  test("does not wait for a promise when it is left, and throws its late rejection", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    using uncaught = new Uncaught();
    const boom = new Error("boom");
    const gate = deferred();
    const { stage } = counter();
    const subscription = toObservable(stage, { pace: settled }).subscribe(() => gate.promise);
    await settle();
    subscription.unsubscribe();
    await settle();
    expect(stage.snapshot().state).toBe("ended");
    expect(vi.getTimerCount()).toBe(0);
    gate.reject(boom);
    await settle();
    expect(uncaught.errors).toEqual([boom]);
  });
});

describe("paced", () => {
  test("asks for so many at each notification", async () => {
    const ticks = new Subject<void>();
    const { stage, made } = counter();
    const notes = new Notes<number>();
    const subscription = toObservable(stage, { pace: paced(ticks, 2) }).subscribe(notes);
    await settle();
    expect(made()).toBe(0);
    ticks.next();
    await settle();
    expect(notes.events).toEqual([0, 1]);
    ticks.next();
    ticks.next();
    await settle();
    expect(notes.events).toEqual(range(6));
    expect(made()).toBe(6);
    subscription.unsubscribe();
    await settle();
    expect(ticks.observed).toBe(false);
  });

  test("takes notifications that come while it subscribes", async () => {
    const notes = new Notes<number>();
    toObservable(fromIterable(range(10)), { pace: paced(of(1, 2, 3)) }).subscribe(notes);
    await settle();
    expect(notes.events).toEqual([0, 1, 2]);
  });

  test("completes without demand when the producer ends", async () => {
    const notes = new Notes<number>();
    const source = producer<number>();
    toObservable(source, { pace: paced(EMPTY) }).subscribe(notes);
    source.complete();
    await settle();
    expect(notes.ends).toEqual(["complete"]);
  });

  test("tells the observer of an error of the notifier, and leaves the producer", async () => {
    const boom = new Error("boom");
    const notes = new Notes<number>();
    const { stage } = counter();
    toObservable(stage, { pace: paced(merge(of(1), throwError(() => boom))) }).subscribe(notes);
    await settle();
    expect(notes.ends).toEqual([{ error: boom }]);
    expect(await stage.closed).toMatchObject({ type: "shutdown", reason: boom });
  });

  test("tells the observer of a notifier that cannot be subscribed to", async () => {
    const boom = new Error("boom");
    const notes = new Notes<number>();
    const { stage } = counter();
    const notifier: NotifierLike = {
      subscribe: () => {
        throw boom;
      },
    };
    toObservable(stage, { pace: paced(notifier) }).subscribe(notes);
    expect(notes.ends).toEqual([{ error: boom }]);
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
  });

  test("leaves the notifier at the end", async () => {
    const ticks = new Subject<void>();
    toObservable(fromIterable<number>([]), { pace: paced(ticks) }).subscribe(() => undefined);
    expect(ticks.observed).toBe(true);
    await settle();
    ticks.next();
    await settle();
    expect(ticks.observed).toBe(false);
  });
});

describe("a function as the source", () => {
  test("makes a producer for each observer", async () => {
    let made = 0;
    const cold = toObservable(() => {
      made += 1;
      return fromIterable([made, made]);
    });
    expect(made).toBe(0);
    const [ann, bob] = [new Notes<number>(), new Notes<number>()];
    cold.subscribe(ann);
    cold.subscribe(bob);
    await settle();
    expect([ann.events, bob.events]).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  test("has its producer stopped when the observer leaves, even one that waits when it is unused", async () => {
    const source = producer<number>({ whenUnused: "wait" });
    const subscription = toObservable(() => source).subscribe(() => undefined);
    await settle();
    subscription.unsubscribe();
    expect(await source.closed).toMatchObject({ type: "shutdown" });
  });

  test("that throws is an error for the observer", async () => {
    const boom = new Error("boom");
    const notes = new Notes<number>();
    const subscription = toObservable<number>(() => {
      throw boom;
    }).subscribe(notes);
    expect(notes.ends).toEqual([{ error: boom }]);
    expect(subscription.closed).toBe(true);
  });

  test("that throws for an observer without error is an uncaught exception", async () => {
    using uncaught = new Uncaught();
    const boom = new Error("boom");
    toObservable<number>(() => {
      throw boom;
    }).subscribe(() => undefined);
    await settle();
    expect(uncaught.errors).toEqual([boom]);
  });

  test("is what retry and repeat need", async () => {
    let attempts = 0;
    const cold = toObservable(() =>
      fromIterable(
        (function* (): Generator<number> {
          attempts += 1;
          yield attempts;
          if (attempts < 3) throw new Error(`attempt ${attempts}`);
        })(),
      ),
    );
    expect(await lastValueFrom(from(cold).pipe(retry(5), repeat(2), toArray()))).toEqual([1, 2, 3, 4]);
  });
});

test("a producer that was made for an observer with bad options is stopped", async () => {
  const notes = new Notes<number>();
  const { stage } = counter();
  toObservable(() => stage, { partition: 3 }).subscribe(notes);
  expect(notes.ends).toEqual([{ error: expect.any(BadOptionError) as unknown }]);
  expect(await stage.closed).toMatchObject({ type: "shutdown" });
});

describe("RxJS", () => {
  test("takes it with from, and its operators run", async () => {
    const observable: Observable<number> = from(toObservable(fromIterable(range(10))));
    expect(await lastValueFrom(observable.pipe(map((n) => n * 2), bufferCount(5), toArray()))).toEqual([range(5).map((n) => n * 2), range(5, 5).map((n) => n * 2)]);
  });

  test("that has enough leaves the producer", async () => {
    const { stage, made } = counter();
    expect(await lastValueFrom(from(toObservable(stage, { maxDemand: 10 })).pipe(take(3), toArray()))).toEqual([0, 1, 2]);
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
    expect(made()).toBe(10);
  });

  test("gets the error of the producer", async () => {
    const boom = new Error("boom");
    const source = producer<number>();
    const result = lastValueFrom(from(toObservable(source)));
    source.fail(boom);
    await expect(result).rejects.toBe(boom);
  });

  test("whose operator fails leaves the producer", async () => {
    const boom = new Error("boom");
    const { stage } = counter();
    const failing = from(toObservable(stage)).pipe(
      map((n) => {
        if (n === 3) throw boom;
        return n;
      }),
    );
    await expect(lastValueFrom(failing)).rejects.toBe(boom);
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
  });

  test("finds it by Symbol.observable where there is one", async () => {
    const symbol = Symbol("observable");
    Object.defineProperty(Symbol, "observable", { value: symbol, configurable: true });
    const observable = toObservable(fromIterable([1]));
    expect(observable[Symbol.observable]()).toBe(observable);
    Reflect.deleteProperty(Symbol, "observable");
  });
});

describe("options", () => {
  test.each<[string, object]>([
    ["the options of toObservable", { demand: 3 }],
    ["pace", { pace: "eager" }],
    ["maxDemand", { maxDemand: 0 }],
    ["minDemand", { maxDemand: 10, minDemand: 10 }],
  ])("refuses a bad %s", (option, options) => {
    const { stage } = counter();
    expect(() => toObservable(stage, options)).toThrow(expect.objectContaining({ option }));
  });

  test.each<[string, () => unknown]>([
    ["expected the source of toObservable to be a producer, or a function that makes one, got: 3", () => toObservable(3 as never)],
    ["expected the source of toObservable to be a producer, or a function that makes one, got: null", () => toObservable(null as never)],
    ["expected the observer to be an object or a function, got: null", () => toObservable(fromIterable([1])).subscribe(null as never)],
    ["expected the observer to be an object or a function, got: 3", () => toObservable(fromIterable([1])).subscribe(3 as never)],
    ["expected the notifier of paced to be an Observable, got: an object", () => paced({} as never)],
    ["expected the notifier of paced to be an Observable, got: null", () => paced(null as never)],
    ["expected the count of paced to be an integer of at least 1, got: 0", () => paced(new Subject(), 0)],
    ["expected the count of paced to be an integer of at least 1, got: 1.5", () => paced(new Subject(), 1.5)],
    ["expected the options of toObservable to be among pace, maxDemand, minDemand, onCrash, maxRedeliveries, got: \"cancel\"", () => toObservable(fromIterable([1]), { cancel: "temporary" } as never)],
    ["expected the options of toObservable to be a plain object, got: 3", () => toObservable(fromIterable([1]), 3 as never)],
    ["expected pace to be eager, settled, or what paced() returns, got: \"eager\"", () => toObservable(fromIterable([1]), { pace: "eager" as never })],
    ["expected maxDemand to be an integer of at least 1, got: 0", () => toObservable(fromIterable([1]), { maxDemand: 0 })],
    ["expected minDemand to be an integer from 0 to 9, got: 10", () => toObservable(fromIterable([1]), { maxDemand: 10, minDemand: 10 })],
    ["expected minDemand to be an integer from 0 to 999, got: -1", () => toObservable(fromIterable([1]), { minDemand: -1 })],
    ["expected minDemand to be an integer from 0 to 999, got: 0.5", () => toObservable(fromIterable([1]), { minDemand: 0.5 })],
    ["expected minDemand to be an integer from 0 to 0, got: 1", () => toObservable(fromIterable([1]), { pace: settled, minDemand: 1 })],
  ])("says what is wrong: %s", (message, act) => {
    expect(act).toThrow(BadOptionError);
    expect(act).toThrow(expect.objectContaining({ message }));
  });

  test("tells the observer when a function makes no producer", () => {
    const notes = new Notes<number>();
    toObservable(() => ({}) as Producer<number>).subscribe(notes);
    expect(notes.ends).toEqual([{ error: expect.any(BadOptionError) as unknown }]);
  });
});

test("thirty observers on one signal are one listener on it, and leave none", async () => {
  const leaving = new AbortController();
  const { stage } = counter();
  const observers = range(30).map(() => toObservable(stage).subscribe({}, { signal: leaving.signal }));
  expect(getEventListeners(leaving.signal, "abort").length).toBe(1);
  leaving.abort();
  expect(observers.every(({ closed }) => closed)).toBe(true);
  await stage.closed;
  expect(getEventListeners(leaving.signal, "abort")).toEqual([]);
});

test("an eager observer asks for 1,000, a settled one for 1, where nothing else is said", async () => {
  const [first, second] = [new ProducerProbe<number>(), new ProducerProbe<number>()];
  const left = [toObservable(first.producer as Producer<number>).subscribe({}), toObservable(second.producer as Producer<number>, { pace: settled }).subscribe({})];
  await settle();
  expect([first.asks, second.asks]).toEqual([[1000], [1]]);
  for (const each of left) each.unsubscribe();
});

test("an eager observer is not waited for, whatever its next returns", async () => {
  const events: number[] = [];
  const never = new Promise<never>(() => undefined);
  toObservable(fromIterable(range(3))).subscribe((n) => (events.push(n), never));
  await settle();
  expect(events).toEqual(range(3));
});

test("a settled observer may leave out next", async () => {
  const ends: string[] = [];
  toObservable(fromIterable(range(3)), { pace: settled }).subscribe({ complete: () => ends.push("complete") });
  await settle();
  expect(ends).toEqual(["complete"]);
});

test("a settled observer whose next throws gets nothing more, and that is an uncaught exception", async () => {
  using uncaught = new Uncaught();
  const boom = new Error("boom");
  const told: unknown[] = [];
  const next = (n: number): never => {
    told.push(n);
    throw boom;
  };
  toObservable(fromIterable(range(3)), { pace: settled }).subscribe({ next, error: (error) => told.push(error), complete: () => told.push("complete") });
  await settle();
  expect([told, uncaught.errors]).toEqual([[0], [boom]]);
});

test("an observer that has left does not hear of an error of its notifier", async () => {
  const notes = new Notes<number>();
  let fail: ((error: unknown) => void) | undefined;
  const notifier: NotifierLike = {
    subscribe(observer) {
      fail = (error) => observer.error(error);
      return { unsubscribe: () => undefined };
    },
  };
  toObservable(counter().stage, { pace: paced(notifier) }).subscribe(notes).unsubscribe();
  fail?.(new Error("late"));
  await settle();
  expect(notes.ends).toEqual([]);
});

test("a producer that was made for an observer stops with the reason of the abort", async () => {
  const leaving = new AbortController();
  const reason = new Error("enough");
  const { stage } = counter();
  toObservable(() => stage).subscribe({}, { signal: leaving.signal });
  leaving.abort(reason);
  expect(await stage.closed).toEqual({ type: "shutdown", reason });
});

test("what error throws, when a function makes no producer, is an uncaught exception", async () => {
  using uncaught = new Uncaught();
  const [boom, late] = [new Error("boom"), new Error("late")];
  const throwing = (error: unknown) => (): never => {
    throw error;
  };
  toObservable(throwing(boom)).subscribe({ error: throwing(late) });
  await settle();
  expect(uncaught.errors).toEqual([late]);
});
