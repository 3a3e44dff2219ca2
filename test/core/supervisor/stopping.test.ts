import { producer, supervisor, type ExitReason, type Report } from "sluice";
import { settle } from "sluice/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { never, watch } from "../life/outcome.ts";
import { deferred } from "../support/deferred.ts";
import { Diary, turn } from "./diary.ts";

const failure = new Error("down");

describe("a stop", () => {
  test("ends the children in reverse order, one after the other", async () => {
    const diary = new Diary();
    const slow = (name: string) => diary.stage(name, { handleStop: () => turn().then(() => diary.note(`${name} has stopped`)) });
    const tree = supervisor()
      .child("a", () => slow("a"))
      .child("b", () => slow("b"))
      .child("c", () => slow("c"))
      .start();
    diary.read();
    await tree.stop();
    expect(diary.read()).toEqual(["stop c", "c has stopped", "stop b", "b has stopped", "stop a", "a has stopped"]);
  });

  test.each<[given: unknown, end: ExitReason]>([
    [undefined, { type: "shutdown" }],
    ["enough", { type: "shutdown", reason: "enough" }],
    [failure, { type: "shutdown", reason: failure }],
    [null, { type: "shutdown", reason: null }],
  ])("with %s as a reason ends it, and its children, so", async (given, end) => {
    const tree = supervisor().child("a", () => producer<number>()).start();
    const { a } = tree.children;
    await tree.stop(given);
    expect([await tree.closed, await a.closed]).toEqual([end, end]);
  });

  test("is what await using does", async () => {
    const diary = new Diary();
    {
      await using tree = supervisor()
        .child("a", () => diary.stage("a", { handleStop: turn }))
        .child("b", () => diary.stage("b"))
        .start();
      expect(tree.snapshot().state).toBe("running");
      diary.read();
    }
    expect(diary.read()).toEqual(["stop b", "stop a"]);
  });

  test("may be called any number of times: the first reason wins, and all calls resolve at the end", async () => {
    const tree = supervisor()
      .child("a", () => producer<number>({ handleStop: turn }))
      .start();
    await Promise.all([tree.stop("first"), tree.stop("second"), tree[Symbol.asyncDispose]()]);
    await tree.stop("third");
    expect(await tree.closed).toEqual({ type: "shutdown", reason: "first" });
  });

  test("of a supervisor that has no children ends it", async () => {
    const tree = supervisor().start();
    await tree.stop();
    expect([tree.snapshot().state, await tree.closed]).toEqual(["ended", { type: "shutdown" }]);
  });

  test("says in its snapshot how far it is", async () => {
    const gate = deferred();
    const tree = supervisor()
      .child("a", () => producer<number>())
      .child("b", () => producer<number>({ handleStop: () => gate.promise }))
      .start();
    const stopping = tree.stop();
    await settle();
    expect(tree.snapshot()).toMatchObject({ state: "stopping", children: [{ state: "running" }, { name: "b" }] });
    gate.resolve();
    await stopping;
    expect(tree.snapshot()).toMatchObject({ state: "ended", children: [{ state: "ended" }, { state: "ended" }] });
  });

  test("restarts nobody who ends meanwhile", async () => {
    const diary = new Diary();
    const gate = deferred();
    const tree = supervisor()
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b", { handleStop: () => gate.promise }))
      .start();
    const stopping = tree.stop();
    await settle();
    tree.children.a.fail(failure);
    await settle();
    gate.resolve();
    await stopping;
    expect(diary.read()).toEqual(["start a", "start b", "stop b", "stop a"]);
    expect(await tree.closed).toEqual({ type: "shutdown" });
  });

  test("during a restart stops those who are up, and starts no more", async () => {
    const diary = new Diary();
    const gate = deferred();
    const tree = supervisor({ strategy: "oneForAll" })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b", { handleStop: () => gate.promise }))
      .child("c", () => diary.stage("c"))
      .start();
    diary.read();
    tree.children.c.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["stop c", "stop b"]);
    const stopping = tree.stop();
    gate.resolve();
    await stopping;
    expect(diary.read()).toEqual(["stop a"]);
    expect(tree.snapshot().children.map(({ state }) => state)).toEqual(["ended", "ended", "ended"]);
  });

  test("during a restart by hand leaves that child down", async () => {
    const diary = new Diary();
    const gate = deferred();
    const tree = supervisor()
      .child("a", () => diary.stage("a", { handleStop: () => gate.promise }))
      .start();
    const restarted = watch(tree.restartChild("a"));
    await settle();
    const stopping = tree.stop();
    gate.resolve();
    await stopping;
    await settle();
    expect(restarted.error).toMatchObject({ code: "SLUICE_ENDED" });
    expect([diary.read(), tree.snapshot().children[0]?.state]).toEqual([["start a", "stop a"], "ended"]);
  });

  test("in a child's function at a restart stops that child as well, and starts no more", async () => {
    const diary = new Diary();
    let starts = 0;
    const tree = supervisor({ strategy: "restForOne" })
      .child("a", () => {
        starts += 1;
        if (starts === 2) void tree.stop("from inside");
        return diary.stage("a");
      })
      .child("b", () => diary.stage("b"))
      .start();
    diary.read();
    tree.children.a.fail(failure);
    expect(await tree.closed).toEqual({ type: "shutdown", reason: "from inside" });
    expect(diary.read()).toEqual(["stop a", "stop b", "start a", "stop a"]);
  });

  test("in a child's function that then throws ends it all the same", async () => {
    let starts = 0;
    const tree = supervisor()
      .child("a", () => {
        starts += 1;
        if (starts === 2) {
          void tree.stop("from inside");
          throw failure;
        }
        return producer<number>();
      })
      .start();
    tree.children.a.fail(failure);
    expect(await tree.closed).toEqual({ type: "shutdown", reason: "from inside" });
    expect(tree.snapshot().children[0]?.state).toBe("ended");
  });

  test("in the function of startChild rejects nothing, and stops that child as well", async () => {
    const diary = new Diary();
    const tree = supervisor().start();
    await tree.startChild("a", () => {
      void tree.stop("from inside");
      return diary.stage("a");
    });
    expect(await tree.closed).toEqual({ type: "shutdown", reason: "from inside" });
    expect(diary.read()).toEqual(["start a", "stop a"]);
  });

  test("of a supervisor that gives up waits for its end, and changes nothing", async () => {
    const gate = deferred();
    const tree = supervisor({ maxRestarts: 0 })
      .child("a", () => producer<number>({ handleStop: () => gate.promise }))
      .child("b", () => producer<number>())
      .start();
    const end = tree.closed;
    tree.children.b.fail(failure);
    await settle();
    const stopping = watch(tree.stop("too late"));
    await settle();
    expect(stopping).toEqual({});
    gate.resolve();
    expect(await end).toMatchObject({ type: "error", error: { child: "b" } });
    await settle();
    expect(stopping).toEqual({ value: undefined });
  });
});

describe("a child that does not settle is waited for no longer than its deadline:", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("an async function, stopWithinMs", async () => {
    const reports: Report[] = [];
    const diary = new Diary();
    const tree = supervisor({ name: "tree", handleReport: (report) => void reports.push(report) })
      .child("a", () => diary.stage("a"))
      .child("stuck", () => never(), { stopWithinMs: 50 })
      .start();
    const stopping = watch(tree.stop());
    await settle();
    vi.advanceTimersByTime(49);
    await settle();
    expect([stopping, diary.read()]).toEqual([{}, ["start a"]]);
    vi.advanceTimersByTime(1);
    await settle();
    expect([stopping, diary.read()]).toEqual([{ value: undefined }, ["stop a"]]);
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "tree/stuck", error: expect.objectContaining({ code: "SLUICE_TIMEOUT", message: "tree/stuck did not settle within 50 ms of its stop" }) as unknown }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("an async function, 5,000 ms when nothing is said", async () => {
    const tree = supervisor({ handleReport: () => undefined }).child("stuck", () => never()).start();
    const stopping = watch(tree.stop());
    await settle();
    vi.advanceTimersByTime(4999);
    await settle();
    expect(stopping).toEqual({});
    vi.advanceTimersByTime(1);
    await settle();
    expect(stopping).toEqual({ value: undefined });
  });

  test("a stage, its own", async () => {
    const tree = supervisor({ handleReport: () => undefined })
      .child("stuck", () => producer<number>({ handleStop: never, stopWithinMs: 30, handleReport: () => undefined }))
      .start();
    const stopping = watch(tree.stop());
    await settle();
    vi.advanceTimersByTime(30);
    await settle();
    expect(stopping).toEqual({ value: undefined });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("one after the other, so that deadlines add up", async () => {
    const tree = supervisor({ handleReport: () => undefined })
      .child("a", () => never(), { stopWithinMs: 10 })
      .child("inner", () =>
        supervisor({ handleReport: () => undefined })
          .child("b", () => never(), { stopWithinMs: 20 })
          .start(),
      )
      .child("c", () => never(), { stopWithinMs: 30 })
      .start();
    const stopping = watch(tree.stop());
    await settle();
    vi.advanceTimersByTime(30);
    await settle();
    vi.advanceTimersByTime(20);
    await settle();
    vi.advanceTimersByTime(9);
    await settle();
    expect(stopping).toEqual({});
    vi.advanceTimersByTime(1);
    await settle();
    expect(stopping).toEqual({ value: undefined });
  });

  test("at a restart it is left behind, and what becomes of it is only told", async () => {
    const reports: Report[] = [];
    const gates = [deferred(), deferred()];
    let starts = 0;
    await using tree = supervisor({ name: "tree", strategy: "oneForAll", handleReport: (report) => void reports.push(report) })
      .child("a", () => producer<number>())
      .child("stuck", () => {
        starts += 1;
        return gates[starts - 1]?.promise ?? Promise.resolve();
      }, { stopWithinMs: 10 })
      .start();
    tree.children.a.fail(failure);
    await settle();
    vi.advanceTimersByTime(10);
    await settle();
    expect(starts).toBe(2);
    const late = new Error("late");
    gates[0]?.reject(late);
    await settle();
    expect(reports.map(({ kind }) => kind)).toEqual(["child-restarting", "cleanup-failed", "late-failure"]);
    expect(reports.at(-1)).toEqual({ kind: "late-failure", stage: "tree/stuck", error: late });
    expect([starts, tree.snapshot().children[1]?.state]).toEqual([2, "running"]);
    gates[1]?.resolve();
  });

  test("no timer is left of one that settles in time", async () => {
    const tree = supervisor()
      .child("a", (_, { signal }) => new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve())))
      .start();
    await tree.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a child that waits for the stop of its own supervisor", async () => {
    const tree = supervisor({ handleReport: () => undefined })
      .child("a", async () => {
        await Promise.resolve();
        await tree.stop();
      }, { stopWithinMs: 10 })
      .start();
    const end = watch(tree.closed);
    await settle();
    expect(end).toEqual({});
    vi.advanceTimersByTime(10);
    await settle();
    expect(end).toEqual({ value: { type: "shutdown" } });
  });
});
