import { supervisor, type PushProducer, type Report, type RestartKind } from "sluice";
import { settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { Diary, turn } from "./diary.ts";

const failure = new Error("down");
const ends = {
  normally: { end: (stage: PushProducer<number>) => stage.complete(), reason: { type: "normal" } },
  "by a stop": { end: (stage: PushProducer<number>) => void stage.stop("by hand"), reason: { type: "shutdown", reason: "by hand" } },
  "with an error": { end: (stage: PushProducer<number>) => stage.fail(failure), reason: { type: "error", error: failure } },
} as const;

describe("a child that ends", () => {
  test.each<[kind: RestartKind, how: keyof typeof ends, isRestarted: boolean]>([
    ["permanent", "normally", true],
    ["permanent", "by a stop", true],
    ["permanent", "with an error", true],
    ["transient", "normally", false],
    ["transient", "by a stop", false],
    ["transient", "with an error", true],
    ["temporary", "normally", false],
    ["temporary", "by a stop", false],
    ["temporary", "with an error", false],
  ])("%s, %s: is restarted: %s", async (restart, how, isRestarted) => {
    const diary = new Diary();
    const reports: Report[] = [];
    await using tree = supervisor({ name: "tree", handleReport: (report) => void reports.push(report) })
      .child("other", () => diary.stage("other"))
      .child("child", () => diary.stage("child"), { restart })
      .start();
    diary.read();
    ends[how].end(tree.children.child);
    await settle();
    expect(diary.read()).toEqual(isRestarted ? ["stop child", "start child"] : ["stop child"]);
    expect(reports).toEqual([{ kind: isRestarted ? "child-restarting" : "child-ended", stage: "tree", child: "child", reason: ends[how].reason }]);
    expect(tree.snapshot().state).toBe("running");
  });

  test("is permanent when nothing is said", async () => {
    const diary = new Diary();
    await using tree = supervisor().child("a", () => diary.stage("a")).start();
    expect(tree.snapshot().children[0]?.restart).toBe("permanent");
    tree.children.a.complete();
    await settle();
    expect(diary.read()).toEqual(["start a", "stop a", "start a"]);
  });

  test("transient, stays among the children with its last stage", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("other", () => diary.stage("other"))
      .child("child", () => diary.stage("child"), { restart: "transient" })
      .start();
    const { child } = tree.children;
    child.complete();
    await settle();
    expect(tree.children.child).toBe(child);
    expect(tree.snapshot().children[1]).toMatchObject({ name: "child", state: "ended", restarts: 0, lastEnd: { type: "normal" } });
  });

  test("temporary, is forgotten", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("other", () => diary.stage("other"))
      .child("child", () => diary.stage("child"), { restart: "temporary" })
      .start();
    tree.children.child.fail(failure);
    await settle();
    expect(Object.keys(tree.children)).toEqual(["other"]);
    expect(tree.snapshot().children.map(({ name }) => name)).toEqual(["other"]);
  });

  test("temporary, does not restart its siblings", async () => {
    const diary = new Diary();
    await using tree = supervisor({ strategy: "oneForAll", maxRestarts: 0 })
      .child("child", () => diary.stage("child"), { restart: "temporary" })
      .child("other", () => diary.stage("other"))
      .start();
    tree.children.child.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["start child", "start other", "stop child"]);
  });

  test("for good is heard of by nobody else: its error is received", async () => {
    // An uncaught exception would fail this run.
    await using tree = supervisor({ whenDone: "wait" })
      .child("child", () => new Diary().stage("child"), { restart: "temporary" })
      .start();
    tree.children.child.fail(failure);
    await settle();
    await turn();
  });
});

describe("when a sibling's restart stops a child", () => {
  test.each(["oneForAll", "restForOne"] as const)("a temporary one is not started again (%s)", async (strategy) => {
    const diary = new Diary();
    await using tree = supervisor({ strategy })
      .child("a", () => diary.stage("a"))
      .child("brief", () => diary.stage("brief"), { restart: "temporary" })
      .child("c", () => diary.stage("c"))
      .start();
    diary.read();
    tree.children.a.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["stop a", "stop c", "stop brief", "start a", "start c"]);
    expect(Object.keys(tree.children)).toEqual(["a", "c"]);
  });

  test.each(["oneForAll", "restForOne"] as const)("a transient one is started again, also one that had ended before (%s)", async (strategy) => {
    const diary = new Diary();
    await using tree = supervisor({ strategy })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"), { restart: "transient" })
      .child("c", () => diary.stage("c"), { restart: "transient" })
      .start();
    tree.children.c.complete();
    await settle();
    diary.read();
    tree.children.a.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["stop a", "stop b", "start a", "start b", "start c"]);
  });
});

describe("when its last child has ended for good, a supervisor", () => {
  test("ends normally", async () => {
    const diary = new Diary();
    const tree = supervisor()
      .child("a", () => diary.stage("a"), { restart: "transient" })
      .child("b", () => diary.stage("b"), { restart: "temporary" })
      .start();
    tree.children.b.fail(failure);
    await settle();
    expect(tree.snapshot().state).toBe("running");
    tree.children.a.complete();
    expect(await tree.closed).toEqual({ type: "normal" });
    expect(tree.snapshot().children.map(({ name, state }) => [name, state])).toEqual([["a", "ended"]]);
  });

  test("waits for more where that was asked for", async () => {
    const diary = new Diary();
    await using tree = supervisor({ whenDone: "wait" })
      .child("a", () => diary.stage("a"), { restart: "temporary" })
      .start();
    tree.children.a.complete();
    await settle();
    expect(tree.snapshot()).toMatchObject({ state: "running", children: [] });
    await tree.startChild("b", () => diary.stage("b"));
    expect(diary.read()).toContain("start b");
  });
});
