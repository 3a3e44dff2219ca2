import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { BadOptionError, SluiceError, consumer, demandDispatcher, producer, producerConsumer, type Dispatcher, type Producer, type Recipient } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { show } from "../../src/core/errors.ts";

/** The error of a starter function that is given anything. */
function refusal(start: (options: never) => unknown, options: unknown): BadOptionError {
  try {
    start(options as never);
  } catch (error) {
    expect(error).toBeInstanceOf(BadOptionError);
    return error as BadOptionError;
  }
  throw new Error(`expected ${JSON.stringify(options)} to be refused`);
}

const handler = { handleEvents: (): void => undefined };
const starters = [
  ["producer", producer, {}],
  ["producerConsumer", producerConsumer, handler],
  ["consumer", consumer, handler],
] as const;

const aFunction = ["a function", 7, "7"] as const;

const forAll: readonly (readonly [option: string, expected: string, value: unknown, shown: string])[] = [
  ["name", "a string", 7, "7"],
  ["signal", "an AbortSignal", {}, "an object"],
  ["signal", "an AbortSignal", new AbortController(), "an instance of AbortController"],
  ["stopWithinMs", "an integer from 0 to 2147483647", -1, "-1"],
  ["stopWithinMs", "an integer from 0 to 2147483647", 2 ** 31, "2147483648"],
  ["stopWithinMs", "an integer from 0 to 2147483647", Number.NaN, "NaN"],
  ["stopWithinMs", "an integer from 0 to 2147483647", "100", '"100"'],
  ["timing", "a boolean", "yes", '"yes"'],
  ["handleSubscribe", ...aFunction],
  ["handleCancel", ...aFunction],
  ["handleInfo", ...aFunction],
  ["handleStop", ...aFunction],
  ["handleReport", ...aFunction],
];

const forProducing: typeof forAll = [
  ["dispatcher", "a function", {}, "an object"],
  ["bufferSize", "an integer of at least 1, or Infinity", 0, "0"],
  ["bufferSize", "an integer of at least 1, or Infinity", -1, "-1"],
  ["bufferSize", "an integer of at least 1, or Infinity", 1.5, "1.5"],
  ["bufferSize", "an integer of at least 1, or Infinity", Number.NaN, "NaN"],
  ["bufferSize", "an integer of at least 1, or Infinity", "10", '"10"'],
  ["bufferSize", "an integer of at least 1, or Infinity", 2 ** 53, "9007199254740992"],
  ["bufferKeep", 'one of "first", "last", or what latestBy() returns', "both", '"both"'],
  ["bufferKeep", 'one of "first", "last", or what latestBy() returns', null, "null"],
  ["bufferKeep", 'one of "first", "last", or what latestBy() returns', { type: "latestBy" }, "an object"],
  ["bufferKeep", 'one of "first", "last", or what latestBy() returns', { type: "latestBy", key: 7 }, "an object"],
  ["bufferKeep", 'one of "first", "last", or what latestBy() returns', { type: "earliestBy", key: (): number => 7 }, "an object"],
  ["bufferKeep", 'one of "first", "last", or what latestBy() returns', { key: (): number => 7 }, "an object"],
  ["bufferLow", "an integer of at least 0", -1, "-1"],
  ["handleBufferLow", "a function", "low", '"low"'],
  ["whenUnused", 'one of "stop", "wait"', true, "true"],
  ["handleDiscarded", ...aFunction],
];

const forConsuming: typeof forAll = [
  ["handleEvents", ...aFunction],
  ["handleEvent", ...aFunction],
  ["handleComplete", ...aFunction],
  ["subscribeTo", "a list of stages, or of { to: stage, ...options }", 7, "7"],
];

const table = [
  ...starters.flatMap(([role]) => forAll.map((row) => [role, ...row] as const)),
  ...forProducing.map((row) => ["producer", ...row] as const),
  ...forProducing.map((row) => ["producerConsumer", ...row] as const),
  ["producer", "demand", 'one of "forward", "accumulate"', "later", '"later"'] as const,
  ["producer", "handleDemand", ...aFunction] as const,
  ...forConsuming.map((row) => ["producerConsumer", ...row] as const),
  ...forConsuming.map((row) => ["consumer", ...row] as const),
];

describe("a bad option", () => {
  test.each(table)("of %s: %s must be %s", (role, option, expected, value, shown) => {
    const [, start, others] = starters.find(([name]) => name === role) ?? starters[0];
    const error = refusal(start, { ...others, [option]: value });
    expect(error.message).toBe(`expected ${option} to be ${expected}, got: ${shown}`);
    expect([error.option, error.code, error.name]).toEqual([option, "SLUICE_BAD_OPTION", "BadOptionError"]);
    expect(error).toBeInstanceOf(SluiceError);
  });

  test.each([
    ["concurrency", 0, "an integer of at least 1, got: 0"],
    ["concurrency", 1.5, "an integer of at least 1, got: 1.5"],
    ["concurrency", Infinity, "an integer of at least 1, got: Infinity"],
    ["ordered", "no", 'a boolean, got: "no"'],
  ])("of handleEvent: %s cannot be %j", (option, value, message) => {
    for (const start of [producerConsumer, consumer]) {
      const error = refusal(start, { handleEvent: () => undefined, [option]: value });
      expect(error.message).toBe(`expected ${option} to be ${message}`);
    }
  });

  test.each(starters)("of %s: an unknown one is named, with those that are known", (role, start, others) => {
    const error = refusal(start, { ...others, handelStop: () => undefined });
    expect(error.message).toMatch(new RegExp(`^expected the options of ${role} to be among .*handleStop.*, got: "handelStop"$`));
  });

  test.each(starters)("of %s: the options must be an object", (role, start) => {
    for (const options of [null, 7, "options"]) {
      expect(refusal(start, options).message).toContain(`expected the options of ${role} to be a plain object, got: `);
    }
  });

  test.each([
    ["producer", producer, { subscribeTo: [] }, "subscribeTo"],
    ["producer", producer, handler, "handleEvents"],
    ["producer", producer, { handleComplete: () => undefined }, "handleComplete"],
    ["consumer", consumer, { ...handler, bufferSize: 10 }, "bufferSize"],
    ["consumer", consumer, { ...handler, handleDemand: (): void => undefined }, "handleDemand"],
    ["producerConsumer", producerConsumer, { ...handler, handleDemand: (): void => undefined }, "handleDemand"],
    ["producerConsumer", producerConsumer, { ...handler, demand: "accumulate" }, "demand"],
  ])("of %s: what belongs to another kind of stage is unknown (%#)", (role, start, options, option) => {
    const error = refusal(start, options);
    expect(error.message).toContain(`the options of ${role}`);
    expect(error.message).toContain(`got: "${option}"`);
  });

  test.each([producerConsumer, consumer])("is one handler of two, or none", (start) => {
    expect(refusal(start, {}).message).toContain("handleEvents and handleEvent");
    expect(refusal(start, { ...handler, handleEvent: () => undefined }).message).toContain("handleEvents and handleEvent");
  });

  test.each(["concurrency", "ordered"])("is %s without handleEvent", (option) => {
    for (const start of [producerConsumer, consumer]) {
      expect(refusal(start, { ...handler, [option]: option === "ordered" ? true : 2 }).option).toBe(option);
    }
  });

  test("that is undefined counts as not given", async () => {
    const options = Object.fromEntries([...forAll, ...forProducing].map(([option]) => [option, undefined]));
    await using stage = producer<number>(options);
    expect(stage.emit([1])).toBe(9999);
  });

  test("whose name is that of a method of every object is unknown", () => {
    for (const name of ["toString", "constructor", "__proto__x", "hasOwnProperty"]) {
      expect(refusal(producer, { [name]: () => undefined }).message).toContain(`got: "${name}"`);
    }
  });
});

describe("a bad subscription", () => {
  const { producer: source } = new ProducerProbe<number>();

  test.each<[string, unknown, string]>([
    ["nothing", undefined, "expected the producer of a subscription to be a producer or a producerConsumer, got: undefined"],
    ["a number", 7, "expected the producer of a subscription to be a producer or a producerConsumer, got: 7"],
    ["an array", [1], "expected the producer of a subscription to be a producer or a producerConsumer, got: an array of 1"],
    ["a consumer", consumer(handler), "expected the producer of a subscription to be a producer or a producerConsumer"],
    ["an entry to nothing", { to: undefined }, "expected the producer of a subscription to be a producer or a producerConsumer, got: undefined"],
    ["maxDemand 0", { to: source, maxDemand: 0 }, "expected maxDemand to be an integer of at least 1, got: 0"],
    ["minDemand of maxDemand", { to: source, maxDemand: 10, minDemand: 10 }, "expected minDemand to be an integer from 0 to 9, got: 10"],
    ["minDemand -1", { to: source, minDemand: -1 }, "expected minDemand to be an integer from 0 to 999, got: -1"],
    ["a cancel mode", { to: source, cancel: "never" }, 'expected cancel to be one of "last", "permanent", "transient", "temporary", got: "never"'],
    ["a mode", { to: source, mode: "slow" }, 'expected mode to be one of "automatic", "manual", got: "slow"'],
    ["an unknown option", { to: source, maxDemnad: 1 }, 'got: "maxDemnad"'],
    ["an option of another dispatcher", { to: source, partition: 1 }, 'got: "partition"'],
  ])("at the start fails the start: %s", (_name, entry, message) => {
    const error = refusal(consumer, { ...handler, subscribeTo: [entry] });
    expect(error.message).toContain(message);
  });

  test("fails the call of subscribe, and the consumer lives", async () => {
    await using sink = consumer<number>(handler);
    expect(() => sink.subscribe(7 as never)).toThrow(BadOptionError);
    expect(() => sink.subscribe(source, { maxDemand: 0 })).toThrow("expected maxDemand to be an integer of at least 1, got: 0");
    expect(() => sink.subscribe(source, { replaces: 7 as never })).toThrow(BadOptionError);
    expect(sink.snapshot()).toMatchObject({ state: "running", input: { subscriptions: [] } });
  });

  test("may give what the dispatcher declares", async () => {
    const declaring = new ProducerProbe<number>({ dispatchOptions: ["partition"] });
    await using sink = consumer<number>(handler);
    expect(sink.subscribe(declaring.producer, { partition: 1 }).name).toBe("probe");
    expect(() => sink.subscribe(declaring.producer, { selector: () => true })).toThrow('got: "selector"');
  });
});

describe("before a bad option is found", () => {
  test("nothing has been subscribed to", async () => {
    const probe = new ProducerProbe<number>();
    refusal(consumer, { ...handler, subscribeTo: [probe.producer, { to: probe.producer, maxDemand: 0 }] });
    await settle();
    expect(probe.wires).toEqual([]);
  });

  test("no dispatcher has been made, no callback has run, and nobody listens to the signal", async () => {
    const { signal } = new AbortController();
    refusal(producer, {
      signal,
      dispatcher: () => expect.unreachable(),
      handleStop: () => expect.unreachable(),
      bufferSize: 0,
    });
    await settle();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("a stage that was started", () => {
  test("has a name of its own, if none was given", async () => {
    await using one = producer<number>();
    await using other = producer<number>();
    expect(one.name).toMatch(/^producer \d+$/);
    expect(other.name).not.toBe(one.name);
  });

  test("has the dispatcher that it was given, made for it alone", async () => {
    let made = 0;
    const dispatcher = (host: Parameters<ReturnType<typeof demandDispatcher<number>>>[0]): ReturnType<ReturnType<typeof demandDispatcher<number>>> => {
      made += 1;
      return demandDispatcher<number>()(host);
    };
    await using one = producer<number>({ dispatcher });
    await using other = producer<number>({ dispatcher });
    expect(made).toBe(2);
    const stages: Producer<number>[] = [one, other];
    expect(stages.map((stage) => stage.role)).toEqual(["producer", "producer"]);
  });

  test("has a custom dispatcher that decides who gets what", async () => {
    // All to the first, in pairs, as far as it has asked.
    await using source = producer<number>({
      dispatcher: () => {
        const recipients: { send(events: readonly number[]): void }[] = [];
        let capacity = 0;
        return {
          subscribe: (recipient) => void recipients.push(recipient),
          ask: (recipient, demand) => void (capacity += recipient === recipients[0] ? demand : 0),
          cancel: () => undefined,
          get capacity() {
            return capacity;
          },
          dispatch(events) {
            const pair = events.slice(0, Math.min(2, capacity));
            recipients[0]?.send(pair);
            capacity -= pair.length;
            return pair.length;
          },
        };
      },
      handleDemand: (demand) => Array.from({ length: demand }, (_, index) => index),
    });
    const [ann, bob] = [new ConsumerProbe(source), new ConsumerProbe(source)];
    await bob.ask(3);
    await ann.ask(3);
    expect([ann.batches, bob.batches]).toEqual([[[0, 1], [2]], []]);
  });
});

describe("a dispatcher that takes less than it could", () => {
  /** Sends pairs to the first consumer, and leaves an odd event for later. */
  function pairs(): Dispatcher<number> {
    let recipient: Recipient<number> | undefined;
    let capacity = 0;
    return {
      subscribe: (each) => void (recipient ??= each),
      ask: (_each, demand) => void (capacity += demand),
      cancel: () => undefined,
      get capacity() {
        return capacity;
      },
      dispatch(events) {
        const taken = events.length - (events.length % 2);
        for (let from = 0; from < taken; from += 2) recipient?.send(events.slice(from, from + 2));
        capacity -= taken;
        return taken;
      },
    };
  }

  test("gets the rest again, before what comes later", async () => {
    await using source = producer<number>({ dispatcher: pairs });
    const probe = new ConsumerProbe(source);
    await probe.ask(10);
    source.emit([1, 2, 3]);
    await settle();
    expect([probe.batches, source.bufferedCount]).toEqual([[[1, 2]], 1]);
    source.emit([4, 5]);
    await settle();
    expect([probe.batches, source.bufferedCount]).toEqual([[[1, 2], [3, 4]], 1]);
    source.emit([6]);
    await settle();
    expect(probe.batches).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(source.snapshot().output).toMatchObject({ emitted: 6, delivered: 6, buffered: 0 });
  });
});

describe("a value in a message", () => {
  test.each<[unknown, string]>([
    [undefined, "undefined"],
    [null, "null"],
    [1.5, "1.5"],
    [10n, "10n"],
    ["a\nb", '"a\\nb"'],
    ["x".repeat(100), `"${"x".repeat(57)}..."`],
    [Symbol("s"), "Symbol(s)"],
    [() => 1, "a function"],
    [function named() {}, "function named"],
    [[1, 2, 3], "an array of 3"],
    [{ a: 1 }, "an object"],
    [Object.create(null), "an object"],
    [new Map(), "an instance of Map"],
  ])("is shown in short: %#", (value, shown) => {
    expect(show(value)).toBe(shown);
  });

  test("that cannot be looked at is shown all the same", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(show(proxy)).toBe("a value that cannot be shown");
  });
});

describe("the handle of a subscription", () => {
  test("takes a demand that is a whole number, and no other", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer<number>(handler);
    const subscription = sink.subscribe(probe.producer, { mode: "manual" });
    for (const demand of [-1, 1.5, Number.NaN]) expect(() => subscription.ask(demand)).toThrow(`expected demand to be an integer of at least 0, got: ${demand}`);
    subscription.ask(0);
    await settle();
    expect(probe.asked).toBe(0);
  });

  test("takes a reason, and nothing else, for its end", async () => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer<number>(handler);
    const subscription = sink.subscribe(probe.producer);
    expect(() => subscription.cancel("enough" as never)).toThrow("expected the reason of a cancel to be");
    void subscription.cancel({ type: "shutdown", reason: "enough" });
    await probe.expectCancel({ type: "shutdown", reason: "enough" });
  });
});

describe("the option replaces", () => {
  const { producer: source } = new ProducerProbe<number>();

  test.each<[unknown, string]>([
    [7, "expected replaces to be an object with a subscription, got: 7"],
    [null, "expected replaces to be an object with a subscription, got: null"],
    [{}, "expected replaces to be an object with a subscription, got: "],
    [{ subscription: undefined, reason: "enough" }, "expected replaces to be an object whose reason is "],
    [{ subscription: undefined, reason: { type: "odd" } }, "expected replaces to be an object whose reason is "],
  ])("is refused: %j", async (replaces, message) => {
    await using sink = consumer<number>(handler);
    expect(() => sink.subscribe(source, { replaces: replaces as never })).toThrow(message);
  });

  test("is given to subscribe, not to the start", async () => {
    await using sink = consumer<number>(handler);
    const subscription = sink.subscribe(source);
    const error = refusal(consumer, { ...handler, subscribeTo: [{ to: source, replaces: { subscription } }] });
    expect(error.message).toContain("expected replaces to be given to `subscribe`: a new consumer has no older subscription, got: ");
  });
});

test("a wire that has ended takes no events: the producer is told, and it is reported", async () => {
  const reports: unknown[] = [];
  const probe = new ProducerProbe<number>({ name: "numbers" });
  await using sink = consumer<number>({ ...handler, name: "sink", handleReport: (report) => reports.push(report) });
  sink.subscribe(probe.producer, { cancel: "temporary" });
  await settle();
  await probe.complete();
  await probe.emit(1);
  expect(reports).toMatchObject([{ kind: "late-signal", partner: "numbers", signal: "events" }]);
  expect(probe.cancels.at(-1)).toMatchObject({ reason: { error: { code: "SLUICE_UNKNOWN_SUBSCRIPTION", message: "sink is not subscribed to numbers" } } });
});

describe("the shape of a value", () => {
  test.each<[string, unknown]>([
    ["a number", 7],
    ["nothing", null],
    ["an empty object", {}],
    ["another type", { type: "odd" }],
    ["an error without one", { type: "error" }],
    ["an error of another type", { type: "odd", error: new Error("x") }],
  ])("that is to be a reason: %s is none", async (_, reason) => {
    const probe = new ProducerProbe<number>();
    await using sink = consumer<number>(handler);
    const subscription = sink.subscribe(probe.producer);
    expect(() => subscription.cancel(reason as never)).toThrow("expected the reason of a cancel to be { type: 'normal' }, { type: 'shutdown' } or { type: 'error', error }, got: ");
    await settle();
    expect(probe.cancels).toEqual([]);
    await probe.complete();
  });

  test.each<[string, unknown]>([
    ["normal", { type: "normal" }],
    ["a shutdown", { type: "shutdown" }],
    ["an error, be it undefined", { type: "error", error: undefined }],
  ])("that is to be a reason: %s is one", async (_, reason) => {
    const probe = new ProducerProbe<number>();
    const sink = consumer<number>(handler);
    const subscription = sink.subscribe(probe.producer, { cancel: "temporary" });
    void subscription.cancel(reason as never);
    await probe.expectCancel(reason as never);
    await probe.wire.end("cancel", reason as never);
    await sink.stop();
  });

  test.each<[string, unknown]>([
    ["an object without a listener", { aborted: false }],
    ["an object that is not aborted or otherwise", { addEventListener: () => undefined }],
    ["an object whose listener is no function", { aborted: false, addEventListener: true }],
    ["nothing", null],
  ])("that is to be a signal: %s is none", (_, signal) => {
    expect(refusal(producer, { signal }).message).toContain("expected signal to be an AbortSignal, got: ");
  });
});

describe("what a stage is asked for", () => {
  test("that a consumer cannot do is refused: it cannot emit", async () => {
    let emit: ((events: readonly number[]) => unknown) | undefined;
    const probe = new ProducerProbe<number>();
    await using sink = consumer({
      name: "sink",
      subscribeTo: [probe.producer],
      handleEvents: (_events, _from, self) => void (emit = (events) => (self as unknown as { emit(events: readonly number[]): unknown }).emit(events)),
    });
    await settle();
    await probe.emit(1);
    expect(() => emit?.([1])).toThrow("sink is a consumer and cannot emit");
    await probe.complete();
    await sink.closed;
  });

  test("behind its end is refused: it takes no more events", async () => {
    let emit: (() => unknown) | undefined;
    await using source = producer<number>({ name: "source", handleDemand: (_demand, self) => void (emit = () => self.emit([1])) });
    await new ConsumerProbe(source).ask(1);
    await source.stop();
    expect(() => emit?.()).toThrow("source has ended: it takes no more events");
  });

  test("is a function that runs: a generator function of a consumer would do nothing", async () => {
    const probe = new ProducerProbe<number>();
    const sink = consumer({ name: "sink", subscribeTo: [probe.producer], handleEvents: function* () {} as never });
    const end = sink.closed;
    await settle();
    await probe.emit(1);
    expect(await end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_RETURN", message: "expected handleEvents of sink to be a function that runs, got: a generator function" } });
  });

  test("may return an object with anything in it, where nothing is to come of it", async () => {
    for (const value of [{ next: 1 }, { value: 1 }, 7, "next"]) {
      const probe = new ProducerProbe<number>();
      const sink = consumer({ subscribeTo: [probe.producer], handleEvents: () => value as never });
      await settle();
      await probe.emit(1);
      await probe.complete();
      expect(await sink.closed).toEqual({ type: "normal" });
    }
  });

  test("may throw when its result is looked at: that is a failure of the callback", async () => {
    const error = new Error("do not look");
    const probe = new ProducerProbe<number>();
    const has = (): never => {
      throw error;
    };
    const sink = consumer({ subscribeTo: [probe.producer], handleEvents: () => new Proxy({}, { has }) as never });
    const end = sink.closed;
    await settle();
    await probe.emit(1);
    expect(await end).toEqual({ type: "error", error });
  });
});
