import { describe, expectTypeOf, test } from "vitest";
import {
  consumer,
  fromIterable,
  producer,
  producerConsumer,
  type Consumer,
  type Consumption,
  type ExitReason,
  type Producer,
  type ProducerConsumer,
  type PushProducer,
  type Self,
  type Subscription,
} from "sluice";

declare const numbers: Producer<number>;
declare const strings: Producer<string>;

describe("producer", () => {
  test("infers its events from what handleDemand returns", () => {
    const stage = producer({ handleDemand: (demand) => Array.from({ length: demand }, () => "event") });
    expectTypeOf(stage).toEqualTypeOf<PushProducer<string>>();
  });

  test("infers them where the callback looks at self as well", () => {
    const stage = producer({
      handleDemand(demand, self) {
        expectTypeOf(demand).toEqualTypeOf<number>();
        if (demand > 10) self.complete();
        return [1, 2, 3];
      },
    });
    expectTypeOf(stage).toEqualTypeOf<PushProducer<number>>();
  });

  test("infers them from an async callback", () => {
    const stage = producer({ handleDemand: async () => [{ id: 1 }] });
    expectTypeOf(stage).toEqualTypeOf<PushProducer<{ id: number }>>();
  });

  test("infers them from a callback that returns a list or nothing", () => {
    const stage = producer({ handleDemand: (demand) => (demand > 1 ? ["event"] : undefined) });
    expectTypeOf(stage).toEqualTypeOf<PushProducer<string>>();
  });

  test("takes a type that is given, and holds the callback to it", () => {
    const stage = producer<number>({ handleDemand: (_demand, self) => void self.emit([1]) });
    expectTypeOf<Parameters<(typeof stage)["emit"]>>().toEqualTypeOf<[events: readonly number[]]>();
    // @ts-expect-error a list of strings is no list of numbers
    producer<number>({ handleDemand: () => ["one"] });
    // @ts-expect-error it emits numbers
    producer<number>({ handleDemand: (_demand, self) => void self.emit(["one"]) });
  });

  test("returns a list, not an event", () => {
    // @ts-expect-error an event is no list
    producer<number>({ handleDemand: () => 1 });
    // @ts-expect-error nor is a promise of one
    producer<number>({ handleDemand: async () => 1 });
  });

  test("gives its callbacks their types", () => {
    producer<number>({
      handleSubscribe(from, self) {
        expectTypeOf(from).toEqualTypeOf<Consumption>();
        expectTypeOf(self).toEqualTypeOf<Self<number>>();
      },
      handleCancel({ kind, reason }, from) {
        expectTypeOf(kind).toEqualTypeOf<"cancel" | "down">();
        expectTypeOf(reason).toEqualTypeOf<ExitReason>();
        expectTypeOf(from.side).toEqualTypeOf<"consumer">();
      },
      handleDiscarded: (count) => expectTypeOf(count).toEqualTypeOf<number>(),
      handleInfo: (message) => expectTypeOf(message).toEqualTypeOf<unknown>(),
      handleStop: (reason) => expectTypeOf(reason).toEqualTypeOf<ExitReason>(),
    });
  });

  test("knows its options, and no others", () => {
    // @ts-expect-error handelDemand
    producer<number>({ handelDemand: () => [] });
    // @ts-expect-error a producer subscribes to nobody
    producer<number>({ subscribeTo: [numbers] });
    // @ts-expect-error it handles no events
    producer<number>({ handleEvents: () => undefined });
    // @ts-expect-error "middle" is not kept
    producer<number>({ bufferKeep: "middle" });
    // @ts-expect-error "backward" is no demand mode
    producer<number>({ demand: "backward" });
  });
});

describe("consumer", () => {
  test("gives its handler the events of its producer", () => {
    const stage = consumer({
      subscribeTo: [numbers],
      handleEvents(events, from, self) {
        expectTypeOf(events).toEqualTypeOf<readonly number[]>();
        expectTypeOf(from).toEqualTypeOf<Subscription>();
        expectTypeOf(self).toEqualTypeOf<Self>();
      },
    });
    expectTypeOf(stage).toEqualTypeOf<Consumer<number>>();
  });

  test("gives its handler the events of several producers of different types", () => {
    const stage = consumer({
      subscribeTo: [numbers, { to: strings, maxDemand: 10 }],
      handleEvents: (events) => void expectTypeOf(events).toEqualTypeOf<readonly (number | string)[]>(),
    });
    expectTypeOf(stage).toEqualTypeOf<Consumer<number | string>>();
  });

  test("gives handleEvent one event", () => {
    consumer({
      subscribeTo: [{ to: strings }],
      concurrency: 4,
      handleEvent: async (event) => void expectTypeOf(event).toEqualTypeOf<string>(),
    });
  });

  test("without subscribeTo takes the type that its handler names", () => {
    const stage = consumer({ handleEvents: (events: readonly number[]) => void events });
    expectTypeOf(stage).toEqualTypeOf<Consumer<number>>();
    expectTypeOf(consumer<string>({ handleEvent: () => undefined })).toEqualTypeOf<Consumer<string>>();
  });

  test("has handleEvents or handleEvent, not both and not none", () => {
    // @ts-expect-error both
    consumer({ subscribeTo: [numbers], handleEvents: () => undefined, handleEvent: () => undefined });
    // @ts-expect-error none
    consumer({ subscribeTo: [numbers] });
    // @ts-expect-error a batch is handled by one call
    consumer({ subscribeTo: [numbers], handleEvents: () => undefined, concurrency: 4 });
    // @ts-expect-error and has no order of its own
    consumer({ subscribeTo: [numbers], handleEvents: () => undefined, ordered: true });
  });

  test("cannot emit", () => {
    consumer<number>({
      handleEvents(events, _from, self) {
        // @ts-expect-error it has no consumers
        self.emit(events);
      },
    });
  });

  test("refuses a handler of other events", () => {
    // @ts-expect-error numbers, not strings
    consumer({ subscribeTo: [numbers], handleEvents: (events: readonly string[]) => void events });
  });

  test("knows its options, and those of a subscription, and no others", () => {
    // @ts-expect-error handelStop
    consumer<number>({ handleEvents: () => undefined, handelStop: () => undefined });
    // @ts-expect-error a consumer has no buffer
    consumer<number>({ handleEvents: () => undefined, bufferSize: 10 });
    // @ts-expect-error a consumer subscribes to a list
    consumer({ subscribeTo: numbers, handleEvents: () => undefined });
    // @ts-expect-error a consumer has no events to give
    consumer({ subscribeTo: [consumer<number>({ handleEvents: () => undefined })], handleEvents: () => undefined });
    // @ts-expect-error "never" is no cancel mode
    consumer({ subscribeTo: [{ to: numbers, cancel: "never" }], handleEvents: () => undefined });
  });

  test("knows no other option of a subscription", () => {
    // @ts-expect-error maxDemnad
    consumer({ subscribeTo: [{ to: numbers, maxDemnad: 10 }], handleEvents: () => undefined });
    const stage = consumer<number>({ handleEvents: () => undefined });
    // @ts-expect-error maxDemnad
    stage.subscribe(numbers, { maxDemnad: 10 });
  });
});

describe("producerConsumer", () => {
  test("infers both sides: its producer's events, and what its handler returns", () => {
    const stage = producerConsumer({ subscribeTo: [numbers], handleEvents: (events) => events.map(String) });
    expectTypeOf(stage).toEqualTypeOf<ProducerConsumer<number, string>>();
  });

  test("infers them where the handler looks at self as well", () => {
    const stage = producerConsumer({
      subscribeTo: [numbers],
      handleEvents(events, _from, self) {
        if (events.length > 10) self.complete();
        return events.map((event) => ({ event }));
      },
    });
    expectTypeOf(stage).toEqualTypeOf<ProducerConsumer<number, { event: number }>>();
  });

  test("infers them from handleEvent, sync and async", () => {
    expectTypeOf(producerConsumer({ subscribeTo: [numbers], handleEvent: (event) => [String(event)] })).toEqualTypeOf<ProducerConsumer<number, string>>();
    expectTypeOf(producerConsumer({ subscribeTo: [numbers], concurrency: 8, ordered: false, handleEvent: async (event) => [event] })).toEqualTypeOf<
      ProducerConsumer<number, number>
    >();
  });

  test("infers them from several producers", () => {
    const stage = producerConsumer({ subscribeTo: [numbers, { to: strings }], handleEvents: (events) => events });
    expectTypeOf(stage).toEqualTypeOf<ProducerConsumer<number | string, number | string>>();
  });

  test("infers its events from handleComplete as well", () => {
    const stage = producerConsumer({ subscribeTo: [numbers], handleEvents: () => undefined, handleComplete: () => ["total"] });
    expectTypeOf(stage).toEqualTypeOf<ProducerConsumer<number, string>>();
  });

  test("has no demand mode to choose", () => {
    // @ts-expect-error its demand opens its input
    producerConsumer({ subscribeTo: [numbers], demand: "accumulate", handleEvents: (events) => events });
  });

  test("has handleEvents or handleEvent, not both and not none", () => {
    // @ts-expect-error both
    producerConsumer({ subscribeTo: [numbers], handleEvents: (events) => events, handleEvent: (event) => [event] });
    // @ts-expect-error none
    producerConsumer({ subscribeTo: [numbers] });
  });
});

describe("fromIterable", () => {
  test("has the events of what it reads", () => {
    expectTypeOf(fromIterable([1, 2])).toEqualTypeOf<Producer<number>>();
    expectTypeOf(fromIterable("letters")).toEqualTypeOf<Producer<string>>();
    expectTypeOf(fromIterable(strings)).toEqualTypeOf<Producer<string>>();
    expectTypeOf(fromIterable(() => new Set([1n]))).toEqualTypeOf<Producer<bigint>>();
  });

  test("has promises as events, and what they resolve to with await: true", () => {
    const promises = [Promise.resolve(1)];
    expectTypeOf(fromIterable(promises)).toEqualTypeOf<Producer<Promise<number>>>();
    expectTypeOf(fromIterable(promises, { await: true })).toEqualTypeOf<Producer<number>>();
  });

  test("cannot be driven from outside", () => {
    // @ts-expect-error it is no PushProducer
    fromIterable([1]).emit([2]);
  });

  test("reads iterables, with options of its own", () => {
    // @ts-expect-error a number cannot be iterated
    fromIterable(7);
    // @ts-expect-error handleDemand is its own business
    fromIterable([1], { handleDemand: () => [] });
    // @ts-expect-error closeWithin
    fromIterable([1], { closeWithin: 10 });
  });
});
