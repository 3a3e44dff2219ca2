/** With what is on npm at each end: rsocket-flowable, rsocket-core and reactor-core-js. */
import { Flux, UnicastProcessor } from "reactor-core-js/flux.js";
import { TestSubscriber } from "reactor-core-js/subscriber.js";
import { Flowable, FlowableProcessor } from "rsocket-flowable";
import type { Payload } from "rsocket-core";
import { afterEach, beforeEach, describe, expect, test, vi, type MockInstance } from "vitest";
import { consumer, fromIterable, pipeline, producerConsumer, type Producer } from "sluice";
import { asProcessor, asSubscriber, fromPublisher, intoSubscriber, toPublisher } from "sluice/reactive-streams";
import { settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { Listener, counter } from "../support/reactive-streams.ts";
import { connected } from "../support/rsocket.ts";

// They tell of a broken rule on the console, and of nothing else.
let complaints: MockInstance[] = [];
beforeEach(() => {
  complaints = (["warn", "error", "log"] as const).map((name) => vi.spyOn(console, name));
});
afterEach(() => {
  for (const complaint of complaints) {
    expect(complaint.mock.calls).toEqual([]);
    complaint.mockRestore();
  }
});

/** All events of a producer, taken a few at a time. */
async function collected<Event>(stage: Producer<Event>, maxDemand = 3): Promise<Event[]> {
  const events: Event[] = [];
  await pipeline(stage, (before: Producer<Event>) => consumer({ subscribeTo: [{ to: before, maxDemand }], handleEvents: (list) => void events.push(...list) }));
  return events;
}

describe("rsocket-flowable", () => {
  test("as a Publisher: its events, as they are demanded, and its end", async () => {
    expect(await collected(fromPublisher(Flowable.just(...range(10)).map((n) => 2 * n)))).toEqual(range(10).map((n) => 2 * n));
  });

  test("as a Publisher: its error, with its identity", async () => {
    const error = new Error("no more");
    await expect(collected(fromPublisher(Flowable.error(error)))).rejects.toBe(error);
  });

  test("as a Publisher: a loop that leaves cancels it", async () => {
    let cancels = 0;
    const endless = new Flowable<number>((subscriber) => {
      let next = 0;
      subscriber.onSubscribe({
        request(demand) {
          for (let sent = 0; sent < demand; sent += 1) subscriber.onNext(next++);
        },
        cancel: () => (cancels += 1),
      });
    });
    const seen: number[] = [];
    for await (const event of fromPublisher(endless)) {
      seen.push(event);
      if (event === 4) break;
    }
    expect([seen, cancels]).toEqual([range(5), 1]);
  });

  test("as a Subscriber: it gets what it requests, through its operators", async () => {
    const { stage, made } = counter();
    const ann = new Listener<number>();
    new Flowable<number>((subscriber) => toPublisher(stage).subscribe(subscriber)).map((n) => n + 1).take(5).subscribe(ann);
    ann.request(2);
    await settle();
    expect([ann.events, made()]).toEqual([[1, 2], 2]);
    ann.request(10);
    await settle();
    expect([ann.events, ann.ends]).toEqual([[1, 2, 3, 4, 5], ["complete"]]);
    expect(await stage.closed).toEqual({ type: "shutdown" });
  });

  test("as a Subscriber: its callback asks for everything", async () => {
    const seen: number[] = [];
    new Flowable<number>((subscriber) => toPublisher(fromIterable(range(3_000))).subscribe(subscriber)).subscribe(((event: number) => seen.push(event)) as never);
    await settle();
    expect(seen).toEqual(range(3_000));
  });

  test("as a Processor between two of ours", async () => {
    const doubling = new FlowableProcessor<number, number>(toPublisher(fromIterable(range(20))), (n) => 2 * n);
    expect(await collected(fromPublisher(doubling))).toEqual(range(20).map((n) => 2 * n));
  });

  test("feeds a consumer dressed as a Subscriber, and a Processor of ours", async () => {
    const handled: number[] = [];
    const stage = consumer<number>({ handleEvents: (events) => void handled.push(...events) });
    const evens = asProcessor(producerConsumer<number, number>({ handleEvents: (events) => events.filter((n) => n % 2 === 0) }), { maxDemand: 4 });
    Flowable.just(...range(20)).subscribe(evens);
    evens.subscribe(asSubscriber(stage, { maxDemand: 2 }));
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(handled).toEqual(range(10).map((n) => 2 * n));
  });
});

describe("rsocket-core", () => {
  const payloads = (count: number): Producer<Payload> => producerConsumer({ subscribeTo: [counter(count).stage], handleEvents: (events) => events.map((n) => ({ data: `event ${n}` })) });

  test("a producer of the server is a producer of the client, over frames of demand and events", async () => {
    using socket = await connected({ requestStream: () => toPublisher(payloads(20)) });
    const events = await collected(fromPublisher(socket.requestStream({ data: "numbers" })));
    expect(events.map(({ data }) => data)).toEqual(range(20).map((n) => `event ${n}`));
  });

  test("the server's producer is asked for what the client demands, and no more", async () => {
    const { stage, made } = counter();
    using socket = await connected({ requestStream: () => toPublisher(producerConsumer({ subscribeTo: [{ to: stage, maxDemand: 1 }], handleEvent: (n) => [{ data: String(n) }] })) });
    const seen: unknown[] = [];
    for await (const { data } of fromPublisher(socket.requestStream({ data: "numbers" }))) {
      seen.push(data);
      if (data === "4") break;
    }
    expect(seen).toEqual(range(5).map(String));
    // The server's stage between has read one ahead.
    expect(made()).toBeLessThanOrEqual(6);
    await settle();
    expect(await stage.closed).toEqual({ type: "shutdown" });
  });

  test("an error of the server's producer reaches the client's, by its message", async () => {
    using socket = await connected({ requestStream: () => toPublisher(fromIterable<Payload>(failing())) });
    await expect(collected(fromPublisher(socket.requestStream({ data: "numbers" })))).rejects.toThrow("no more");
  });

  function* failing(): Generator<Payload> {
    yield { data: "1" };
    throw new Error("no more");
  }

  test("a channel has a producer at each end", async () => {
    using socket = await connected({
      requestChannel: (input) =>
        toPublisher(producerConsumer({ subscribeTo: [{ to: fromPublisher(input), maxDemand: 2 }], handleEvents: (events) => events.map(({ data }) => ({ data: `${String(data)}!` })) })),
    });
    const events = await collected(fromPublisher(socket.requestChannel(toPublisher(payloads(5)))));
    expect(events.map(({ data }) => data)).toEqual(range(5).map((n) => `event ${n}!`));
  });
});

describe("reactor-core-js", () => {
  // Its `range` and `fromArray` begin anew at each request that does not take all that is left, and its `take` takes all.
  const numbers = (count: number): Flux<number> =>
    Flux.generate(
      () => 0,
      (next, sink) => {
        if (next === count) sink.onComplete();
        else sink.onNext(next);
        return next + 1;
      },
    );

  test("as a Publisher: its events, as they are demanded, and its end", async () => {
    expect(await collected(fromPublisher(numbers(50).map((n) => 2 * n).filter((n) => n % 4 === 0)))).toEqual(range(25).map((n) => 4 * n));
  });

  test("as a Publisher: all at once", async () => {
    expect(await collected(fromPublisher(Flux.range(0, 500)), 1_000)).toEqual(range(500));
  });

  test("as a Subscriber: it asks for Infinity, through its operators", async () => {
    const seen: unknown[] = [];
    Flux.from(toPublisher(fromIterable(range(3_000))))
      .map((n) => n + 1)
      .filter((n) => n % 2 === 0)
      .consume(
        (event) => seen.push(event),
        (error) => seen.push(error),
        () => seen.push("complete"),
      );
    await settle();
    expect(seen).toEqual([...range(1_500).map((n) => 2 * n + 2), "complete"]);
  });

  test("as a Subscriber: it takes some and cancels", async () => {
    const { stage, made } = counter();
    const subscriber = new TestSubscriber<number>(3);
    Flux.from(toPublisher(stage))
      .map((n) => n + 1)
      .subscribe(subscriber);
    await settle();
    subscriber.cancel();
    expect(await stage.closed).toEqual({ type: "shutdown" });
    subscriber.assertValues([1, 2, 3]);
    expect(made()).toBe(3);
  });

  test("as a Subscriber: its own test kit finds nothing wrong", async () => {
    const subscriber = new TestSubscriber<number>(2);
    toPublisher(fromIterable(range(5))).subscribe(subscriber);
    await settle();
    subscriber.assertValues([0, 1]);
    subscriber.request(10);
    await settle();
    subscriber.assertValues(range(5));
    subscriber.assertNoError();
    subscriber.assertComplete();
  });

  test("as what a consumer signals into, and what comes out of it again", async () => {
    const through = new UnicastProcessor<number>();
    const collecting = collected(fromPublisher(through.map((n) => n + 1)));
    await pipeline(fromIterable(range(100)), intoSubscriber(through));
    expect(await collecting).toEqual(range(100, 1));
  });

  test("an error goes through its operators with its identity", async () => {
    const error = new Error("no more");
    const source = fromIterable(
      (function* () {
        yield 1;
        throw error;
      })(),
    );
    await expect(collected(fromPublisher(Flux.from(toPublisher(source)).map((n) => n)))).rejects.toBe(error);
  });
});
