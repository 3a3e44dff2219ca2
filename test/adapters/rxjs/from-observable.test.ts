import { Observable, Subject, concat, from, interval, of, range as rxRange, throwError, timer } from "rxjs";
import { Observable as Observable8, of as of8 } from "rxjs8";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import { BadOptionError, consumer, type Producer, type Report } from "sluice";
import { dropOldest, fromObservable, latest, toObservable, unbounded, type ObservableLike } from "sluice/rxjs";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";

afterEach(() => vi.useRealTimers());

async function all<Event>(stage: AsyncIterable<Event>): Promise<{ events: Event[]; error?: unknown }> {
  const events: Event[] = [];
  try {
    for await (const event of stage) events.push(event);
    return { events };
  } catch (error) {
    return { events, error };
  }
}

/** The shape of the native Observable: `subscribe` returns nothing, a signal ends it. */
function native<Event>(start: (observer: { next(event: Event): void; error(error: unknown): void; complete(): void }, signal: AbortSignal) => void): ObservableLike<Event> & { readonly aborts: unknown[] } {
  const aborts: unknown[] = [];
  return {
    aborts,
    subscribe(observer, options) {
      const signal = options?.signal ?? expect.fail("it is given a signal");
      signal.addEventListener("abort", () => aborts.push(signal.reason), { once: true });
      start(observer, signal);
    },
  };
}

describe.each([
  ["RxJS 7", { Observable, of }],
  ["RxJS 8", { Observable: Observable8 as unknown as typeof Observable, of: of8 as unknown as typeof of }],
])("an Observable of %s", (_, rx) => {
  test("that emits at once gives all its events, in order, then ends normally", async () => {
    const stage = fromObservable(rx.of(1, 2, 3), { overflow: unbounded });
    expect(await all(stage)).toEqual({ events: [1, 2, 3] });
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("is subscribed to at the first demand, once, and left once when the loop breaks", async () => {
    let subscribed = 0;
    let left = 0;
    const stage = fromObservable(
      new rx.Observable<number>((subscriber) => {
        subscribed += 1;
        subscriber.next(1);
        subscriber.next(2);
        return () => void (left += 1);
      }),
      { overflow: unbounded },
    );
    await settle();
    expect(subscribed).toBe(0);
    for await (const event of stage) {
      expect(event).toBe(1);
      break;
    }
    expect([subscribed, left]).toEqual([1, 1]);
    expect((await stage.closed).type).toBe("shutdown");
  });

  test("that fails gives what came before, then the same error", async () => {
    const broken = new Error("broken");
    const stage = fromObservable(
      new rx.Observable<number>((subscriber) => {
        subscriber.next(1);
        subscriber.error(broken);
      }),
      { overflow: unbounded },
    );
    const { events, error } = await all(stage);
    expect(events).toEqual([1]);
    expect(error).toBe(broken);
  });

  test("comes back as the same from a stage", async () => {
    const got: number[] = [];
    const stage = fromObservable(rx.of(1, 2, 3), { overflow: unbounded });
    await new Promise<void>((resolve, reject) => {
      toObservable(stage).subscribe({ next: (event) => got.push(event), error: reject, complete: resolve });
    });
    expect(got).toEqual([1, 2, 3]);
  });
});

describe("an Observable", () => {
  test("of another kind is found by Symbol.observable, or by its string", async () => {
    const inner = of(1, 2);
    const interop = { "@@observable": () => inner } as unknown as ObservableLike<number>;
    expect(await all(fromObservable(interop, { overflow: unbounded }))).toEqual({ events: [1, 2] });
  });

  test("of the native kind is ended by the signal, with the reason of the stop", async () => {
    const source = native<number>((observer) => observer.next(1));
    const stage = fromObservable(source, { overflow: latest });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    expect(probe.events).toEqual([1]);
    await stage.stop("enough");
    expect(source.aborts).toEqual(["enough"]);
  });

  test("whose subscribe throws fails the stage with that error", async () => {
    const broken = new Error("broken");
    const source = native<number>(() => {
      throw broken;
    });
    expect((await all(fromObservable(source, { overflow: latest }))).error).toBe(broken);
  });

  test("whose clean-up throws after a normal end fails it with that error", async () => {
    const broken = new Error("no clean-up");
    const source: ObservableLike<number> = {
      subscribe(observer) {
        observer.complete();
        return {
          unsubscribe() {
            throw broken;
          },
        };
      },
    };
    expect((await all(fromObservable(source, { overflow: latest }))).error).toBe(broken);
  });

  test("that goes on after its end is heard no more, and reported", async () => {
    const reports: Report[] = [];
    const source = native<number>((observer) => {
      observer.next(1);
      observer.complete();
      observer.next(2);
      observer.complete();
      observer.error(new Error("late"));
    });
    const stage = fromObservable(source, { name: "stage", overflow: unbounded, handleReport: (report) => reports.push(report) });
    expect(await all(stage)).toEqual({ events: [1] });
    expect(reports.map((report) => report.kind === "late-signal" && report.signal)).toEqual(["an event", "an end", "an error"]);
  });

  test("with a slow consumer costs what its policy says, and the rest arrives", async () => {
    const stage = fromObservable(rxRange(0, 100_000), { overflow: dropOldest(100) });
    const got: number[] = [];
    const sink = consumer({
      subscribeTo: [{ to: stage, maxDemand: 10, minDemand: 5 }],
      handleEvents: async (events) => {
        await Promise.resolve();
        got.push(...events);
      },
    });
    await sink.closed;
    expect(got).toEqual([...range(10), ...range(100, 99_900)]);
    expect(stage.snapshot().output).toMatchObject({ emitted: 100_000, delivered: 110, discarded: 99_890 });
  });

  test("of time flows under fake timers, and leaves none", async () => {
    vi.useFakeTimers();
    const stage = fromObservable(interval(1000), { overflow: latest });
    const probe = new ConsumerProbe(stage);
    await probe.ask(2);
    await vi.advanceTimersByTimeAsync(2000);
    await settle();
    expect(probe.events).toEqual([0, 1]);
    await stage.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that is hot keeps nothing of what it emitted before the first demand", async () => {
    const subject = new Subject<number>();
    const stage = fromObservable(subject, { overflow: unbounded });
    subject.next(1);
    const probe = new ConsumerProbe(stage);
    await probe.ask(5);
    subject.next(2);
    subject.complete();
    await settle();
    expect(probe.events).toEqual([2]);
    expect(subject.observed).toBe(false);
  });

  test("of errors only, of nothing, and of promises gives just that", async () => {
    expect((await all(fromObservable(throwError(() => undefined), { overflow: latest }))).error).toBeUndefined();
    expect(await all(fromObservable(from([]), { overflow: latest }))).toEqual({ events: [] });
    const promise = Promise.resolve(1);
    const reader = fromObservable(of([promise]), { overflow: latest })[Symbol.asyncIterator]();
    expect((await reader.next()).value).toEqual([promise]);
    await reader.return();
    expect(await all(fromObservable(concat(of(1), timer(0)), { overflow: unbounded }))).toEqual({ events: [1, 0] });
  });
});

describe("a bad option", () => {
  test.each<readonly [string, () => unknown]>([
    ["expected the observable of fromObservable to be an Observable, got: an array of 1", () => fromObservable([1] as never, { overflow: latest })],
    ["expected the observable of fromObservable to be an Observable, got: undefined", () => fromObservable(undefined as never, { overflow: latest })],
    ["expected overflow to be error, dropNewest(n)", () => fromObservable(of(1), {} as never)],
    ["expected overflow to be error, dropNewest(n)", () => fromObservable(of(1), undefined as never)],
    ["expected the options of producer to be among", () => fromObservable(of(1), { overflow: latest, unknown: 1 } as never)],
  ])("is refused: %s", (message, call) => {
    expect(call).toThrow(BadOptionError);
    expect(call).toThrow(message);
  });
});

test("the types: the events are those of the Observable, the policy is required", () => {
  expectTypeOf(fromObservable(of(1), { overflow: latest })).toEqualTypeOf<Producer<number>>();
  // @ts-expect-error -- no policy
  expect(() => fromObservable(of(1), {})).toThrow("overflow");
  // @ts-expect-error -- no options
  expect(() => fromObservable(of(1))).toThrow("overflow");
});
