/** The adapters of Observables keep the contracts of their kind. */
import { describe, test } from "vitest";
import { Observable, Subject, concatMap, from, map, mergeMap, pipe, type Subscription } from "rxjs";
import { fromIterable } from "sluice";
import { each, eager, fromObservable, paced, settled, sync, throughOperators, toObservable, tracked, unbounded, type ObservableLike, type ObserverSubscription, type Operators } from "sluice/rxjs";
import { wayInContract, wayOutContract, type WayInSource } from "sluice/testing";
import { asyncIterable } from "../../testing/support/native-iterables.ts";
import { play } from "../support/play.ts";

/** An Observable of RxJS. */
function ofRxjs(source: WayInSource<unknown>): Observable<unknown> {
  return new Observable((subscriber) => {
    subscriber.add(() => void source.release());
    play(source, {
      isOver: () => subscriber.closed,
      event: (event) => subscriber.next(event),
      end: () => subscriber.complete(),
      error: (error) => subscriber.error(error),
    });
  });
}

/** One that is no RxJS: it says all that it is told to, also behind its end. */
function careless(source: WayInSource<unknown>): ObservableLike<unknown> {
  return {
    subscribe(observer) {
      let isReleased = false;
      play(source, {
        isOver: () => isReleased,
        event: (event) => observer.next(event),
        end: () => observer.complete(),
        error: (error) => observer.error(error),
      });
      return {
        unsubscribe() {
          isReleased = true;
          void source.release();
        },
      };
    },
  };
}

describe.each([
  ["an Observable of RxJS", ofRxjs],
  ["a careless Observable", careless],
] as const)("fromObservable of %s keeps the contract: it", (_, make) => {
  const cases = wayInContract<unknown, "end" | "error" | "wait">({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: Infinity,
    odd: () => true,
    open: (source, settings) => fromObservable(make(source), { ...settings, overflow: unbounded }),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("toObservable keeps the contract: it", () => {
  const cases = wayOutContract<unknown, ObserverSubscription>({
    by: "telling",
    event: (n) => n,
    prefetch: Infinity,
    odd: () => true,
    open: (producer, sink, { signal }) =>
      toObservable(producer, { pace: eager }).subscribe({ next: (event) => sink.event(event), error: (error) => sink.error(error), complete: () => sink.end() }, { signal }),
    leave: (subscription) => subscription.unsubscribe(),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("toObservable of an observer that returns promises keeps the contract: it", () => {
  const cases = wayOutContract<unknown, ObserverSubscription>({
    by: "writing",
    event: (n) => n,
    prefetch: 1,
    odd: () => true,
    open: (producer, sink, { signal }) =>
      toObservable(producer, { pace: settled }).subscribe(
        { next: (event) => new Promise<void>((done) => sink.event(event, done)), error: (error) => sink.error(error), complete: () => sink.end(() => undefined) },
        { signal },
      ),
    leave: (subscription) => subscription.unsubscribe(),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("toObservable through RxJS keeps the contract: it", () => {
  const cases = wayOutContract<unknown, Subscription>({
    by: "telling",
    event: (n) => n,
    prefetch: Infinity,
    isAbortable: false,
    odd: () => true,
    open: (producer, sink) => from(toObservable(producer)).subscribe({ next: (event) => sink.event(event), error: (error) => sink.error(error), complete: () => sink.end() }),
    leave: (subscription) => subscription.unsubscribe(),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("toObservable at the pace of a notifier keeps the contract: it", () => {
  const cases = wayOutContract<unknown, ObserverSubscription>({
    by: "writing",
    event: (n) => n,
    // One is asked for at each notification, and the first of them is ours.
    prefetch: 1,
    odd: () => true,
    open(producer, sink, { signal }) {
      const notifier = new Subject<void>();
      const subscription = toObservable(producer, { pace: paced({ subscribe: (observer) => notifier.subscribe(observer) }) }).subscribe(
        { next: (event) => sink.event(event, () => notifier.next()), error: (error) => sink.error(error), complete: () => sink.end(() => undefined) },
        { signal },
      );
      notifier.next();
      return subscription;
    },
    leave: (subscription) => subscription.unsubscribe(),
  });
  for (const { name, run } of cases) test(name, run);
});

const OPERATORS = [
  ["synchronous operators", () => sync(map((event: unknown) => event))],
  [
    "tracked operators",
    () =>
      tracked({ concatMap }, (g) =>
        pipe(
          g.concatMap((event: unknown) => Promise.resolve([event])),
          mergeMap((events) => events),
        ),
      ),
  ],
  ["operators for each event", () => each(mergeMap((event: unknown) => [event]))],
] as const satisfies readonly (readonly [string, () => Operators<unknown, unknown>])[];

describe.each(OPERATORS)("throughOperators with %s, behind a producer, keeps the contract of a way out: it", (_, operators) => {
  const cases = wayOutContract<unknown, AsyncIterator<unknown>>({
    by: "reading",
    event: (n) => n,
    prefetch: 1,
    isAbortable: false,
    odd: () => true,
    open: (producer) => throughOperators(operators(), { subscribeTo: [{ to: producer, maxDemand: 1 }] })[Symbol.asyncIterator](),
    read: (reader) => reader.next(),
    leave: (reader) => reader.return?.(),
  });
  for (const { name, run } of cases) test(name, run);
});

describe.each(OPERATORS)("throughOperators with %s, behind a source, keeps the contract of a way in: it", (_, operators) => {
  const cases = wayInContract<unknown>({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: 1,
    odd: () => true,
    open: (source, settings) => throughOperators(operators(), { ...settings, subscribeTo: [{ to: fromIterable(asyncIterable(source), settings), maxDemand: 1 }] }),
  });
  for (const { name, run } of cases) test(name, run);
});
