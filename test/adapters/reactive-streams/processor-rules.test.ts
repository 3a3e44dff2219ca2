/** Section 4 of the Reactive Streams specification: `asProcessor`, for each dispatcher that can have a Subscriber without options. */
import { describe, expect, test } from "vitest";
import { broadcastDispatcher, demandDispatcher, producerConsumer, type DispatcherFactory, type ProducerConsumer } from "sluice";
import { asProcessor, type Processor } from "sluice/reactive-streams";
import { settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { Uncaught } from "../../core/support/uncaught.ts";
import { HandPublisher, Listener, countingPublisher } from "../support/reactive-streams.ts";

const kinds: readonly (readonly [kind: string, make: () => DispatcherFactory<number>])[] = [
  ["demand", () => demandDispatcher()],
  ["broadcast", () => broadcastDispatcher()],
];

interface Between {
  readonly stage: ProducerConsumer<number, number>;
  readonly processor: Processor<number, number>;
  readonly up: HandPublisher<number>;
  readonly down: Listener<number>;
}

describe.each(kinds)("a Processor with a %s dispatcher", (_, make) => {
  const between = async (publisher: HandPublisher<number> = new HandPublisher(), maxDemand = 4): Promise<Between> => {
    const stage = producerConsumer<number, number>({ dispatcher: make(), handleEvents: (events) => events });
    const processor = asProcessor(stage, { maxDemand });
    publisher.subscribe(processor);
    const down = new Listener<number>();
    processor.subscribe(down);
    await settle();
    return { stage, processor, up: publisher, down };
  };

  test("rule 4.1: is a Subscriber: it requests by its window, as its own Subscribers take events", async () => {
    const { up, down } = await between();
    expect(up.requests).toEqual([4]);
    up.next(0, 1, 2, 3);
    await settle();
    expect([up.requests, down.events]).toEqual([[4], []]);
    down.request(10);
    await settle();
    expect([up.requests, down.events]).toEqual([[4, 2, 2], range(4)]);
  });

  test("rule 4.1: is a Subscriber: it cancels a second subscription, and throws a TypeError for null", async () => {
    const { processor } = await between();
    const second = new HandPublisher<number>();
    processor.onSubscribe(second);
    expect(second.cancels).toBe(1);
    expect(() => processor.onNext(null as unknown as number)).toThrow(TypeError);
    expect(() => processor.onError(null)).toThrow(TypeError);
  });

  test("rule 4.1: is a Publisher: it signals what was requested, then the end", async () => {
    const { down } = await between(countingPublisher(100));
    down.request(30);
    await settle();
    expect([down.events, down.ends]).toEqual([range(30), []]);
    down.request(100);
    await settle();
    expect([down.events, down.ends]).toEqual([range(100), ["complete"]]);
  });

  test("rule 4.1: is a Publisher: a bad request is an error to its Subscriber, and cancels upstream", async () => {
    const { up, down } = await between();
    down.request(-1);
    await settle();
    expect(down.ends).toEqual([expect.objectContaining({ message: expect.stringContaining("3.9") })]);
    expect(up.cancels).toBe(1);
  });

  test("rule 4.1: the cancel of its last Subscriber cancels upstream", async () => {
    const { up, down } = await between();
    down.request(1);
    down.cancel();
    await settle();
    expect(up.cancels).toBe(1);
    up.next(1);
    await settle();
    expect(down.signals).toEqual(["onSubscribe"]);
  });

  test("rule 4.2: passes an error on at once, without a request, with the same object", async () => {
    const { up, down, stage } = await between();
    const error = new Error("no more");
    up.subscriber.onError(error);
    await settle();
    expect(down.signals).toEqual(["onSubscribe", "onError"]);
    expect(down.ends[0]).toBe(error);
    expect(await stage.closed).toEqual({ type: "error", error });
  });

  test("rule 4.2: passes an error on to all its Subscribers, behind what they have requested", async () => {
    const { up, processor, down } = await between();
    const other = new Listener<number>();
    processor.subscribe(other);
    down.request(1);
    await settle();
    up.next(1);
    await settle();
    const error = new Error("no more");
    up.subscriber.onError(error);
    await settle();
    expect([down.events, down.ends]).toEqual([[1], [error]]);
    expect(other.ends).toEqual([error]);
  });

  test("rule 4.2: considers its subscription cancelled when it recovers from an error, which is raised", async () => {
    using uncaught = new Uncaught();
    const stage = producerConsumer<number, number>({ dispatcher: make(), handleEvents: (events) => events });
    const [first, second] = [new HandPublisher<number>(), new HandPublisher<number>()];
    first.subscribe(asProcessor(stage, { cancel: "temporary" }));
    const down = new Listener<number>();
    const processor = asProcessor(stage);
    second.subscribe(processor);
    processor.subscribe(down);
    down.request(10);
    await settle();
    const error = new Error("the first is gone");
    first.subscriber.onError(error);
    second.next(1);
    second.subscriber.onComplete();
    await settle();
    expect([down.events, down.ends]).toEqual([[1], ["complete"]]);
    expect(first.cancels).toBe(0);
    expect(uncaught.errors).toEqual([error]);
  });
});
