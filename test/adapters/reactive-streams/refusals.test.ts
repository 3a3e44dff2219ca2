/** What the adapter for Reactive Streams refuses, and what it says then. */
import { describe, expect, test } from "vitest";
import { consumer, fromIterable, producer, producerConsumer, type Consumer } from "sluice";
import { asProcessor, asSubscriber, fromPublisher, intoSubscriber, toPublisher, type Publisher, type Subscriber, type Subscription } from "sluice/reactive-streams";
import { ConsumerProbe, settle } from "sluice/testing";
import { HandPublisher, Listener, counter } from "../support/reactive-streams.ts";

const ann = new Listener<number>();
const source = fromIterable([1]);
const sink = (): Consumer<number> => consumer<number>({ handleEvents: () => undefined });
const through = producerConsumer<number, number>({ handleEvents: (events) => events });
const noPublisher = new HandPublisher<number>();
const without = (owner: string, name: string): string => `BadOptionError: expected the options of ${owner} to be without ${name}, which is its own, got: "${name}"`;

/** What a call throws. */
function thrown(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return String(error);
  }
  return "nothing";
}

test.each<readonly [what: string, call: () => unknown, message: string]>([
  ["fromPublisher with a number in the place of its options", () => fromPublisher(noPublisher, 7 as never), "BadOptionError: expected the options of fromPublisher to be a plain object, got: 7"],
  ["toPublisher with a number in the place of its options", () => toPublisher(source, 7 as never), "BadOptionError: expected the options of toPublisher to be a plain object, got: 7"],
  ["intoSubscriber with a number in the place of its options", () => intoSubscriber(ann, 7 as never), "BadOptionError: expected the options of intoSubscriber to be a plain object, got: 7"],
  ["asSubscriber with a number in the place of its options", () => asSubscriber(sink(), 7 as never), "BadOptionError: expected the options of asSubscriber to be a plain object, got: 7"],
  ["asProcessor with a number in the place of its options", () => asProcessor(through, 7 as never), "BadOptionError: expected the options of asProcessor to be a plain object, got: 7"],
  ...["handleDemand", "handleStop"].map((name) => [`${name} of fromPublisher`, () => fromPublisher(noPublisher, { [name]: () => undefined }), without("fromPublisher", name)] as const),
  ...["handleEvents", "handleEvent", "handleComplete", "handleStop", "concurrency", "ordered"].map((name) => [`${name} of intoSubscriber`, () => intoSubscriber(ann, { [name]: 1 }), without("intoSubscriber", name)] as const),
  ...["mode", "maxDemand", "minDemand"].flatMap((name) => [
    [`${name} of a target of intoSubscriber`, () => intoSubscriber(ann, { subscribeTo: [{ to: source, [name]: 1 }] }), without("a subscription of intoSubscriber", name)] as const,
    [`${name} of a later subscription of intoSubscriber`, () => intoSubscriber(new Listener<number>()).subscribe(source, { [name]: 1 }), without("a subscription of intoSubscriber", name)] as const,
  ]),
  ["null as the options of a later subscription of intoSubscriber", () => intoSubscriber(new Listener<number>()).subscribe(source, null as never), "BadOptionError: expected the options of a subscription of intoSubscriber to be a plain object, got: null"],
  ["null as a target of intoSubscriber", () => intoSubscriber(ann, { subscribeTo: [null as never] }), "BadOptionError: expected the producer of a subscription to be a producer or a producerConsumer, got: null"],
  ...([[null, "null"], [7, "7"], ["source", '"source"'], [{}, "an object"]] as const).map(
    ([value, shown]) => [`${shown} in the place of a producer`, () => toPublisher(value as never), `BadOptionError: expected the source of toPublisher to be a producer, or a function that makes one, got: ${shown}`] as const,
  ),
  ...(
    [
      ["null", null, "null"],
      ["a number", 7, "7"],
      ["an object", {}, "an object"],
      ["what cannot subscribe", { role: "consumer", subscribe: 7 }, "an object"],
      ["a Publisher", { subscribe: () => undefined }, "an object"],
    ] as const
  ).flatMap(([what, value, shown]) => [
    [`${what} in the place of a consumer`, () => asSubscriber(value as never), `BadOptionError: expected the consumer of asSubscriber to be a consumer or a producerConsumer, got: ${shown}`] as const,
    [`${what} in the place of a producerConsumer`, () => asProcessor(value as never), `BadOptionError: expected the stage of asProcessor to be a producerConsumer, got: ${shown}`] as const,
  ]),
])("%s is refused", (_, call, message) => {
  expect(thrown(call)).toBe(message);
});

test.each([[null, "null"], [undefined, "undefined"], [7, "number"], [{}, "object"]])("a Publisher is not subscribed to by %s", (value, type) => {
  const message = `TypeError: expected the subscriber of subscribe to be an object with onSubscribe, onNext, onError and onComplete (rule 1.9), got: ${type}`;
  expect(thrown(() => toPublisher(source).subscribe(value as Subscriber<number>))).toBe(message);
});

test("a Subscriber takes no signal of null, undefined, or what cannot be asked", async () => {
  const publisher = new HandPublisher<number>();
  const probe = new ConsumerProbe(fromPublisher(publisher));
  await probe.ask(1);
  const { subscriber } = publisher;
  expect([
    thrown(() => subscriber.onSubscribe(undefined as unknown as Subscription)),
    thrown(() => subscriber.onSubscribe({ request: () => undefined } as unknown as Subscription)),
    thrown(() => subscriber.onNext(null as unknown as number)),
    thrown(() => subscriber.onNext(undefined as unknown as number)),
    thrown(() => subscriber.onError(null)),
    thrown(() => subscriber.onError(undefined)),
  ]).toEqual([
    "TypeError: expected the subscription of onSubscribe to be an object with request and cancel (rule 2.13), got: undefined",
    "TypeError: expected the subscription of onSubscribe to be an object with request and cancel (rule 2.13), got: object",
    "TypeError: expected the event of onNext to be neither null nor undefined (rule 2.13), got: null",
    "TypeError: expected the event of onNext to be neither null nor undefined (rule 2.13), got: undefined",
    "TypeError: expected the error of onError to be neither null nor undefined (rule 2.13), got: null",
    "TypeError: expected the error of onError to be neither null nor undefined (rule 2.13), got: undefined",
  ]);
  await probe.cancel();
});

describe("a Subscriber is told", () => {
  test.each([[0, "0"], [1.5, "1.5"], [Symbol("many"), "Symbol(many)"], [{ valueOf: (): number => 5 }, "an object"]])("of a request of %s", async (demand, shown) => {
    const listener = new Listener<number>();
    toPublisher(counter().stage).subscribe(listener);
    listener.request(demand as number);
    await settle();
    expect(listener.ends.map(String)).toEqual([`BadOptionError: expected the demand of request to be an integer of at least 1 (rule 3.9: a non-positive subscription request is illegal), got: ${shown}`]);
  });

  test.each([null, undefined])("of an event that is %s", async (nothing) => {
    const listener = new Listener<unknown>({ onSubscribe: (subscription) => subscription.request(5) });
    toPublisher(fromIterable<unknown>([nothing])).subscribe(listener);
    await settle();
    expect(listener.ends.map(String)).toEqual([`TypeError: expected the event of onNext to be neither null nor undefined (rule 2.13), got: ${nothing}`]);
  });

  test.each([null, undefined])("of an error that is %s", async (nothing) => {
    const listener = new Listener<number>();
    const stage = producer<number>();
    toPublisher(stage).subscribe(listener);
    stage.fail(nothing);
    await settle();
    expect(listener.ends.map(String)).toEqual([`TypeError: expected the error of onError to be neither null nor undefined (rule 2.13), got: ${nothing}`]);
  });

  test("that it has subscribed already", async () => {
    const listener = new Listener<number>();
    const publisher = toPublisher(counter().stage);
    publisher.subscribe(listener);
    publisher.subscribe(listener);
    await settle();
    expect(listener.ends.map(String)).toEqual(["SluiceError: expected a Subscriber of counter to subscribe once (rules 1.10 and 2.12), got: one that has an active subscription"]);
  });
});

test("functions are as good as objects when they have the methods", async () => {
  const { stage } = counter(3);
  const listener = new Listener<number>({ onSubscribe: (subscription) => subscription.request(5) });
  const subscriber: Subscriber<number> = Object.assign(() => undefined, {
    onSubscribe: (subscription: Subscription) => listener.onSubscribe(subscription),
    onNext: (event: number) => listener.onNext(event),
    onError: (error: unknown) => listener.onError(error),
    onComplete: () => listener.onComplete(),
  });
  const publisher: Publisher<number> = Object.assign(() => undefined, { subscribe: (given: Subscriber<number>) => toPublisher(stage).subscribe(given) });
  toPublisher(fromPublisher(publisher)).subscribe(subscriber);
  await settle();
  expect([listener.events, listener.ends]).toEqual([[0, 1, 2], ["complete"]]);
});
