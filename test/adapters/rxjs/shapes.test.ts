/** What the operators of a user, and others that are no RxJS, may ask of the source that they are given. */
import { Observable, Subject, concatMap, map, mergeMap } from "rxjs";
import { expect, test } from "vitest";
import { fromIterable } from "sluice";
import { sync, throughOperators, tracked, type ObservableOf, type Operators } from "sluice/rxjs";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { Uncaught } from "../../core/support/uncaught.ts";

const boom = new Error("boom");

/** The source of operators, as RxJS's classes have it. */
type Source = Observable<number>;

/** Operators whose output is made by hand, of a source that they subscribe to in their way. */
const using = (begin: (source: Source, output: Subject<unknown>) => void): Operators<number, unknown> =>
  sync((source: ObservableOf<number>) => {
    return new Observable((subscriber) => {
      const output = new Subject<unknown>();
      output.subscribe(subscriber);
      begin(source as unknown as Source, output);
    });
  });

async function outputsOf(operators: Operators<number, unknown>, end?: (up: ProducerProbe<number>) => void): Promise<ConsumerProbe<unknown>> {
  const up = new ProducerProbe<number>();
  const stage = throughOperators(operators, { subscribeTo: [up.producer] });
  void stage.closed;
  const down = new ConsumerProbe(stage);
  await down.ask(10);
  await up.emit(1, 2);
  end?.(up);
  await settle();
  return down;
}
const completing = (up: ProducerProbe<number>): void => void up.complete();
const failing = (up: ProducerProbe<number>): void => void up.fail(boom);

test("a function in the place of an observer gets the events", async () => {
  const down = await outputsOf(using((source, output) => void source.subscribe((n) => output.next(n))));
  expect(down.events).toEqual([1, 2]);
});

test("a function for the end is called with it", async () => {
  const down = await outputsOf(using((source, output) => void source.subscribe((n) => output.next(n), undefined, () => output.complete())), completing);
  expect([down.events, down.end]).toEqual([[1, 2], { type: "normal" }]);
});

test("a function for the error is called with it", async () => {
  const down = await outputsOf(using((source, output) => void source.subscribe((n) => output.next(n), (error: unknown) => output.next(error))), failing);
  expect(down.events).toEqual([1, 2, boom]);
});

test("an observer may lack any function", async () => {
  const down = await outputsOf(using((source, output) => {
    source.subscribe({});
    source.subscribe(null as never);
    source.subscribe({ complete: () => output.complete() });
  }), completing);
  expect([down.events, down.end]).toEqual([[], { type: "normal" }]);
});

test("an error that finds no function is an uncaught exception, with its identity", async () => {
  using uncaught = new Uncaught();
  await outputsOf(using((source) => void source.subscribe({})), failing);
  expect(uncaught.errors).toEqual([boom]);
});

test("an observer with an error function gets the error", async () => {
  const down = await outputsOf(using((source, output) => void source.subscribe({ error: (error) => output.next(error) })), failing);
  expect(down.events).toEqual([boom]);
});

test("an observer that has left gets nothing more", async () => {
  const down = await outputsOf(using((source, output) => {
    const subscription = source.subscribe((n) => {
      output.next(n);
      subscription.unsubscribe();
    });
    source.subscribe(() => undefined);
  }));
  expect(down.events).toEqual([1]);
});

test.each(["closed", "next", "error", "complete", "add", "unsubscribe"])("what has all of a subscriber but %s is an observer", async (missing) => {
  const events: unknown[] = [];
  const all = { closed: false, next: (n: unknown) => events.push(n), error: () => undefined, complete: () => undefined, add: () => events.push("add"), unsubscribe: () => undefined };
  await outputsOf(using((source) => void source.subscribe(Object.fromEntries(Object.entries(all).filter(([name]) => name !== missing)))));
  expect(events).toEqual(missing === "next" ? [] : [1, 2]);
});

test("a subscriber of another make is used as it is", async () => {
  const events: unknown[] = [];
  const all = { closed: false, next: (n: unknown) => events.push(n), error: () => undefined, complete: () => undefined, add: () => events.push("add"), unsubscribe: () => undefined };
  await outputsOf(using((source) => void source.subscribe(all)));
  expect(events).toEqual(["add", 1, 2]);
});

test("forEach gets each event, and resolves at the end", async () => {
  const down = await outputsOf(using((source, output) => void source.forEach((n) => output.next(n)).then(() => output.next("over"), () => output.next("failed"))));
  expect(down.events).toEqual([1, 2]);
});

test("forEach resolves when the source completes", async () => {
  const told: unknown[] = [];
  await outputsOf(using((source) => void source.forEach(() => undefined).then(() => told.push("over"))), completing);
  expect(told).toEqual(["over"]);
});

test("forEach rejects with the error of the source", async () => {
  const told: unknown[] = [];
  await outputsOf(using((source) => void source.forEach(() => undefined).catch((error: unknown) => told.push(error))), failing);
  expect(told).toEqual([boom]);
});

test("forEach rejects with what its function throws, which is called no more", async () => {
  const told: unknown[] = [];
  await outputsOf(using((source) => {
    const rejecting = source.forEach((n) => {
      told.push(n);
      throw boom;
    });
    rejecting.catch((error: unknown) => told.push(error));
  }));
  expect(told).toEqual([1, boom]);
});

test("pipe puts operators one behind the other", async () => {
  const down = await outputsOf(sync((source: ObservableOf<number>) => (source as unknown as Source).pipe(map((n) => n + 1), map((n) => n * 10))));
  expect(down.events).toEqual([20, 30]);
});

test("what an operator throws as it is subscribed is its error", async () => {
  const throwing = {
    call: (): never => {
      throw boom;
    },
  };
  const down = await outputsOf(sync((source: ObservableOf<number>) => (source as unknown as { lift(operator: unknown): ObservableOf<number> }).lift(throwing)));
  expect(down.end).toEqual({ type: "error", error: boom });
});

interface Subscriber {
  add(teardown: unknown): void;
  remove(teardown: unknown): void;
}

/** An operator of RxJS 7 that does something with the subscriber that it is given. */
const withSubscriber = (act: (subscriber: Subscriber) => void): Operators<number, unknown> =>
  sync((source: ObservableOf<number>) =>
    (source as unknown as { lift(operator: unknown): ObservableOf<number> }).lift({
      call(subscriber: Subscriber, from: Source) {
        act(subscriber);
        return from.subscribe(subscriber as never);
      },
    }),
  );

test("a teardown that was removed is not called", async () => {
  const told: string[] = [];
  const [kept, removed] = [(): unknown => told.push("kept"), (): unknown => told.push("removed")];
  const operators = withSubscriber((subscriber) => {
    subscriber.remove(removed);
    subscriber.add(kept);
    subscriber.add(removed);
    subscriber.remove(removed);
  });
  await outputsOf(operators, completing);
  expect(told).toEqual(["kept"]);
});

test("of many teardowns those that have ended meanwhile are not kept, and the others are called", async () => {
  const told: unknown[] = [];
  const teardown = (name: string, closed?: boolean): object => ({ closed, unsubscribe: () => told.push(name) });
  const operators = withSubscriber((subscriber) => {
    subscriber.add(() => told.push("function"));
    subscriber.add(Object.assign(() => told.push("closed function"), { closed: true }));
    for (const n of range(6)) subscriber.add(teardown(`ended ${n}`, true));
    subscriber.add(teardown("open", false));
    subscriber.add(teardown("of another make"));
  });
  await outputsOf(operators, completing);
  expect(told).toEqual(["function", "closed function", "open", "of another make"]);
});

const throwing = (error: unknown) => (): never => {
  throw error;
};

test("what several teardowns throw is one error, with those that RxJS has collected", async () => {
  const collected = Object.assign(new Error("collected"), { name: "UnsubscriptionError", errors: [1, 2] });
  const down = await outputsOf(
    withSubscriber((subscriber) => {
      subscriber.add(throwing(boom));
      subscriber.add(throwing(collected));
      subscriber.add(throwing(new AggregateError([3])));
    }),
    completing,
  );
  const { error } = down.end as { readonly error: AggregateError };
  expect(error).toBeInstanceOf(AggregateError);
  expect([error.message, error.errors]).toEqual(["several teardowns failed", [boom, 1, 2, 3]]);
});

test.each<[string, unknown]>([
  ["an error of somebody's own, with errors", Object.assign(new Error("own"), { errors: [1] })],
  ["what has errors, and is no error", { name: "UnsubscriptionError", errors: [1] }],
  ["an error of that name without errors", Object.assign(new Error("none"), { name: "UnsubscriptionError" })],
  ["an error of that name whose errors are no list", Object.assign(new Error("none"), { name: "UnsubscriptionError", errors: 1 })],
])("what one teardown throws stays as it is: %s", async (_, error) => {
  const down = await outputsOf(withSubscriber((subscriber) => subscriber.add(throwing(error))), completing);
  expect(down.end).toMatchObject({ type: "error" });
  expect((down.end as { readonly error: unknown }).error).toBe(error);
});

/** A readable stream that is no async iterable: not all engines have that. */
function chunkedOnly(stream: ReadableStream<number>): object {
  return { getReader: () => stream.getReader() };
}

test("a stream that is no async iterable gives its chunks, ends with it, and is released", async () => {
  const stream = new ReadableStream<number>({ start: (controller) => (range(3).forEach((n) => controller.enqueue(n)), controller.close()) });
  const events: number[] = [];
  for await (const n of throughOperators(tracked({ concatMap }, (g) => g.concatMap(() => chunkedOnly(stream) as never)), { subscribeTo: [fromIterable([1])] })) events.push(n);
  expect([events, stream.locked]).toEqual([range(3), false]);
});

test.each<[string, object]>([
  ["a function with a length and an iterator", Object.assign(Math.sin.bind(undefined), { [Symbol.iterator]: () => [7][Symbol.iterator]() })],
  ["a list without an iterator", { length: 1, 0: 7 }],
])("an inner observable may be %s", async (_, value) => {
  const events: unknown[] = [];
  for await (const n of throughOperators(tracked({ mergeMap }, (g) => g.mergeMap(() => value as never, 1)), { subscribeTo: [fromIterable([1])] })) events.push(n);
  expect(events).toEqual([7]);
});

test.each<[string, unknown]>([
  ["null", null],
  ["undefined", undefined],
  ["an object", {}],
  ["an object", { getReader: 3, length: "3" }],
  ["a function", (): undefined => undefined],
])("an inner observable is not %s", async (shown, value) => {
  const down = await outputsOf(tracked({ mergeMap }, (g) => g.mergeMap(() => value as never, 1)));
  expect(down.end).toMatchObject({ type: "error", error: { message: `expected an inner observable to be an Observable, a promise, a list, an iterable or a stream, got: ${shown}` } });
});
