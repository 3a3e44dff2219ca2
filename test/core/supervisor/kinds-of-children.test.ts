import { consumer, pipeline, producer, producerConsumer, supervisor, type Report } from "sluice";
import { settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { Diary, turn } from "./diary.ts";

const failure = new Error("down");

/** Resolves when the signal aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

describe("an async function as a child", () => {
  test("runs in the call of start until its first await", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("task", async (_, { signal }) => {
        diary.note("task");
        await aborted(signal);
      })
      .child("a", () => diary.stage("a"))
      .start();
    expect([diary.read(), tree.snapshot().state]).toEqual([["task", "start a"], "running"]);
  });

  test("is restarted when it rejects, and when it returns, as its kind says", async () => {
    const diary = new Diary();
    let starts = 0;
    const tree = supervisor()
      .child("task", async () => {
        starts += 1;
        diary.note(`start ${starts}`);
        await turn();
        if (starts === 1) throw failure;
      }, { restart: "transient" })
      .start();
    expect(await tree.closed).toEqual({ type: "normal" });
    expect(diary.read()).toEqual(["start 1", "start 2"]);
    expect(tree.snapshot().children[0]).toMatchObject({ state: "ended", restarts: 1, lastEnd: { type: "normal" } });
  });

  test("hears of a stop by its signal, and is awaited", async () => {
    const diary = new Diary();
    const tree = supervisor()
      .child("a", () => diary.stage("a"))
      .child("task", async (_, { signal }) => {
        await aborted(signal);
        diary.note(`told: ${String(signal.reason)}`);
        await turn();
        diary.note("done");
      })
      .start();
    diary.read();
    await tree.stop("enough");
    expect(diary.read()).toEqual(["told: enough", "done", "stop a"]);
  });

  test("has a StoppedError for the reason of a stop without one", async () => {
    let reason: unknown;
    const tree = supervisor({ name: "tree" })
      .child("task", async (_, { signal }) => {
        await aborted(signal);
        reason = signal.reason;
      })
      .start();
    await tree.stop();
    expect(reason).toMatchObject({ code: "SLUICE_STOPPED", message: "tree/task was stopped before its normal end" });
  });

  test.each<[what: string, fail: (signal: AbortSignal) => unknown]>([
    ["with the reason of its signal", (signal) => signal.reason],
    ["with an AbortError", () => new DOMException("aborted", "AbortError")],
  ])("that rejects %s when it is stopped was stopped", async (_, fail) => {
    const reports: Report[] = [];
    const tree = supervisor({ handleReport: (report) => void reports.push(report) })
      .child("task", async (__, { signal }) => {
        await aborted(signal);
        throw fail(signal);
      })
      .start();
    await tree.stop("enough");
    expect(tree.snapshot().children[0]?.lastEnd).toEqual({ type: "shutdown", reason: "enough" });
    expect(reports).toEqual([]);
  });

  test("that fails otherwise when it is stopped is told of", async () => {
    const reports: Report[] = [];
    const tree = supervisor({ name: "tree", handleReport: (report) => void reports.push(report) })
      .child("task", async (_, { signal }) => {
        await aborted(signal);
        throw failure;
      })
      .start();
    await tree.stop();
    expect(reports).toEqual([{ kind: expect.stringMatching(/^(cleanup-failed|late-failure)$/) as string, stage: "tree/task", error: failure }]);
  });

  test("that fails with an AbortError by itself has failed", async () => {
    const own = new DOMException("of somebody else", "AbortError");
    const tree = supervisor({ maxRestarts: 0 })
      .child("task", async () => {
        await turn();
        throw own;
      })
      .start();
    expect(await tree.closed).toMatchObject({ type: "error", error: { cause: own } });
  });

  test("has a signal that aborts at its own end, for what it started beside", async () => {
    let signal: AbortSignal | undefined;
    const tree = supervisor()
      .child("task", async (_, context) => {
        ({ signal } = context);
        await turn();
      }, { restart: "temporary" })
      .start();
    expect(signal?.aborted).toBe(false);
    await tree.closed;
    expect(signal?.aborted).toBe(true);
  });

  test("gets a signal of its own at each start", async () => {
    const signals: AbortSignal[] = [];
    await using tree = supervisor()
      .child("task", async (_, { signal }) => {
        signals.push(signal);
        await aborted(signal);
      })
      .start();
    await tree.restartChild("task");
    expect(signals.map(({ aborted: isAborted }) => isAborted)).toEqual([true, false]);
  });

  test("may read a sibling in a loop, and reads the new one after its restart", async () => {
    const events: number[] = [];
    await using tree = supervisor({ maxRestarts: 1 })
      .child("source", () => producer<number>())
      .child("loop", async ({ source }) => {
        for await (const event of source) events.push(event);
      }, { stopWithinMs: 0 })
      .start();
    tree.children.source.emit([1]);
    await settle();
    tree.children.source.fail(failure);
    await settle();
    tree.children.source.emit([2]);
    await settle();
    expect(events).toEqual([1, 2]);
  });

  test("may be any thenable", async () => {
    const gate = deferred();
    const tree = supervisor()
      // oxlint-disable-next-line unicorn/no-thenable -- the point of this test
      .child("task", () => ({ then: gate.promise.then.bind(gate.promise) }), { restart: "transient" })
      .start();
    gate.resolve();
    expect(await tree.closed).toEqual({ type: "normal" });
  });
});

describe("a pipeline as a child", () => {
  test("runs to its end", async () => {
    const events: number[] = [];
    const tree = supervisor()
      .child("row", (_, { signal }) => {
        const source = producer<number>();
        source.emit([1, 2]);
        source.complete();
        return pipeline(source, (from) => consumer({ subscribeTo: [from], handleEvents: (list) => void events.push(...list) }), { signal });
      }, { restart: "transient" })
      .start();
    expect(await tree.closed).toEqual({ type: "normal" });
    expect(events).toEqual([1, 2]);
  });

  test("is restarted as a whole when a part of it fails", async () => {
    const diary = new Diary();
    let isBad = true;
    await using tree = supervisor({ maxRestarts: 1 })
      .child("row", (_, { signal }) =>
        pipeline(
          diary.stage("source", { handleDemand: () => (isBad ? [1] : undefined) }),
          (from) =>
            producerConsumer({
              subscribeTo: [from],
              handleEvents(): readonly number[] {
                isBad = false;
                throw failure;
              },
            }),
          (from) => consumer({ subscribeTo: [from], handleEvents: () => undefined }),
          { signal },
        ),
      )
      .start();
    await settle();
    expect(diary.read()).toEqual(["start source", "stop source", "start source"]);
    expect(tree.snapshot().children[0]).toMatchObject({ restarts: 1, lastEnd: { type: "error", error: failure } });
  });

  test("stops with its supervisor, with all its stages", async () => {
    const diary = new Diary();
    const tree = supervisor()
      .child("row", (_, { signal }) => pipeline(diary.stage("source"), (from) => consumer({ subscribeTo: [from], handleEvents: () => undefined, handleStop: () => diary.note("stop sink") }), { signal }))
      .start();
    await settle();
    await tree.stop();
    await settle();
    expect(diary.read()).toEqual(["start source", "stop sink", "stop source"]);
    expect(tree.snapshot().children[0]?.lastEnd).toEqual({ type: "shutdown" });
  });
});

describe("the signal of a child that is a stage", () => {
  test("aborts when the stage has ended by itself", async () => {
    const signals: AbortSignal[] = [];
    await using tree = supervisor()
      .child("a", (_, { signal }) => {
        signals.push(signal);
        return producer<number>();
      })
      .start();
    tree.children.a.fail(failure);
    await settle();
    expect(signals.map(({ aborted: isAborted }) => isAborted)).toEqual([true, false]);
  });

  test("aborts when the stage has been stopped", async () => {
    let signal: AbortSignal | undefined;
    const tree = supervisor()
      .child("a", (_, context) => {
        ({ signal } = context);
        return producer<number>();
      })
      .start();
    await tree.stop();
    expect(signal?.aborted).toBe(true);
  });
});
