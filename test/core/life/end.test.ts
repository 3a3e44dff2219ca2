import { consumer, pipeline, producer, producerConsumer, type ExitReason } from "sluice";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { above, between } from "./neighbours.ts";

describe("a stage ends normally", () => {
  test("when it was completed from outside", async () => {
    const numbers = producer<number>();
    numbers.complete();
    expect(await numbers.closed).toEqual({ type: "normal" });
  });

  test("when a callback completed it", async () => {
    const { stage, down } = await above<number>({ handleDemand: (_, self) => self.complete() });
    await down.ask(1);
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(down.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "normal" } }]);
  });

  test("when all its input has ended normally", async () => {
    const one = new ProducerProbe<number>();
    const other = new ProducerProbe<number>();
    const printer = consumer({ subscribeTo: [one.producer, other.producer], handleEvents: () => undefined });
    await one.complete();
    expect(printer.snapshot().state).toBe("running");
    await other.complete();
    expect(await printer.closed).toEqual({ type: "normal" });
  });
});

describe("a stage ends with an error", () => {
  test("when a callback fails", async () => {
    const error = new Error("no demand today");
    const { stage, down } = await above<number>({
      handleDemand() {
        throw error;
      },
    });
    const { closed } = stage;
    await down.ask(1);
    expect(await closed).toEqual({ type: "error", error });
    expect(await closed).toHaveProperty("error", error);
  });

  test("when a producer fails and the cancel mode says so", async () => {
    const error = new Error("upstream");
    const { up, stage, down } = await between<number, number>({ handleEvents: (events) => events });
    await up.fail(error);
    const reason = await stage.closed;
    expect(reason).toEqual({ type: "error", error });
    expect((reason as { error: unknown }).error).toBe(error);
    expect(down.end).toEqual({ type: "error", error });
  });
});

describe("a stage ends with a shutdown", () => {
  test("when it is stopped, with the reason that was given", async () => {
    const reason = { because: "tired" };
    const numbers = producer<number>();
    await numbers.stop(reason);
    const ended = await numbers.closed;
    expect(ended).toEqual({ type: "shutdown", reason });
    expect((ended as { reason: unknown }).reason).toBe(reason);
  });

  test("when it is stopped without a reason", async () => {
    const numbers = producer<number>();
    await numbers.stop();
    expect(await numbers.closed).toEqual({ type: "shutdown" });
  });

  test("when a callback stops it", async () => {
    const { stage, down } = await above<number>({ handleDemand: (_, self) => self.stop("enough") });
    await down.ask(1);
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "enough" });
  });

  test("when its signal aborts, with the reason of the signal", async () => {
    const controller = new AbortController();
    const numbers = producer<number>({ signal: controller.signal });
    await settle();
    controller.abort("time is up");
    expect(await numbers.closed).toEqual({ type: "shutdown", reason: "time is up" });
  });

  test("when it is unused", async () => {
    const { stage, down } = await above<number>({ handleDemand: () => [] });
    await down.cancel();
    expect(await stage.closed).toMatchObject({ type: "shutdown" });
  });

  test("when its owner ends", async () => {
    const numbers = producer<number>();
    const controller = new AbortController();
    const running = pipeline(numbers, consumer<number>({ handleEvents: () => undefined }), { signal: controller.signal });
    controller.abort("owner");
    await expect(running).rejects.toBe("owner");
    expect(await numbers.closed).toEqual({ type: "shutdown", reason: "owner" });
  });
});

describe("a stage ends once, and the first cause wins:", () => {
  test("the first of two stops", async () => {
    const { stage, down } = await above<number>({});
    void stage.stop("first");
    void stage.stop("second");
    await settle();
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "first" });
    expect(down.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "shutdown", reason: "first" } }]);
  });

  test("a stop, before the callback in progress fails", async () => {
    const call = deferred<readonly number[]>();
    const { stage, down, reports } = await above<number>({ handleDemand: () => call.promise });
    await down.ask(1);
    const stopped = stage.stop("first");
    const error = new Error("second");
    call.reject(error);
    await stopped;
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "first" });
    expect(reports).toEqual([{ kind: "late-failure", stage: "stage", error }]);
  });

  test("a failure, before a stop while the buffer drains", async () => {
    const error = new Error("first");
    const { stage, down } = await above<number>({});
    stage.emit([1]);
    stage.fail(error);
    await settle();
    await stage.stop("second");
    expect(await stage.closed).toEqual({ type: "error", error });
    expect(down.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error } }]);
  });

  test("a failure, before another one", async () => {
    const first = new Error("first");
    const second = new Error("second");
    const { stage, down, reports } = await above<number>({});
    stage.fail(first);
    stage.fail(second);
    await settle();
    expect(await stage.closed).toEqual({ type: "error", error: first });
    expect(down.ends).toHaveLength(1);
    expect(reports).toEqual([{ kind: "late-failure", stage: "stage", error: second }]);
  });

  test("a failure, before an emit that does not fit", async () => {
    const error = new Error("first");
    const { stage, down } = await above<number>({ bufferSize: 1 });
    stage.emit([1]);
    stage.fail(error);
    stage.emit([2, 3]);
    await settle();
    await down.ask(3);
    expect(down.batches).toEqual([[1]]);
    expect(down.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error } }]);
    const counts = stage.snapshot().output;
    expect(counts).toMatchObject({ emitted: 3, delivered: 1, buffered: 0 });
    expect((counts?.discarded ?? 0) + (counts?.lost ?? 0)).toBe(2);
  });

  test("a failure, before a complete", async () => {
    const error = new Error("first");
    const { stage, down } = await above<number>({});
    stage.fail(error);
    stage.complete();
    await settle();
    expect(await stage.closed).toEqual({ type: "error", error });
    expect(down.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error } }]);
  });

  test("a normal end that has been told, before a stop", async () => {
    const { stage, down } = await above<number>({});
    stage.complete();
    await settle();
    await stage.stop("second");
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(down.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "normal" } }]);
  });

  test("but a normal end that has not delivered its buffer is a shutdown when it is stopped", async () => {
    const { stage, down } = await above<number>({});
    stage.emit([1, 2]);
    stage.complete();
    await settle();
    await stage.stop("no time");
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "no time" });
    expect(down.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "shutdown", reason: "no time" } }]);
    expect(stage.snapshot().output).toMatchObject({ emitted: 2, delivered: 0, buffered: 0, lost: 2 });
  });

  test("handleStop runs once, with the reason that closed gives", async () => {
    const stops: ExitReason[] = [];
    const { stage } = await above<number>({ handleStop: (reason) => void stops.push(reason) });
    await Promise.all([stage.stop("a"), stage.stop("b"), stage[Symbol.asyncDispose]()]);
    await stage.stop("c");
    expect(stops).toEqual([{ type: "shutdown", reason: "a" }]);
    expect(await stage.closed).toBe(stops[0]);
  });

  test("whoever reads closed, early or late, gets the same", async () => {
    const doubler = producerConsumer<number, number>({ handleEvents: (events) => events });
    const early = doubler.closed;
    await doubler.stop("enough");
    expect(await doubler.closed).toBe(await early);
  });

  test("two consumers hear of one end once each", async () => {
    const { stage, down } = await above<number>({});
    const other = new ConsumerProbe(stage);
    await settle();
    stage.complete();
    void stage.stop();
    await settle();
    expect(down.ends).toHaveLength(1);
    expect(other.ends).toHaveLength(1);
  });
});
