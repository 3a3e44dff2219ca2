import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import {
  BadOptionError,
  StoppedError,
  consumer,
  fromIterable,
  pipeline,
  producer,
  producerConsumer,
  setReporter,
  type Consumer,
  type ExitReason,
  type Producer,
  type ProducerConsumer,
  type Report,
} from "sluice";
import { settle } from "sluice/testing";
import { deferred } from "./support/deferred.ts";
import { range } from "./support/range.ts";

/** Numbers from 0 without end, that remember how they were stopped. */
function numbers(stops: ExitReason[] = []): Producer<number> {
  let next = 0;
  return producer<number>({
    name: "numbers",
    handleDemand: (demand) => Array.from({ length: demand }, () => next++),
    handleStop: (reason) => void stops.push(reason),
  });
}

const double = (from: Producer<number>): ProducerConsumer<number, number> =>
  producerConsumer({ subscribeTo: [from], handleEvents: (events) => events.map((event) => event * 2) });

const collect =
  (into: unknown[]) =>
  (from: Producer<unknown>): Consumer<unknown> =>
    consumer({ subscribeTo: [from], handleEvents: (events) => void into.push(...events) });

describe("a pipeline", () => {
  test("connects its parts, runs, and resolves when all have ended normally", async () => {
    const seen: unknown[] = [];
    await expect(pipeline(fromIterable(range(5)), double, double, collect(seen))).resolves.toBeUndefined();
    expect(seen).toEqual([0, 4, 8, 12, 16]);
  });

  test("subscribes a part that is a stage to the one before it", async () => {
    const seen: number[] = [];
    const source = fromIterable(range(3));
    const middle = producerConsumer<number, string>({ handleEvents: (events) => events.map(String) });
    const sink = consumer<string>({ handleEvents: (events) => void seen.push(...events.map(Number)) });
    await pipeline(source, middle, sink);
    expect(seen).toEqual([0, 1, 2]);
    expect([source, middle, sink].map((stage) => stage.snapshot().state)).toEqual(["ended", "ended", "ended"]);
  });

  test("may be given undefined for its options", async () => {
    await expect(pipeline(fromIterable([1]), collect([]), undefined)).resolves.toBeUndefined();
  });

  test("gives each function the stage before it", async () => {
    const source = fromIterable([1]);
    const given: unknown[] = [];
    let middle: unknown;
    await pipeline(
      source,
      (from) => {
        given.push(from);
        const stage = double(from);
        middle = stage;
        return stage;
      },
      (from) => {
        given.push(from);
        return collect([])(from);
      },
    );
    expect(given).toEqual([source, middle]);
  });

  test("waits for the releases of all stages", async () => {
    const gate = deferred();
    let isOver = false;
    const run = pipeline(
      producer<number>({ handleDemand: (_demand, self) => self.complete(), handleStop: () => gate.promise }),
      collect([]),
    ).then(() => (isOver = true));
    await settle();
    expect(isOver).toBe(false);
    gate.resolve();
    await run;
    expect(isOver).toBe(true);
  });

  test.each(["source", "middle", "sink"])("rejects with the error of its %s, after it has stopped the others", async (place) => {
    const failure = new Error(`the ${place} failed`);
    const fail = (here: string): void => {
      if (here === place) throw failure;
    };
    const ends: [string, ExitReason][] = [];
    const end = (name: string) => async (reason: ExitReason) => {
      await settle();
      ends.push([name, reason]);
    };
    const run = pipeline(
      producer<number>({
        handleDemand(demand) {
          fail("source");
          return range(demand);
        },
        handleStop: end("source"),
      }),
      (from) =>
        producerConsumer({
          subscribeTo: [from],
          handleEvents(events) {
            fail("middle");
            return events;
          },
          handleStop: end("middle"),
        }),
      (from) => consumer({ subscribeTo: [from], handleEvents: () => fail("sink"), handleStop: end("sink") }),
    );
    await expect(run).rejects.toBe(failure);
    // All have released what they held before the pipeline rejects.
    expect(ends.map(([name]) => name).toSorted()).toEqual(["middle", "sink", "source"]);
    expect(ends.find(([name]) => name === place)?.[1]).toEqual({ type: "error", error: failure });
  });

  test("rejects with one of two errors of one turn, and reports the other", async () => {
    const reports: Report[] = [];
    const before = setReporter((report) => reports.push(report));
    try {
      const [made, handled] = [deferred<readonly number[]>(), deferred()];
      let calls = 0;
      const run = pipeline(
        producer<number>({ handleDemand: () => ((calls += 1) === 1 ? [1, 2] : made.promise) }),
        // One event is handled at once and asks again, the other is being handled when the source is asked.
        (from) => consumer({ subscribeTo: [{ to: from, maxDemand: 2, minDemand: 1 }], handleEvent: (event) => (event === 1 ? undefined : handled.promise) }),
      );
      const outcome = run.then(
        () => undefined,
        (error: unknown) => error,
      );
      await settle();
      expect(calls).toBe(2);
      const errors: unknown[] = [new Error("the source failed"), new Error("the sink failed")];
      made.reject(errors[0]);
      handled.reject(errors[1]);
      const primary = await outcome;
      await settle();
      expect(errors).toContain(primary);
      const other = errors.find((error) => error !== primary);
      expect(reports.map((report) => "error" in report && report.error)).toContain(other);
    } finally {
      setReporter(before);
    }
  });

  test("rejects with a StoppedError when one of its stages is stopped by hand", async () => {
    const source = numbers();
    const run = pipeline(source, collect([]));
    const outcome = expect(run).rejects.toMatchObject({ code: "SLUICE_STOPPED", cause: "by hand" });
    await source.stop("by hand");
    await outcome;
    await expect(run).rejects.toThrow(StoppedError);
  });

  test("resolves when its consumer completes early, and stops the stages before it", async () => {
    const stops: ExitReason[] = [];
    const seen: number[] = [];
    await pipeline(numbers(stops), double, (from) =>
      consumer({
        subscribeTo: [{ to: from, maxDemand: 1 }],
        handleEvent(event, self) {
          seen.push(event);
          if (seen.length === 3) self.complete();
        },
      }),
    );
    expect(seen).toEqual([0, 2, 4]);
    expect(stops).toEqual([{ type: "shutdown" }]);
  });

  test("resolves when a part in the middle completes early: what it gave is handled, what is before it stops", async () => {
    const stops: ExitReason[] = [];
    const seen: unknown[] = [];
    let taken = 0;
    await pipeline(
      numbers(stops),
      (from) =>
        producerConsumer({
          subscribeTo: [{ to: from, maxDemand: 2 }],
          handleEvent(event, self) {
            taken += 1;
            if (taken === 3) self.complete();
            return taken <= 3 ? [event] : [];
          },
        }),
      collect(seen),
    );
    expect(seen).toEqual([0, 1, 2]);
    expect(stops).toEqual([{ type: "shutdown" }]);
  });

  test("owns its stages: one that is left unused is not stopped for that", async () => {
    const source = producer<number>({ name: "source", whenUnused: "stop" });
    let subscription: { cancel(): Promise<void> } | undefined;
    const sink = consumer<number>({ handleEvents: () => undefined, handleSubscribe: (from) => void (subscription = from) });
    const run = pipeline(source, sink);
    await settle();
    await subscription?.cancel();
    await settle();
    expect([source.snapshot().state, sink.snapshot().state]).toEqual(["running", "running"]);
    await sink.stop();
    await expect(run).rejects.toThrow(StoppedError);
    expect(source.snapshot().state).toBe("ended");
  });

  test("leaves a stage alone that another owns", async () => {
    const source = numbers();
    const first = pipeline(source, collect([]));
    await pipeline(source, (from) =>
      consumer({ subscribeTo: [{ to: from, maxDemand: 1 }], handleEvent: (_event, self) => self.complete() }),
    );
    expect(source.snapshot().state).toBe("running");
    const outcome = expect(first).rejects.toThrow(StoppedError);
    await source.stop();
    await outcome;
  });
});

describe("a pipeline that is aborted", () => {
  test("before it starts never touches its source, stops its stages, and rejects with the reason", async () => {
    let calls = 0;
    const source = producer<number>({ handleDemand: () => void (calls += 1) });
    const run = pipeline(source, () => expect.unreachable(), { signal: AbortSignal.abort("too late") });
    await expect(run).rejects.toBe("too late");
    await settle();
    expect([calls, source.snapshot().state]).toEqual([0, "ended"]);
  });

  test("while it runs rejects with the reason itself and stops all stages", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const stops: ExitReason[] = [];
    const sink = consumer<number>({ handleEvents: () => undefined, handleStop: (end) => void stops.push(end) });
    const run = pipeline(producer<number>({ handleStop: (end) => void stops.push(end) }), sink, { signal: controller.signal });
    await settle();
    controller.abort(reason);
    await expect(run).rejects.toBe(reason);
    await settle();
    expect(stops).toEqual([
      { type: "shutdown", reason },
      { type: "shutdown", reason },
    ]);
  });

  test("while a callback is stuck rejects at once, without waiting for it", async () => {
    const controller = new AbortController();
    const gate = deferred();
    const sink = consumer<number>({ handleEvents: () => gate.promise });
    const run = pipeline(fromIterable(range(10)), sink, { signal: controller.signal });
    await settle();
    controller.abort("enough");
    await expect(run).rejects.toBe("enough");
    expect(sink.snapshot().state).toBe("stopping");
    gate.resolve();
    await settle();
    expect(sink.snapshot().state).toBe("ended");
  });

  test("after its end changes nothing, and no listener is left on the signal", async () => {
    const controller = new AbortController();
    for (const _ of range(20)) await pipeline(fromIterable(range(3)), collect([]), { signal: controller.signal });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    await expect(pipeline(fromIterable<number>([]), () => { throw new Error("no"); }, { signal: controller.signal })).rejects.toThrow("no");
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    controller.abort();
  });
});

describe("a part of a pipeline", () => {
  test("that throws while it is built stops those before it, and rejects with that error", async () => {
    const failure = new Error("cannot build");
    const stops: ExitReason[] = [];
    let middle: ProducerConsumer<number, number> | undefined;
    const run = pipeline(
      numbers(stops),
      (from) => (middle = double(from)),
      () => {
        throw failure;
      },
    );
    await expect(run).rejects.toBe(failure);
    expect(middle?.snapshot().state).toBe("ended");
    expect(stops).toHaveLength(1);
  });

  test.each<[string, readonly unknown[], string]>([
    ["is nothing", [fromIterable([1]), undefined, collect([])], "part 2 of the pipeline to be a producerConsumer, got: undefined"],
    ["is no stage", [fromIterable([1]), () => 7], "part 2 of the pipeline to be a consumer, got: 7"],
    ["is a consumer in the middle", [fromIterable([1]), (from: Producer<number>) => collect([])(from), collect([])], "part 2 of the pipeline to be a producerConsumer, got: \"consumer\""],
    ["is a producer at the end", [fromIterable([1]), () => fromIterable([1])], "part 2 of the pipeline to be a consumer, got: \"producer\""],
    ["is a function at the start", [() => fromIterable([1]), collect([])], "part 1 of the pipeline to be a producer"],
    ["is a consumer at the start", [consumer({ handleEvents: () => undefined }), collect([])], "part 1 of the pipeline to be a producer"],
    ["is the only one", [fromIterable([1])], "a producer and a consumer"],
  ])("that %s is a bad option", async (_name, parts, message) => {
    const run = (pipeline as (...given: readonly unknown[]) => Promise<void>)(...parts);
    await expect(run).rejects.toThrow(BadOptionError);
    await expect(run).rejects.toThrow(message);
    for (const part of parts) if (typeof part === "object" && part !== null) await (part as Producer<number>).stop();
  });

  test("that is no stage stops those before it", async () => {
    const stops: ExitReason[] = [];
    await expect(pipeline(numbers(stops), (() => 7) as never)).rejects.toThrow(BadOptionError);
    expect(stops).toHaveLength(1);
  });

  test.each<[object, string]>([
    [{ signal: "now" }, 'expected signal to be an AbortSignal, got: "now"'],
    [{ signall: undefined }, 'got: "signall"'],
  ])("cannot be options like %j", async (options, message) => {
    const source = fromIterable([1]);
    const run = pipeline(source, collect([]), options);
    await expect(run).rejects.toThrow(BadOptionError);
    await expect(run).rejects.toThrow(message);
    await source.stop();
  });
});
