import { StoppedError, consumer, fromIterable, pipeline, producer, producerConsumer, type CancelMode, type ExitReason, type PushProducer } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { above } from "./neighbours.ts";
import { same } from "./same.ts";

describe("every consumer gets the same ExitReason", () => {
  const error = new Error("source gone");
  const reason = { because: "tired" };
  const ends: readonly (readonly [name: string, end: (stage: PushProducer<number>) => void, expected: unknown])[] = [
    ["of a normal end", (stage) => stage.complete(), { type: "normal" }],
    ["of a shutdown", (stage) => void stage.stop(reason), { type: "shutdown", reason: same(reason) }],
    ["of an error", (stage) => stage.fail(error), { type: "error", error: same(error) }],
  ];

  test.each(ends)("%s", async (_, end, expected) => {
    const { stage, down } = await above<number>({});
    const others = [new ConsumerProbe(stage), new ConsumerProbe(stage)];
    await settle();
    end(stage);
    await settle();
    for (const probe of [down, ...others]) expect(probe.ends).toEqual([{ type: "cancel", kind: "down", reason: expected }]);
    expect(others[0]?.end).toBe(down.end);
    expect(await stage.closed).toBe(down.end);
  });

  test.each(ends)("%s, also through a chain of stages", async (_, end, expected) => {
    const numbers = producer<number>();
    const middle = producerConsumer({ subscribeTo: [numbers], handleEvents: (events) => events });
    const last = producerConsumer({ subscribeTo: [middle], handleEvents: (events) => events });
    const probe = new ConsumerProbe(last);
    await settle();
    end(numbers);
    await settle();
    expect(probe.end).toEqual(expected);
    expect(await middle.closed).toEqual(expected);
    expect(await last.closed).toEqual(expected);
  });
});

test("the cancel mode of each subscription decides what the consumer does", async () => {
  const error = new Error("source gone");
  const numbers = producer<number>();
  const closed: Record<string, ExitReason> = {};
  const modes: readonly CancelMode[] = ["last", "permanent", "transient", "temporary"];
  const consumers = modes.map((cancel) => {
    const stage = consumer({ subscribeTo: [{ to: numbers, cancel }], handleEvents: () => undefined });
    void stage.closed.then((reason) => (closed[cancel] = reason));
    return stage;
  });
  await settle();
  void numbers.stop("enough");
  await settle();
  expect(closed).toEqual({ last: { type: "shutdown", reason: "enough" }, permanent: { type: "shutdown", reason: "enough" } });

  const others = producer<number>();
  const transient = consumer({ subscribeTo: [{ to: others, cancel: "transient" }], handleEvents: () => undefined });
  const end = transient.closed;
  await settle();
  others.fail(error);
  expect(await end).toEqual({ type: "error", error: same(error) });
  for (const each of consumers) await each.stop();
});

describe("a shutdown is never shown as a normal end to a reader:", () => {
  const reason = { because: "tired" };
  const stopped = expect.objectContaining({ name: "StoppedError", code: "SLUICE_STOPPED", message: "numbers was stopped before its normal end", cause: same(reason) }) as unknown;

  test.each([
    ["a loop", (numbers: PushProducer<number>) => numbers[Symbol.asyncIterator]()],
    ["a loop over events", (numbers: PushProducer<number>) => numbers.events()],
    ["a loop over batches", (numbers: PushProducer<number>) => numbers.batches()],
  ])("%s throws a StoppedError, with the reason as its cause", async (_, read) => {
    const numbers = producer<number>({ name: "numbers" });
    const reader = read(numbers);
    const next = reader.next();
    await settle();
    void numbers.stop(reason);
    await expect(next).rejects.toEqual(stopped);
    await expect(next).rejects.toBeInstanceOf(StoppedError);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test("the loop itself throws it", async () => {
    const numbers = producer<number>({ name: "numbers" });
    const got: number[] = [];
    const loop = (async () => {
      for await (const n of numbers) {
        got.push(n);
        void numbers.stop(reason);
      }
    })();
    numbers.emit([1]);
    await expect(loop).rejects.toEqual(stopped);
    expect(got).toEqual([1]);
  });

  test("a StoppedError without a reason has no cause", async () => {
    const numbers = producer<number>();
    const next = numbers[Symbol.asyncIterator]().next();
    await settle();
    void numbers.stop();
    const error: unknown = await next.catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StoppedError);
    expect(error).not.toHaveProperty("cause");
  });

  test("a pipeline whose producer was stopped rejects with it", async () => {
    const numbers = producer<number>({ name: "numbers" });
    const running = pipeline(numbers, (from) => consumer({ subscribeTo: [from], handleEvents: () => undefined }));
    void numbers.stop(reason);
    await expect(running).rejects.toMatchObject({ code: "SLUICE_STOPPED", cause: reason });
  });

  test("a pipeline whose consumer was stopped rejects with it", async () => {
    const printer = consumer<number>({ name: "printer", handleEvents: () => undefined });
    const running = pipeline(producer<number>(), printer);
    void printer.stop(reason);
    await expect(running).rejects.toMatchObject({ code: "SLUICE_STOPPED", message: "printer was stopped before its normal end", cause: reason });
  });

  test("a loop ends quietly after a normal end only", async () => {
    const got: number[] = [];
    for await (const n of fromIterable([1, 2])) got.push(n);
    expect(got).toEqual([1, 2]);
  });

  test("handleComplete runs after a normal end only", async () => {
    const calls: string[] = [];
    const numbers = producer<number>();
    const printer = consumer({ subscribeTo: [numbers], handleEvents: () => undefined, handleComplete: () => void calls.push("complete") });
    await settle();
    void numbers.stop();
    expect(await printer.closed).toEqual({ type: "shutdown" });
    expect(calls).toEqual([]);
  });
});

test("an error reaches a reader by identity, behind the events that came before it", async () => {
  const error = new Error("source gone");
  const numbers = producer<number>();
  const got: number[] = [];
  const loop = (async () => {
    for await (const n of numbers) got.push(n);
  })();
  await settle();
  numbers.emit([1, 2]);
  numbers.fail(error);
  await expect(loop).rejects.toBe(error);
  expect(got).toEqual([1, 2]);
});
