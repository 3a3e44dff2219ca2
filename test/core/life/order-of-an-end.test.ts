import { producer, type ExitReason } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { deferred } from "../support/deferred.ts";
import { never, watch } from "./outcome.ts";
import { above, between } from "./neighbours.ts";
import { downByShutdown, downNormally, downWith, same } from "./same.ts";

describe("before a normal end", () => {
  test("queued input is handled, handleComplete emits, and the buffer is delivered on demand", async () => {
    const handled: number[][] = [];
    const { up, stage, down } = await between<number, string>({
      handleEvents(events) {
        handled.push([...events]);
        return events.map((event) => `event ${event}`);
      },
      handleComplete: () => ["total", "average"],
    });
    await up.emit(1, 2, 3);
    await up.complete();
    expect(handled).toEqual([]);
    expect(stage.snapshot()).toMatchObject({ state: "running", input: { queued: 3 } });

    await down.ask(1);
    // The queued events of a producer that is gone come as one batch, as in GenStage.
    expect(handled).toEqual([[1, 2, 3]]);
    expect(down.batches).toEqual([["event 1"]]);

    await down.ask(3);
    expect(down.batches.slice(1)).toEqual([["event 2", "event 3"], ["total"]]);
    expect(stage.snapshot()).toMatchObject({ state: "draining", waitingFor: "draining", output: { buffered: 1 } });
    expect(down.ends).toEqual([]);

    await down.ask(1);
    expect(down.batches.slice(3)).toEqual([["average"]]);
    expect(down.ends).toEqual([downNormally]);
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("queued input that waits for demand is handled first, though the stage itself has called complete", async () => {
    const log: string[] = [];
    const { up, stage, down } = await between<number, number>({
      handleEvents(events, _, self) {
        log.push(`handle ${events.join()}`);
        self.complete();
        return events;
      },
      handleComplete: () => void log.push("complete"),
    });
    await up.emit(1);
    await up.emit(2);
    await down.ask(1);
    expect(log).toEqual(["handle 1"]);
    expect(stage.snapshot()).toMatchObject({ state: "finishing", input: { queued: 1 } });
    expect(down.ends).toEqual([]);
    await down.ask(1);
    expect(log).toEqual(["handle 1", "handle 2", "complete"]);
    expect(down.batches).toEqual([[1], [2]]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("handleComplete waits for the callback in progress, and runs before what it emits is needed", async () => {
    const call = deferred<readonly number[]>();
    const log: string[] = [];
    const { up, down } = await between<number, number>({
      handleEvents: () => call.promise,
      handleComplete: () => void log.push("handleComplete"),
    });
    await down.ask(5);
    await up.emit(1);
    await up.complete();
    expect(log).toEqual([]);
    call.resolve([10]);
    await settle();
    expect(log).toEqual(["handleComplete"]);
    expect(down.batches).toEqual([[10]]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("a promise of handleComplete is awaited, and its list emitted", async () => {
    const call = deferred<readonly number[]>();
    const { up, stage, down } = await between<number, number>({ handleEvents: () => [], handleComplete: () => call.promise });
    await up.complete();
    expect(stage.snapshot().waitingFor).toBe("callback");
    expect(down.ends).toEqual([]);
    call.resolve([1]);
    await down.ask(1);
    expect(down.batches).toEqual([[1]]);
    expect(down.ends).toEqual([downNormally]);
  });

  test("nothing is waited for when nothing is queued or buffered", async () => {
    const { up, down } = await between<number, number>({ handleEvents: (events) => events });
    await up.complete();
    expect(down.ends).toEqual([downNormally]);
  });
});

describe("at a normal end", () => {
  test("the signal aborts, then handleStop runs, then consumers are told, then closed resolves", async () => {
    const log: string[] = [];
    const stopping = deferred();
    const { stage, down } = await above<number>({
      handleDemand(_, self) {
        self.signal.addEventListener("abort", () => void log.push("signal"));
        self.complete();
      },
      handleStop(reason) {
        log.push(`handleStop ${reason.type}, ${down.ends.length} told`);
        return stopping.promise;
      },
    });
    void stage.closed.then((reason) => log.push(`closed ${reason.type}, ${down.ends.length} told`));
    await down.ask(1);
    expect(log).toEqual(["signal", "handleStop normal, 0 told"]);
    expect(stage.snapshot()).toMatchObject({ state: "stopping", waitingFor: "stopping" });
    expect(down.ends).toEqual([]);

    stopping.resolve();
    await settle();
    expect(log).toEqual(["signal", "handleStop normal, 0 told", "closed normal, 1 told"]);
    expect(down.ends).toEqual([downNormally]);
    expect(stage.snapshot()).toMatchObject({ state: "ended", waitingFor: "ended" });
  });

  test.each([
    ["throws", (error: Error) => (): never => { throw error; }],
    ["rejects", (error: Error) => () => Promise.reject(error)],
  ])("a handleStop that %s turns it into that error, for the consumers too", async (_, failing) => {
    const error = new Error("disk full");
    const { stage, down, reports } = await above<number>({ handleStop: failing(error) });
    stage.complete();
    await settle();
    expect(down.ends).toEqual([downWith(error)]);
    expect(await stage.closed).toEqual({ type: "error", error: same(error) });
    expect(reports).toEqual([]);
  });

  test("a consumer that comes while handleStop is pending hears the end that it leads to", async () => {
    const error = new Error("disk full");
    const stopping = deferred();
    const { stage, down } = await above<number>({ handleStop: () => stopping.promise });
    stage.complete();
    await settle();
    const late = new ConsumerProbe(stage);
    await settle();
    stopping.reject(error);
    await settle();
    expect(down.ends).toEqual([downWith(error)]);
    expect(late.ends).toEqual([downWith(error)]);
  });
});

describe("at an error", () => {
  test("the buffer is delivered on demand, then the error", async () => {
    const error = new Error("source gone");
    const { stage, down } = await above<number>({});
    stage.emit([1, 2, 3]);
    stage.fail(error);
    await settle();
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([]);
    await down.ask(2);
    expect(down.batches).toEqual([[1, 2]]);
    expect(down.ends).toEqual([]);
    await down.ask(2);
    expect(down.batches).toEqual([[1, 2], [3]]);
    expect(down.ends).toEqual([downWith(error)]);
    expect(stage.snapshot().output).toMatchObject({ emitted: 3, delivered: 3, buffered: 0, lost: 0 });
  });

  test("with nothing buffered it passes at once, without demand", async () => {
    const error = new Error("source gone");
    const { up, down } = await between<number, number>({ handleEvents: (events) => events });
    await up.fail(error);
    expect(down.ends).toEqual([downWith(error)]);
  });

  test("queued input is not handled any more, and counts as lost", async () => {
    const error = new Error("bad event");
    const call = deferred();
    const handled: unknown[] = [];
    const { up, stage, down } = await between<number, number>({
      handleEvents(events) {
        handled.push(events);
        return call.promise.then(() => []);
      },
      handleComplete: () => void handled.push("complete"),
    });
    await down.ask(10);
    await up.emit(1);
    await up.emit(2, 3);
    expect(stage.snapshot()).toMatchObject({ waitingFor: "callback", input: { inCallback: 1 } });
    call.reject(error);
    await settle();
    expect(handled).toEqual([[1]]);
    expect(down.ends).toEqual([downWith(error)]);
    expect(stage.snapshot().input).toMatchObject({ received: 3, queued: 0, inCallback: 0, handled: 0, failed: 1, lost: 2 });
  });

  test("input that waited for demand is not handled either", async () => {
    const error = new Error("bad event");
    const handled: number[][] = [];
    const { up, stage, down } = await between<number, number>({
      handleEvents(events) {
        handled.push([...events]);
        throw error;
      },
    });
    await up.emit(1);
    await up.emit(2, 3);
    await down.ask(10);
    expect(handled).toEqual([[1]]);
    expect(down.ends).toEqual([downWith(error)]);
    expect(stage.snapshot().input).toMatchObject({ received: 3, queued: 0, handled: 0, failed: 1, lost: 2 });
  });

  test("what is in the buffer of a producerConsumer whose producer fails is delivered first", async () => {
    const error = new Error("source gone");
    const { up, stage, down } = await between<number, number>({ handleEvents: (events) => events.flatMap((event) => [event, event * 10]) });
    await down.ask(1);
    await up.emit(1, 2);
    await up.fail(error);
    expect(down.batches).toEqual([[1]]);
    expect(down.ends).toEqual([]);
    expect(stage.snapshot()).toMatchObject({ state: "draining", output: { buffered: 3 } });
    await down.ask(5);
    expect(down.batches).toEqual([[1], [10, 2, 20]]);
    expect(down.ends).toEqual([downWith(error)]);
  });

  test("what a failing batch leaves behind counts as lost, and the batch as failed", async () => {
    const error = new Error("bad event");
    const { up, stage, down } = await between<number, number>({
      handleEvents() {
        throw error;
      },
    });
    await down.ask(10);
    await up.emit(1, 2, 3, 4);
    expect(stage.snapshot().input).toMatchObject({ received: 4, queued: 0, inCallback: 0, handled: 0, failed: 2, lost: 2 });
    expect(down.ends).toEqual([downWith(error)]);
  });

  test("the producers are told at once, though the buffer still waits for demand", async () => {
    const error = new Error("bad event");
    let calls = 0;
    const { up, down } = await between<number, number>({
      handleEvents(events) {
        calls += 1;
        if (calls === 2) throw error;
        return events;
      },
    });
    await down.ask(1);
    await up.emit(1, 2, 3, 4);
    expect(up.cancels).toEqual([downWith(error)]);
    expect(down.batches).toEqual([[1]]);
    expect(down.ends).toEqual([]);
    await down.ask(1);
    expect(down.batches).toEqual([[1], [2]]);
    expect(down.ends).toEqual([downWith(error)]);
  });

  test("no callback runs while the buffer drains", async () => {
    const calls: string[] = [];
    const log = (name: string) => (): undefined => void calls.push(name);
    const { stage, down } = await above<number>({
      handleDemand: log("handleDemand"),
      handleSubscribe: log("handleSubscribe"),
      handleCancel: log("handleCancel"),
      handleInfo: log("handleInfo"),
      handleStop: log("handleStop"),
    });
    const leaver = new ConsumerProbe(stage);
    stage.emit([1, 2]);
    await settle();
    calls.length = 0;
    stage.fail(new Error("source gone"));
    await settle();
    stage.info("hello");
    const late = new ConsumerProbe(stage);
    await leaver.cancel();
    expect(late.ends).toHaveLength(1);
    await down.ask(1);
    expect(calls).toEqual([]);
    await down.ask(5);
    expect(down.batches).toEqual([[1], [2]]);
    expect(calls).toEqual(["handleStop"]);
  });

  test("a callback that was due when it came does not run", async () => {
    const calls: string[] = [];
    const { stage, down } = await above<number>({
      handleDemand() {
        throw new Error("source gone");
      },
      handleSubscribe: () => void calls.push("handleSubscribe"),
    });
    calls.length = 0;
    void down.ask(1);
    const late = new ConsumerProbe(stage);
    await settle();
    expect(late.ends).toHaveLength(1);
    expect(calls).toEqual([]);
  });

  test("callbacks that wait behind the one that fails do not run", async () => {
    const error = new Error("bad message");
    const infos: unknown[] = [];
    const { stage, down } = await above<number>({
      handleInfo(message) {
        infos.push(message);
        throw error;
      },
    });
    stage.emit([1]);
    await settle();
    stage.info("first");
    stage.info("second");
    await settle();
    expect(infos).toEqual([]);
    await down.ask(1);
    expect(infos).toEqual(["first"]);
    expect(down.batches).toEqual([[1]]);
    expect(down.ends).toEqual([downWith(error)]);
  });

  test("new subscribers are answered with the error while the buffer drains", async () => {
    const error = new Error("source gone");
    const { stage, down } = await above<number>({});
    stage.emit([1]);
    stage.fail(error);
    await settle();
    const late = new ConsumerProbe(stage);
    await late.ask(1);
    expect(late.batches).toEqual([]);
    expect(late.ends).toEqual([downWith(error)]);
    await down.ask(1);
    expect(down.batches).toEqual([[1]]);
  });

  test("when nobody asks, it stays in the wait state draining until it is stopped", async () => {
    const error = new Error("source gone");
    const { stage, down } = await above<number>({});
    stage.emit([1, 2]);
    stage.fail(error);
    const end = watch(stage.closed);
    await settle();
    expect(stage.snapshot()).toMatchObject({ state: "draining", waitingFor: "draining", output: { buffered: 2 } });
    expect(end).toEqual({});
    await stage.stop();
    expect(end.value).toEqual({ type: "error", error: same(error) });
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([downWith(error)]);
    expect(stage.snapshot().output).toMatchObject({ buffered: 0, lost: 2 });
  });

  test("the signal aborts with the error, then consumers are told at once, then handleStop runs, then closed resolves", async () => {
    const error = new Error("source gone");
    const stopping = deferred();
    const log: string[] = [];
    const { stage, down } = await above<number>({
      handleDemand(_, self) {
        self.signal.addEventListener("abort", () => void log.push(`signal ${String(self.signal.reason === error)}`));
        throw error;
      },
      handleStop(reason) {
        log.push(`handleStop ${reason.type}`);
        return stopping.promise;
      },
    });
    void stage.closed.then((reason) => log.push(`closed ${reason.type}`));
    await down.ask(1);
    expect(log).toEqual(["signal true", "handleStop error"]);
    expect(down.ends).toEqual([downWith(error)]);
    stopping.resolve();
    await settle();
    expect(log).toEqual(["signal true", "handleStop error", "closed error"]);
  });

  test("a failure of handleStop is reported as cleanup-failed, and the end stays that error", async () => {
    const error = new Error("first");
    const cleanup = new Error("second");
    const { stage, reports } = await above<number>({ handleStop: () => Promise.reject(cleanup) });
    stage.fail(error);
    expect(await stage.closed).toEqual({ type: "error", error: same(error) });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "stage", error: same(cleanup) }]);
  });
});

describe("at a shutdown", () => {
  test("nothing is delivered any more: what is buffered is lost, and counted", async () => {
    const { stage, down } = await above<number>({});
    stage.emit([1, 2, 3]);
    await down.ask(1);
    void stage.stop();
    await down.ask(2);
    expect(down.batches).toEqual([[1]]);
    expect(stage.snapshot().output).toEqual(expect.objectContaining({ emitted: 3, delivered: 1, buffered: 0, discarded: 0, lost: 2 }));
  });

  test("what was emitted in the same turn is lost, whether it would have fitted or not", async () => {
    const { stage, down, reports } = await above<number>({ bufferSize: 2 });
    stage.emit([1, 2, 3, 4]);
    await stage.stop();
    await settle();
    expect(down.batches).toEqual([]);
    expect(stage.snapshot().output).toMatchObject({ emitted: 4, delivered: 0, buffered: 0, discarded: 0, lost: 4 });
    expect(reports).toEqual([]);
  });

  test("nothing is handled any more: what is queued is lost, and counted", async () => {
    const handled: unknown[] = [];
    const { up, stage } = await between<number, number>({ handleEvents: (events) => void handled.push(events), handleComplete: () => void handled.push("complete") });
    await up.emit(1, 2, 3);
    await stage.stop();
    expect(handled).toEqual([]);
    expect(stage.snapshot().input).toMatchObject({ received: 3, queued: 0, inCallback: 0, handled: 0, failed: 0, lost: 3 });
  });

  test("what is in the buffer of a producerConsumer whose producer is shut down is lost", async () => {
    const { up, stage, down } = await between<number, number>({ handleEvents: (events) => events.flatMap((event) => [event, event * 10]) });
    await down.ask(1);
    await up.emit(1, 2);
    await up.wire.end("down", { type: "shutdown", reason: "enough" });
    expect(down.batches).toEqual([[1]]);
    expect(down.ends).toEqual([downByShutdown("enough")]);
    expect(stage.snapshot().output).toMatchObject({ emitted: 4, delivered: 1, buffered: 0, lost: 3 });
  });

  test("a producer that has ended already hears nothing", async () => {
    const { up, stage } = await between<number, number>({ handleEvents: (events) => events });
    await up.emit(1, 2);
    await up.complete();
    await stage.stop();
    await settle();
    expect(up.cancels).toEqual([]);
    expect(stage.snapshot().input).toMatchObject({ received: 2, lost: 2 });
  });

  test("the signal aborts with the reason that was given", async () => {
    const reason = { because: "tired" };
    let signal: AbortSignal | undefined;
    const { stage, down } = await above<number>({ handleDemand: (_, self) => void (signal = self.signal) });
    await down.ask(1);
    expect(signal?.aborted).toBe(false);
    await stage.stop(reason);
    expect(signal?.aborted).toBe(true);
    expect(signal?.reason).toBe(reason);
  });

  test("the signal that is looked at for the first time afterwards has aborted already", async () => {
    let signal: (() => AbortSignal) | undefined;
    const { stage, down } = await above<number>({ handleDemand: (_, self) => void (signal = () => self.signal) });
    await down.ask(1);
    await stage.stop("enough");
    expect(signal?.()).toMatchObject({ aborted: true, reason: "enough" });
  });

  test("the signal of a callback in progress aborts while it is pending", async () => {
    const calls: string[] = [];
    const { stage, down } = await above<number>({
      handleDemand: (_, self) =>
        new Promise<void>((resolve) => {
          self.signal.addEventListener("abort", () => {
            calls.push("aborted");
            resolve();
          });
        }),
    });
    await down.ask(1);
    await stage.stop();
    expect(calls).toEqual(["aborted"]);
  });

  test("both neighbours are told at once, though a callback is in progress; handleStop runs once, after it", async () => {
    const call = deferred<readonly number[]>();
    const stops: ExitReason[] = [];
    const { up, stage, down } = await between<number, number>({ handleEvents: () => call.promise, handleStop: (reason) => void stops.push(reason) });
    await down.ask(2);
    await up.emit(1);
    const stopped = watch(stage.stop("now").then(() => "stopped"));
    await settle();
    expect(down.ends).toEqual([downByShutdown("now")]);
    expect(up.cancels).toEqual([downByShutdown("now")]);
    expect(stops).toEqual([]);
    expect(stopped).toEqual({});

    call.resolve([10, 20]);
    await settle();
    expect(stops).toEqual([{ type: "shutdown", reason: "now" }]);
    expect(stopped.value).toBe("stopped");
  });

  test("the list of a callback that settles after it is counted lost, not delivered", async () => {
    const call = deferred<readonly number[]>();
    const { up, stage, down } = await between<number, number>({ handleEvents: () => call.promise });
    await down.ask(2);
    await up.emit(1);
    const stopped = stage.stop();
    call.resolve([10, 20]);
    await stopped;
    expect(down.batches).toEqual([]);
    expect(stage.snapshot().output).toMatchObject({ emitted: 2, delivered: 0, buffered: 0, lost: 2 });
    expect(stage.snapshot().input).toMatchObject({ received: 1, inCallback: 0, handled: 1, lost: 0 });
  });

  test("the list that a callback returns after it has called stop is counted lost", async () => {
    const { stage, down } = await above<number>({
      handleDemand(_, self) {
        self.stop();
        return [1, 2];
      },
    });
    await down.ask(2);
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([downByShutdown()]);
    expect(stage.snapshot().output).toMatchObject({ emitted: 2, delivered: 0, lost: 2 });
  });

  test("closed resolves after handleStop, and its failure is reported as cleanup-failed", async () => {
    const cleanup = new Error("disk full");
    const stopping = deferred();
    const { stage, reports } = await above<number>({ handleStop: () => stopping.promise });
    const end = watch(stage.closed);
    void stage.stop("enough");
    await settle();
    expect(end).toEqual({});
    stopping.reject(cleanup);
    await settle();
    expect(end.value).toEqual({ type: "shutdown", reason: "enough" });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "stage", error: same(cleanup) }]);
  });
});

describe("stopWithinMs", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const timeout: unknown = expect.objectContaining({ code: "SLUICE_TIMEOUT" });

  test("is 5,000: so long handleStop waits for a callback in progress", async () => {
    const stops: string[] = [];
    const { stage, down, reports } = await above<number>({ handleDemand: never, handleStop: (reason) => void stops.push(reason.type) });
    await down.ask(1);
    const end = watch(stage.stop().then(() => stage.closed));
    await vi.advanceTimersByTimeAsync(4_999);
    await settle();
    expect(stops).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(stops).toEqual(["shutdown"]);
    expect(end.value).toEqual({ type: "shutdown" });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "stage", error: timeout }]);
  });

  test("has passed when the callback settles: its list is lost, and counted", async () => {
    const call = deferred<readonly number[]>();
    const { stage, down } = await above<number>({ handleDemand: () => call.promise, stopWithinMs: 50 });
    await down.ask(1);
    const stopped = stage.stop();
    await settle();
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    call.resolve([1, 2]);
    await settle();
    expect(down.batches).toEqual([]);
    expect(down.ends).toEqual([downByShutdown()]);
    expect(stage.snapshot()).toMatchObject({ state: "ended", output: { emitted: 2, lost: 2 } });
  });

  test("has passed when the callback settles: handleStop runs once, though it is pending still", async () => {
    const call = deferred();
    const stopping = deferred();
    const stops: string[] = [];
    const { stage, down } = await above<number>({
      handleDemand: () => call.promise,
      handleStop(reason) {
        stops.push(reason.type);
        return stopping.promise;
      },
      stopWithinMs: 50,
    });
    await down.ask(1);
    const stopped = watch(stage.stop().then(() => "stopped"));
    await settle();
    await vi.advanceTimersByTimeAsync(50);
    await settle();
    call.resolve();
    await settle();
    expect(stops).toEqual(["shutdown"]);
    stopping.resolve();
    await settle();
    expect(stopped.value).toBe("stopped");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("has passed when the callback fails: that is reported, and changes nothing", async () => {
    const error = new Error("late");
    const call = deferred();
    const stops: string[] = [];
    const { stage, down, reports } = await above<number>({ handleDemand: () => call.promise, handleStop: () => void stops.push("stop"), stopWithinMs: 50 });
    await down.ask(1);
    const stopped = stage.stop();
    await settle();
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    call.reject(error);
    await settle();
    expect(stops).toEqual(["stop"]);
    expect(await stage.closed).toEqual({ type: "shutdown" });
    expect(reports.slice(1)).toEqual([{ kind: "late-failure", stage: "stage", error: same(error) }]);
  });

  test("bounds the wait for handleStop after a shutdown, and is reported as cleanup-failed", async () => {
    const { stage, reports } = await above<number>({ handleStop: never, stopWithinMs: 50 });
    const end = watch(stage.closed);
    void stage.stop();
    await vi.advanceTimersByTimeAsync(49);
    await settle();
    expect(end).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(end.value).toEqual({ type: "shutdown" });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "stage", error: timeout }]);
  });

  test("bounds the wait for handleStop after a normal end, which becomes an error", async () => {
    const { stage, down, reports } = await above<number>({ handleStop: never, stopWithinMs: 50 });
    stage.complete();
    await settle();
    expect(down.ends).toEqual([]);
    await vi.advanceTimersByTimeAsync(50);
    await settle();
    expect(await stage.closed).toEqual({ type: "error", error: timeout });
    expect(down.ends).toEqual([{ type: "cancel", kind: "down", reason: { type: "error", error: timeout } }]);
    expect(reports).toEqual([]);
  });

  test("leaves no timer behind when the callback settles in time", async () => {
    const call = deferred();
    const { stage, down } = await above<number>({ handleDemand: () => call.promise, handleStop: () => Promise.resolve() });
    await down.ask(1);
    const stopped = stage.stop();
    await settle();
    expect(vi.getTimerCount()).toBe(1);
    call.resolve();
    await stopped;
    expect(vi.getTimerCount()).toBe(0);
  });

  test("of handleStop: a failure after the deadline is reported, and changes nothing", async () => {
    const stopping = deferred();
    const late = new Error("late");
    const { stage, reports } = await above<number>({ handleStop: () => stopping.promise, stopWithinMs: 50 });
    void stage.stop();
    await settle();
    await vi.advanceTimersByTimeAsync(50);
    expect(await stage.closed).toEqual({ type: "shutdown" });
    stopping.reject(late);
    await settle();
    expect(reports).toEqual([
      { kind: "cleanup-failed", stage: "stage", error: timeout },
      { kind: "cleanup-failed", stage: "stage", error: same(late) },
    ]);
  });
});

describe("a normal end with a buffer and no consumer", () => {
  test("drains: new subscribers are accepted and get the buffer, then the end", async () => {
    const numbers = producer<number>();
    numbers.emit([1, 2, 3]);
    numbers.complete();
    await settle();
    expect(numbers.snapshot()).toMatchObject({ state: "draining", waitingFor: "draining", output: { buffered: 3 } });

    const first = new ConsumerProbe(numbers);
    await first.ask(2);
    expect(first.batches).toEqual([[1, 2]]);
    expect(first.ends).toEqual([]);

    const second = new ConsumerProbe(numbers);
    await second.ask(2);
    expect(second.batches).toEqual([[3]]);
    expect(second.ends).toEqual([downNormally]);
    expect(first.ends).toEqual([downNormally]);
    expect(await numbers.closed).toEqual({ type: "normal" });
  });

  test("drains until it is stopped", async () => {
    const numbers = producer<number>();
    numbers.emit([1]);
    numbers.complete();
    await numbers.stop("nobody came");
    expect(await numbers.closed).toEqual({ type: "shutdown", reason: "nobody came" });
    expect(numbers.snapshot().output).toMatchObject({ emitted: 1, lost: 1 });
  });
});
