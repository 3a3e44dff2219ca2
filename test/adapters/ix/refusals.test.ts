/** What the adapter for IxJS refuses, and what it says then. */
import { toArray } from "ix/asynciterable";
import { describe, expect, test } from "vitest";
import { fromIterable, type Producer } from "sluice";
import { fromIx, throughIx, toIx, type IxIterable } from "sluice/ix";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { Stuck } from "./sources.ts";

/** An async iterable whose iterator is this. */
function iterating(iterator: unknown): AsyncIterable<number> {
  return { [Symbol.asyncIterator]: () => iterator as AsyncIterator<number> };
}

describe("at the call", () => {
  test.each<[string, () => unknown, string]>([
    ["fromIx of a number", () => fromIx(7 as never), "expected the source of fromIx to be an async iterable or an iterable of IxJS, got: 7"],
    ["fromIx of nothing", () => fromIx(null as never), "expected the source of fromIx to be an async iterable or an iterable of IxJS, got: null"],
    ["fromIx of an object", () => fromIx({} as never), "expected the source of fromIx to be an async iterable or an iterable of IxJS, got: "],
    ["fromIx with no options", () => fromIx([1], 7 as never), "the options of fromIx"],
    ["fromIx with odd lists", () => fromIx([1], { lists: 1 as never }), "expected lists to be a boolean, got: 1"],
    ["fromIx with an odd preventAbort", () => fromIx([1], { preventAbort: 1 as never }), "expected preventAbort to be a boolean, got: 1"],
    ["fromIx of lists with an odd closeWithinMs", () => fromIx([[1]], { lists: true, closeWithinMs: -1 }), "expected closeWithinMs to be an integer from 0 to 2147483647, got: -1"],
    ["fromIx of lists with a handleDemand", () => fromIx([[1]], { lists: true, handleDemand: () => [] } as never), "expected the options of fromIx to be without handleDemand, which is its own"],
    ["fromIx of lists with a handleStop", () => fromIx([[1]], { lists: true, handleStop: () => undefined } as never), "expected the options of fromIx to be without handleStop, which is its own"],
    ["fromIx with an odd handleReport", () => fromIx([1], { handleReport: 7 as never }), "expected handleReport to be a function, got: 7"],
    ["fromIx of lists with an odd handleReport", () => fromIx([[1]], { lists: true, handleReport: 7 as never }), "expected handleReport to be a function, got: 7"],
    ["toIx of nothing", () => toIx(null as never), "expected the producer of toIx to be a producer or a producerConsumer, got: null"],
    ["toIx of a number", () => toIx(7 as never), "expected the producer of toIx to be a producer or a producerConsumer, got: 7"],
    ["toIx of a function", () => toIx((() => undefined) as never), "expected the producer of toIx to be a producer or a producerConsumer, got: "],
    ["toIx with an unknown option", () => toIx(fromIterable([1]), { max: 1 } as never), "toIx"],
    ["throughIx of no function", () => throughIx(7 as never), "expected the operators of throughIx to be a function, got: 7"],
    ["throughIx with no options", () => throughIx((source) => source, 7 as never), "the options of throughIx"],
    ["throughIx with odd lists", () => throughIx((source) => source, { lists: 1 as never }), "expected lists to be a boolean, got: 1"],
    ["throughIx with an odd preventAbort", () => throughIx((source) => source, { preventAbort: 1 as never }), "expected preventAbort to be a boolean, got: 1"],
    ["throughIx with an odd closeWithinMs", () => throughIx((source) => source, { closeWithinMs: 0.5 }), "expected closeWithinMs to be an integer from 0 to 2147483647, got: 0.5"],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(message);
  });
});

const NO_ITERATORS: [string, unknown, string][] = [
  ["nothing", undefined, "expected an iterator with a next function, got: undefined"],
  ["null", null, "expected an iterator with a next function, got: null"],
  ["a number", 7, "expected an iterator with a next function, got: 7"],
  ["what has no next", {}, "expected an iterator with a next function, got: an object"],
  ["a function", Object.assign(() => undefined, { next: () => Promise.resolve({ value: 1, done: false }) }), "expected an iterator with a next function, got: "],
];

describe.each(NO_ITERATORS)("an iterator that is %s", (_, iterator, message) => {
  test.each([false, true])("ends the stage (lists: %s)", async (lists) => {
    const stage = fromIx<number>(iterating(iterator) as never, { lists } as never);
    const { closed } = stage;
    await new ConsumerProbe(stage).ask(1);
    expect(await closed).toMatchObject({ type: "error", error: { message: expect.stringContaining(message) as string } });
  });
});

describe("operators", () => {
  test.each<[string, unknown, string]>([
    ["no async iterable", [1], "expected the operators of ix to give an async iterable, got: an array of 1"],
    ["nothing", undefined, "expected the operators of ix to give an async iterable, got: undefined"],
    ["an iterable of nothing", iterating(undefined), "expected an iterator with a next function, got: undefined"],
    ["an iterable of null", iterating(null), "expected an iterator with a next function, got: null"],
    ["an iterable of what has no next", iterating({}), "expected an iterator with a next function, got: "],
    ["a next that gives nothing", iterating({ next: () => undefined }), "expected next() to give an object, got: undefined"],
    ["a next that gives null", iterating({ next: () => null }), "expected next() to give an object, got: null"],
  ])("that give %s end their stage", async (_, given, message) => {
    const up = new ProducerProbe<number>();
    const stage = throughIx<number, number>(() => given as never, { name: "ix", subscribeTo: [up.producer] });
    const end = stage.closed;
    const down = new ConsumerProbe(stage);
    await down.ask(1);
    expect(await end).toMatchObject({ type: "error", error: { message: expect.stringContaining(message) as string } });
  });

  test.each<[string, (source: IxIterable<number>) => unknown]>([
    ["are an async function", async (source) => Promise.resolve(source)],
    ["are an async function that fails", () => Promise.reject(new Error("boom"))],
    ["gather all", (source) => toArray(source)],
  ])("that %s end their stage, and leave no unhandled rejection", async (_, operators) => {
    const up = new ProducerProbe<number>();
    const stage = throughIx<number, number>(operators as never, { name: "ix", subscribeTo: [up.producer] });
    const end = stage.closed;
    await new ConsumerProbe(stage).ask(1);
    expect(await end).toMatchObject({ type: "error", error: { message: "expected the operators of ix to give an async iterable, got: an instance of Promise" } });
    await settle();
  });

  test("that give single events where lists are meant end their stage", async () => {
    const up = new ProducerProbe<number>();
    const stage = throughIx<number, number>((source) => source as never, { name: "ix", lists: true, subscribeTo: [up.producer] });
    const end = stage.closed;
    const next = iterating({ next: () => Promise.resolve({ value: 7, done: false }) });
    const odd = throughIx<number, number>(() => next as never, { name: "odd", lists: true, subscribeTo: [up.producer] });
    const oddEnd = odd.closed;
    await new ConsumerProbe(odd).ask(1);
    expect(await oddEnd).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER", message: "expected the operators of odd to give lists of events, got: 7" } });
    await stage.stop();
    await end;
  });
});

describe("what is no list where lists are meant", () => {
  test("is the last that is asked of operators, whoever wants more", async () => {
    const source = new Stuck();
    const stage = throughIx<number, number>(() => source, { lists: true });
    const { closed } = stage;
    const down = new ConsumerProbe(stage);
    await down.ask(2);
    expect(source.nexts).toBe(2);
    source.bring(7);
    // It is on its way when the stage fails.
    await down.ask(1);
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
    expect([source.nexts, source.returned]).toEqual([2, 1]);
  });

  test("is the last that is asked of a source", async () => {
    const source = new Stuck();
    const stage = fromIx<number>(source, { lists: true });
    const { closed } = stage;
    const down = new ConsumerProbe(stage);
    await down.ask(2);
    source.bring(7);
    expect(await closed).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
    expect([source.nexts, source.returned]).toEqual([2, 1]);
  });

  test.each<[string, (source: Stuck) => Producer<number>]>([
    ["a source", (source) => fromIx<number>(source, { lists: true })],
    ["operators", (source) => throughIx<number, number>(() => source, { lists: true })],
  ])("may be what cannot be looked at (of %s)", async (_, open) => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    const source = new Stuck();
    const stage = open(source);
    const { closed } = stage;
    await new ConsumerProbe(stage).ask(2);
    source.bring(proxy);
    expect(await closed).toMatchObject({ type: "error", error: expect.any(TypeError) as TypeError });
  });
});

test.each<[string, unknown]>([
  ["undefined", undefined],
  ["null", null],
])("a source whose return is %s is left by its signal", async (_, returns) => {
  let signal: AbortSignal | undefined;
  const source = {
    [Symbol.asyncIterator]: (given?: AbortSignal) => {
      signal = given;
      return { next: () => Promise.resolve({ value: 1, done: false }), return: returns } as AsyncIterator<number>;
    },
  };
  const stage = fromIx<number>(source);
  const probe = new ConsumerProbe(stage);
  await probe.ask(1);
  expect(signal?.aborted).toBe(false);
  await stage.stop("enough");
  expect([signal?.aborted, signal?.reason, probe.events]).toEqual([true, "enough", [1]]);
  await settle();
});
