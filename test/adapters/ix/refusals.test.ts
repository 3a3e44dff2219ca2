/** What the adapter for IxJS refuses, and what it says then. */
import { describe, expect, test } from "vitest";
import { fromIterable } from "sluice";
import { fromIx, throughIx, toIx } from "sluice/ix";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";

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
    ["fromIx of lists with a handleDemand", () => fromIx([[1]], { lists: true, handleDemand: () => [] } as never), "handleDemand"],
    ["fromIx of lists with a handleStop", () => fromIx([[1]], { lists: true, handleStop: () => undefined } as never), "handleStop"],
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
