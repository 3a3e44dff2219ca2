import { consumer, producer, supervisor, type Report } from "sluice";
import { settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { never } from "../life/outcome.ts";
import { deferred } from "../support/deferred.ts";

const failure = new Error("down");

describe("the snapshot of a supervisor", () => {
  test("shows its children in order, with what is to be seen of each", async () => {
    await using tree = supervisor({ name: "tree", strategy: "restForOne" })
      .child("numbers", () => producer<number>({ name: "numbers" }))
      .child("task", () => never(), { restart: "transient", stopWithinMs: 0 })
      .child("printer", ({ numbers }) => consumer({ name: "printer", subscribeTo: [numbers], handleEvents: () => undefined }), { restart: "temporary" })
      .start();
    const { numbers, printer } = tree.children;
    expect(tree.snapshot()).toEqual({
      name: "tree",
      role: "supervisor",
      state: "running",
      strategy: "restForOne",
      children: [
        { name: "numbers", restart: "permanent", state: "running", restarts: 0, snapshot: numbers.snapshot() },
        { name: "task", restart: "transient", state: "running", restarts: 0 },
        { name: "printer", restart: "temporary", state: "running", restarts: 0, snapshot: printer.snapshot() },
      ],
    });
  });

  test("shows how often a child was started anew, and how it ended the last time", async () => {
    await using tree = supervisor()
      .child("a", () => producer<number>())
      .start();
    tree.children.a.fail(new Error("first"));
    await settle();
    tree.children.a.fail(failure);
    await settle();
    const [child] = tree.snapshot().children;
    expect(child).toMatchObject({ restarts: 2, state: "running" });
    expect(child?.lastEnd).toEqual({ type: "error", error: failure });
    expect(child?.snapshot).toEqual(tree.children.a.snapshot());
  });

  test("shows that a child is to be restarted, as long as it waits for a sibling to stop", async () => {
    const gate = deferred();
    await using tree = supervisor()
      .child("a", () => producer<number>())
      .child("b", () => producer<number>({ handleStop: () => gate.promise }))
      .start();
    tree.children.b.fail(new Error("b"));
    await settle();
    tree.children.a.fail(failure);
    await settle();
    expect(tree.snapshot().children[0]?.state).toBe("restarting");
    gate.resolve();
    await settle();
    expect(tree.snapshot().children.map(({ state }) => state)).toEqual(["running", "running"]);
  });

  test("is a picture: it does not change with the tree", async () => {
    await using tree = supervisor().child("a", () => producer<number>()).start();
    const before = tree.snapshot();
    await tree.stopChild("a");
    expect([before.children[0]?.state, tree.snapshot().children[0]?.state]).toEqual(["running", "stopped"]);
  });
});

describe("the children of a supervisor", () => {
  test("are enumerable by name, and cannot be replaced", async () => {
    await using tree = supervisor()
      .child("a", () => producer<number>())
      .child("b", () => producer<number>())
      .start();
    expect(Object.keys(tree.children)).toEqual(["a", "b"]);
    expect(() => Object.assign(tree.children, { a: undefined })).toThrow(TypeError);
    expect(tree.children.a.role).toBe("producer");
  });

  test("stay as they were last, when the supervisor has ended", async () => {
    const tree = supervisor().child("a", () => producer<number>()).start();
    const { a } = tree.children;
    await tree.stop();
    expect(tree.children.a).toBe(a);
  });
});

test("reports of a supervisor name it and the child, each end once", async () => {
  const reports: Report[] = [];
  await using tree = supervisor({ name: "tree", handleReport: (report) => void reports.push(report) })
    .child("a", () => producer<number>())
    .child("b", () => producer<number>(), { restart: "transient" })
    .start();
  tree.children.a.fail(failure);
  await settle();
  tree.children.b.complete();
  await settle();
  expect(reports).toEqual([
    { kind: "child-restarting", stage: "tree", child: "a", reason: { type: "error", error: failure } },
    { kind: "child-ended", stage: "tree", child: "b", reason: { type: "normal" } },
  ]);
});
