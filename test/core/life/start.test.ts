import { getEventListeners } from "node:events";
import { BadOptionError, consumer, demandDispatcher, fromIterable, producer, producerConsumer } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";

/** For options that the types refuse. */
const bad = (options: object): never => options as never;

describe("a stage function checks its options in the call", () => {
  const handleEvents = (): void => undefined;
  const cases: readonly (readonly [what: string, start: () => unknown, message: string])[] = [
    ["an unknown option of a producer", () => producer(bad({ size: 3 })), "expected the options of producer to be among"],
    ["a bufferSize of 0", () => producer({ bufferSize: 0 }), "expected bufferSize to be an integer of at least 1, or Infinity, got: 0"],
    ["a handler that is no function", () => producer(bad({ handleDemand: 1 })), "expected handleDemand to be a function, got: 1"],
    ["a whenUnused that does not exist", () => producer(bad({ whenUnused: "end" })), 'expected whenUnused to be one of "stop", "wait", got: "end"'],
    ["a stopWithinMs that is no duration", () => producer({ stopWithinMs: -1 }), "expected stopWithinMs to be an integer from 0 to 2147483647, got: -1"],
    ["a consumer without a handler", () => consumer(bad({})), "expected handleEvents and handleEvent of consumer to be given one of them, got: \"none\""],
    ["a consumer with two handlers", () => consumer(bad({ handleEvents, handleEvent: handleEvents })), "expected handleEvents and handleEvent of consumer to be given one of them, got: \"both\""],
    ["a handleDemand of a producerConsumer", () => producerConsumer(bad({ handleEvents, handleDemand: handleEvents })), "expected the options of producerConsumer to be among"],
    ["a concurrency of 0", () => consumer({ handleEvent: handleEvents, concurrency: 0 }), "expected concurrency to be an integer of at least 1, got: 0"],
    ["a subscribeTo that is no list", () => consumer(bad({ handleEvents, subscribeTo: producer() })), "expected subscribeTo to be a list"],
    ["a subscribeTo of what is no producer", () => consumer(bad({ handleEvents, subscribeTo: [{}] })), "expected the producer of a subscription to be a producer or a producerConsumer, got: an object"],
    ["a minDemand of maxDemand", () => consumer({ handleEvents, subscribeTo: [{ to: producer(), maxDemand: 4, minDemand: 4 }] }), "expected minDemand to be an integer from 0 to 3, got: 4"],
    ["a cancel mode that does not exist", () => consumer(bad({ handleEvents, subscribeTo: [{ to: producer(), cancel: "first" }] })), 'expected cancel to be one of "last", "permanent", "transient", "temporary", got: "first"'],
    ["an unknown option of a subscription", () => consumer(bad({ handleEvents, subscribeTo: [{ to: producer(), max: 4 }] })), "expected the options of a subscription to be among"],
    ["an unknown option of a dispatcher", () => demandDispatcher(bad({ min: 1 })), "expected the options of demandDispatcher to be among"],
    ["a source that is not iterable", () => fromIterable(bad({})), "expected the source of fromIterable to be an iterable"],
  ];

  test.each(cases)("and throws for %s", (_, start, message) => {
    let thrown: unknown;
    try {
      start();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BadOptionError);
    expect(thrown).toMatchObject({ code: "SLUICE_BAD_OPTION", message: expect.stringContaining(message) });
  });
});

describe("when an option is bad, nothing exists afterwards:", () => {
  test("no subscription to the producers that were named before the bad one", async () => {
    const good = new ProducerProbe<number>();
    expect(() => consumer({ subscribeTo: [good.producer, { to: good.producer, maxDemand: 0 }], handleEvents: () => undefined })).toThrow(BadOptionError);
    await settle();
    expect(good.wires).toEqual([]);
  });

  test("no listener on the signal", () => {
    const { signal } = new AbortController();
    expect(() => producer({ signal, bufferSize: 0 })).toThrow(BadOptionError);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("no call of a callback, a dispatcher or a source", async () => {
    const calls: string[] = [];
    const call = (name: string) => (): never => {
      calls.push(name);
      throw new Error(name);
    };
    const options = { bufferSize: 0, dispatcher: call("dispatcher"), handleDemand: call("handleDemand"), handleStop: call("handleStop") };
    expect(() => producer(options)).toThrow(BadOptionError);
    expect(() => fromIterable(call("source"), { bufferSize: 0 })).toThrow(BadOptionError);
    await settle();
    expect(calls).toEqual([]);
  });
});

describe("no callback runs in the turn of the start:", () => {
  test("not when the stage subscribes, and has a consumer that subscribes and asks", async () => {
    const calls: string[] = [];
    const log = (name: string) => (): undefined => void calls.push(name);
    const numbers = producer<number>({ handleSubscribe: log("producer.handleSubscribe"), handleDemand: log("handleDemand") });
    await using printer = consumer({ subscribeTo: [numbers], handleSubscribe: log("consumer.handleSubscribe"), handleEvents: log("handleEvents") });
    expect(calls).toEqual([]);
    await settle();
    expect(printer.snapshot().state).toBe("running");
    expect(calls.toSorted()).toEqual(["consumer.handleSubscribe", "handleDemand", "producer.handleSubscribe"]);
  });

  test("not when its signal has aborted already", async () => {
    const stops: unknown[] = [];
    const stage = producer({ signal: AbortSignal.abort("late"), handleStop: (reason) => void stops.push(reason) });
    expect(stops).toEqual([]);
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "late" });
    expect(stops).toEqual([{ type: "shutdown", reason: "late" }]);
  });

  test("not when it is stopped in the same turn", async () => {
    const stops: unknown[] = [];
    const stage = producer({ handleStop: (reason) => void stops.push(reason) });
    const stopped = stage.stop();
    expect(stops).toEqual([]);
    await stopped;
    expect(stops).toEqual([{ type: "shutdown" }]);
  });
});

describe("a source is first touched by the first demand:", () => {
  test("handleDemand is not called for a consumer that does not ask", async () => {
    const demands: number[] = [];
    await using numbers = producer<number>({ handleDemand: (demand) => void demands.push(demand) });
    const probe = new ConsumerProbe(numbers);
    await settle();
    expect(demands).toEqual([]);
    await probe.ask(3);
    expect(demands).toEqual([3]);
  });

  test("an iterable is not opened before", async () => {
    const calls: string[] = [];
    const iterable: Iterable<number> = {
      [Symbol.iterator]() {
        calls.push("open");
        return { next: () => ({ done: false, value: calls.push("next") }) };
      },
    };
    await using numbers = fromIterable(iterable);
    const probe = new ConsumerProbe(numbers);
    await settle();
    expect(calls).toEqual([]);
    await probe.ask(2);
    expect(calls).toEqual(["open", "next", "next"]);
  });

  test("a function that makes an iterable is not called before", async () => {
    let calls = 0;
    await using numbers = fromIterable(() => {
      calls += 1;
      return [1, 2, 3];
    });
    const probe = new ConsumerProbe(numbers);
    await settle();
    expect(calls).toBe(0);
    await probe.ask(1);
    await probe.ask(1);
    expect(calls).toBe(1);
  });

  test("a stage whose signal has aborted already never touches it", async () => {
    let calls = 0;
    const numbers = fromIterable(() => {
      calls += 1;
      return [1];
    }, { signal: AbortSignal.abort() });
    const probe = new ConsumerProbe(numbers);
    await probe.ask(1);
    expect(calls).toBe(0);
    expect(probe.batches).toEqual([]);
  });
});

describe("a stage asks its producers for maxDemand as soon as it is subscribed:", () => {
  test("a consumer for 1000, unless it says otherwise", async () => {
    const one = new ProducerProbe<number>();
    const other = new ProducerProbe<number>();
    await using printer = consumer({ subscribeTo: [one.producer, { to: other.producer, maxDemand: 7 }], handleEvents: () => undefined });
    await settle();
    expect(printer.role).toBe("consumer");
    expect(one.asks).toEqual([1000]);
    expect(other.asks).toEqual([7]);
  });

  test("a producerConsumer too, without consumers of its own", async () => {
    const probe = new ProducerProbe<number>();
    await using doubler = producerConsumer({ subscribeTo: [{ to: probe.producer, maxDemand: 10 }], handleEvents: (events) => events });
    await settle();
    expect(doubler.snapshot().output?.consumers).toEqual([]);
    expect(probe.asks).toEqual([10]);
  });

  test("and when it subscribes later", async () => {
    const probe = new ProducerProbe<number>();
    await using printer = consumer<number>({ handleEvents: () => undefined });
    await settle();
    printer.subscribe(probe.producer, { maxDemand: 5 });
    await settle();
    expect(probe.asks).toEqual([5]);
  });

  test("but not in manual mode", async () => {
    const probe = new ProducerProbe<number>();
    await using printer = consumer<number>({ handleEvents: () => undefined });
    const subscription = printer.subscribe(probe.producer, { mode: "manual" });
    await settle();
    expect(probe.asks).toEqual([]);
    subscription.ask(2);
    await settle();
    expect(probe.asks).toEqual([2]);
  });
});
