import { GaveUpError, SluiceError, consumer, producer, supervisor, type Consumer, type Report } from "sluice";
import { settle } from "sluice/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { watch } from "../life/outcome.ts";
import { Diary } from "./diary.ts";

const failure = (): Error => new Error("down");

describe("restarts within withinMs", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("are allowed up to maxRestarts; one more, and the supervisor gives up", async () => {
    const diary = new Diary();
    const tree = supervisor({ maxRestarts: 2, withinMs: 1000 }).child("a", () => diary.stage("a")).start();
    const end = watch(tree.closed);
    for (let time = 0; time < 2; time += 1) {
      tree.children.a.fail(failure());
      await settle();
    }
    expect(end).toEqual({});
    vi.advanceTimersByTime(999);
    tree.children.a.fail(failure());
    await settle();
    expect(end.value).toMatchObject({ type: "error", error: { code: "SLUICE_GAVE_UP" } });
  });

  test("no longer count when they are older", async () => {
    const diary = new Diary();
    await using tree = supervisor({ maxRestarts: 1, withinMs: 1000 }).child("a", () => diary.stage("a")).start();
    for (let time = 0; time < 10; time += 1) {
      tree.children.a.fail(failure());
      await settle();
      vi.advanceTimersByTime(1001);
    }
    expect(tree.snapshot()).toMatchObject({ state: "running", children: [{ restarts: 10 }] });
  });

  test("are three in five seconds when nothing is said", async () => {
    const diary = new Diary();
    const tree = supervisor().child("a", () => diary.stage("a")).start();
    const end = watch(tree.closed);
    for (let time = 0; time < 3; time += 1) {
      tree.children.a.fail(failure());
      await settle();
    }
    expect(end).toEqual({});
    vi.advanceTimersByTime(4990);
    tree.children.a.fail(failure());
    await settle();
    expect(end.value).toMatchObject({ error: { maxRestarts: 3, withinMs: 5000 } });
  });

  test("are those of all children together", async () => {
    const diary = new Diary();
    const tree = supervisor({ maxRestarts: 2 })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .child("c", () => diary.stage("c"))
      .start();
    const end = watch(tree.closed);
    for (const name of ["a", "b", "c"] as const) {
      tree.children[name].fail(failure());
      await settle();
    }
    expect(end.value).toMatchObject({ error: { child: "c" } });
  });
});

describe("a supervisor", () => {
  test("that allows no restart gives up at the first end", async () => {
    const tree = supervisor({ maxRestarts: 0 }).child("a", () => producer<number>()).start();
    const end = tree.closed;
    tree.children.a.fail(failure());
    expect(await end).toMatchObject({ type: "error", error: { child: "a" } });
  });

  test("that allows any number of them never gives up", async () => {
    await using tree = supervisor({ maxRestarts: Infinity }).child("a", () => producer<number>()).start();
    for (let time = 0; time < 50; time += 1) {
      tree.children.a.fail(failure());
      await settle();
    }
    expect(tree.snapshot()).toMatchObject({ state: "running", children: [{ restarts: 50 }] });
  });

  test("counts starts that fail", async () => {
    let starts = 0;
    const last = failure();
    const tree = supervisor({ maxRestarts: 3 })
      .child("a", () => {
        starts += 1;
        if (starts > 1) throw starts === 4 ? last : failure();
        return producer<number>();
      })
      .start();
    tree.children.a.fail(failure());
    expect(await tree.closed).toMatchObject({ error: { child: "a", cause: last } });
    // One at the beginning, and three restarts, all of which failed.
    expect(starts).toBe(4);
  });

  test("does not count what restarts with a child, nor what is restarted by hand", async () => {
    const diary = new Diary();
    await using tree = supervisor({ strategy: "oneForAll", maxRestarts: 1 })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .child("c", () => diary.stage("c"))
      .start();
    tree.children.b.fail(failure());
    await settle();
    for (let time = 0; time < 5; time += 1) await tree.restartChild("c");
    await tree.stopChild("a");
    await tree.restartChild("a");
    expect(tree.snapshot().state).toBe("running");
  });

  test("does not count the ends of children that are not restarted", async () => {
    await using tree = supervisor({ maxRestarts: 0, whenDone: "wait" })
      .child("a", () => producer<number>(), { restart: "temporary" })
      .child("b", () => producer<number>(), { restart: "transient" })
      .start();
    tree.children.a.fail(failure());
    tree.children.b.complete();
    await settle();
    expect(tree.snapshot().state).toBe("running");
  });
});

describe("a supervisor that gives up", () => {
  test("says which child, how often, in what time; its cause is the child's last error, by identity", async () => {
    const last = failure();
    const tree = supervisor({ name: "tree", maxRestarts: 1, withinMs: 2000 })
      .child("good", () => producer<number>())
      .child("bad", () => producer<number>())
      .start();
    const end = tree.closed;
    tree.children.bad.fail(failure());
    await settle();
    tree.children.bad.fail(last);
    const reason = await end;
    if (reason.type !== "error" || !(reason.error instanceof GaveUpError)) throw new Error("expected it to give up");
    const { error } = reason;
    expect(error).toBeInstanceOf(SluiceError);
    expect([error.name, error.code, error.child, error.maxRestarts, error.withinMs]).toEqual(["GaveUpError", "SLUICE_GAVE_UP", "bad", 1, 2000]);
    expect(error.message).toBe("tree gave up on bad: it ended once more after 1 restart within 2000 ms");
    expect(error.cause).toBe(last);
  });

  test("on a child that ended normally hints at its kind, and has no cause", async () => {
    const tree = supervisor({ name: "tree", maxRestarts: 2 }).child("finite", async () => undefined).start();
    const end = await tree.closed;
    expect(end).toMatchObject({ type: "error", error: { message: 'tree gave up on finite: it ended once more after 2 restarts within 5000 ms; it had ended normally: a child that may end is "transient"' } });
    expect(end).not.toHaveProperty("error.cause");
  });

  test("on a child that was stopped by hand has the stop for its cause", async () => {
    const tree = supervisor({ maxRestarts: 0 }).child("a", () => producer<number>()).start();
    void tree.children.a.stop("by hand");
    expect(await tree.closed).toMatchObject({ type: "error", error: { cause: { code: "SLUICE_STOPPED", message: "a was stopped before its normal end", cause: "by hand" } } });
  });

  test("stops its other children in reverse order", async () => {
    const diary = new Diary();
    const tree = supervisor({ maxRestarts: 0 })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .child("c", () => diary.stage("c"))
      .start();
    const { a, c } = tree.children;
    tree.children.b.fail(failure());
    await tree.closed;
    expect(diary.read()).toEqual(["start a", "start b", "start c", "stop b", "stop c", "stop a"]);
    expect([await a.closed, await c.closed]).toEqual([{ type: "shutdown" }, { type: "shutdown" }]);
    expect(tree.snapshot().children.map(({ state }) => state)).toEqual(["ended", "ended", "ended"]);
  });

  test("reports the restarts that it made, and no other", async () => {
    const reports: Report[] = [];
    const tree = supervisor({ maxRestarts: 1, handleReport: (report) => void reports.push(report) }).child("a", () => producer<number>()).start();
    const end = tree.closed;
    tree.children.a.fail(failure());
    await settle();
    tree.children.a.fail(failure());
    await end;
    expect(reports.map(({ kind }) => kind)).toEqual(["child-restarting"]);
  });
});

test("a transient child that ends with its siblings, and is not restarted for it, does not excuse them", async () => {
  const gone = producer<number>();
  await gone.stop();
  let starts = 0;
  const reader = (): Consumer<number> => {
    starts += 1;
    return consumer({ subscribeTo: [gone], handleEvents: () => undefined });
  };
  const tree = supervisor({ strategy: "oneForAll", maxRestarts: 5 }).child("first", reader, { restart: "transient" }).child("second", reader).child("third", reader).start();
  expect(await tree.closed).toMatchObject({ type: "error", error: { code: "SLUICE_GAVE_UP" } });
  expect(starts).toBe(18);
});
