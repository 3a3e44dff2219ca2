import { producer, supervisor, type PushProducer, type Strategy } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { range } from "../support/range.ts";
import { Diary, turn } from "./diary.ts";

/** Four children in a row, which know nothing of each other. */
function four(strategy: Strategy, diary: Diary) {
  return supervisor({ strategy })
    .child("a", () => diary.stage("a"))
    .child("b", () => diary.stage("b"))
    .child("c", () => diary.stage("c"))
    .child("d", () => diary.stage("d"))
    .start();
}

describe("when a child fails,", () => {
  test.each<[strategy: Strategy, expected: readonly string[]]>([
    ["oneForOne", ["stop b", "start b"]],
    ["restForOne", ["stop b", "stop d", "stop c", "start b", "start c", "start d"]],
    ["oneForAll", ["stop b", "stop d", "stop c", "stop a", "start a", "start b", "start c", "start d"]],
  ])("%s stops in reverse order, and starts in order, whom it should", async (strategy, expected) => {
    const diary = new Diary();
    await using tree = four(strategy, diary);
    diary.read();
    tree.children.b.fail(new Error("b is down"));
    await settle();
    expect(diary.read()).toEqual(expected);
  });

  test("the default is oneForOne", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .start();
    diary.read();
    tree.children.a.fail(new Error("a is down"));
    await settle();
    expect(diary.read()).toEqual(["stop a", "start a"]);
    expect(tree.snapshot().strategy).toBe("oneForOne");
  });

  test("restForOne leaves those before it alone", async () => {
    const diary = new Diary();
    await using tree = four("restForOne", diary);
    const { a, b, c, d } = tree.children;
    d.fail(new Error("d is down"));
    await settle();
    expect([tree.children.a, tree.children.b, tree.children.c]).toEqual([a, b, c]);
    expect(tree.children.d).not.toBe(d);
  });

  test("nobody starts before all who are to stop have stopped", async () => {
    const diary = new Diary();
    const slow = (name: string): PushProducer<number> => diary.stage(name, { handleStop: () => turn().then(() => diary.note(`${name} has stopped`)) });
    await using tree = supervisor({ strategy: "oneForAll" })
      .child("a", () => slow("a"))
      .child("b", () => slow("b"))
      .start();
    diary.read();
    tree.children.a.fail(new Error("a is down"));
    await settle();
    await settle();
    expect(diary.read()).toEqual(["stop a", "a has stopped", "stop b", "b has stopped", "start a", "start b"]);
  });

  test("two that fail at once come up together, in order", async () => {
    const diary = new Diary();
    await using tree = four("restForOne", diary);
    diary.read();
    tree.children.c.fail(new Error("c is down"));
    tree.children.b.fail(new Error("b is down"));
    await settle();
    expect(diary.read().filter((line) => line.startsWith("start"))).toEqual(["start b", "start c", "start d"]);
  });

  test("its later siblings get the new stage", async () => {
    const diary = new Diary();
    const got: unknown[] = [];
    await using tree = supervisor({ strategy: "restForOne" })
      .child("a", () => diary.stage("a"))
      .child("b", ({ a }) => (got.push(a), diary.stage("b")))
      .start();
    const first = tree.children.a;
    first.fail(new Error("a is down"));
    await settle();
    expect(got).toEqual([first, tree.children.a]);
    expect(tree.children.a).not.toBe(first);
  });

  test("it comes up with fresh state", async () => {
    const counter = (next = 0): PushProducer<number> => producer({ handleDemand: (demand) => Array.from({ length: demand }, () => next++) });
    await using tree = supervisor()
      .child("counter", () => counter())
      .start();
    const before = new ConsumerProbe(tree.children.counter);
    await before.ask(3);
    tree.children.counter.fail(new Error("down"));
    await settle();
    const after = new ConsumerProbe(tree.children.counter);
    await after.ask(2);
    expect([before.events, after.events]).toEqual([
      [0, 1, 2],
      [0, 1],
    ]);
  });
});

describe("a child that cannot be started again", () => {
  test.each<[strategy: Strategy, expected: readonly string[]]>([
    ["oneForOne", ["stop b", "b fails", "start b"]],
    ["restForOne", ["stop b", "stop c", "b fails", "start b", "start c"]],
    ["oneForAll", ["stop b", "stop c", "stop a", "start a", "b fails", "stop a", "start a", "start b", "start c"]],
  ])("is tried again under %s, and those behind it wait", async (strategy, expected) => {
    const diary = new Diary();
    let starts = 0;
    await using tree = supervisor({ strategy })
      .child("a", () => diary.stage("a"))
      .child("b", () => {
        starts += 1;
        if (starts !== 2) return diary.stage("b");
        diary.note("b fails");
        throw new Error("not yet");
      })
      .child("c", () => diary.stage("c"))
      .start();
    diary.read();
    tree.children.b.fail(new Error("b is down"));
    await settle();
    expect(diary.read()).toEqual(expected);
    expect(tree.snapshot().children.map(({ state }) => state)).toEqual(["running", "running", "running"]);
  });

  test("does not keep its siblings down under oneForOne", async () => {
    const diary = new Diary();
    let fails = false;
    await using tree = supervisor({ maxRestarts: 100 })
      .child("a", () => {
        if (fails) throw new Error("never again");
        return diary.stage("a");
      })
      .child("b", () => diary.stage("b"))
      .start();
    diary.read();
    fails = true;
    tree.children.a.fail(new Error("a is down"));
    tree.children.b.fail(new Error("b is down"));
    for (const _ of range(3)) await turn();
    expect(diary.read()).toContain("start b");
  });

  test("lets the event loop turn between two tries", async () => {
    const diary = new Diary();
    let fails = 0;
    let turns = 0;
    const tree = supervisor({ maxRestarts: 1000 })
      .child("a", () => {
        if (diary.read().length === 0 && fails === 0) return diary.stage("a");
        fails += 1;
        throw new Error("never again");
      })
      .start();
    const end = tree.closed;
    fails = 1;
    tree.children.a.fail(new Error("a is down"));
    while (tree.snapshot().state === "running") {
      await turn();
      turns += 1;
    }
    expect(await end).toMatchObject({ type: "error" });
    expect(turns).toBeGreaterThan(100);
  });
});

test("children that end as soon as they have started let the event loop turn, too", async () => {
  let starts = 0;
  let turns = 0;
  const tree = supervisor({ maxRestarts: Infinity })
    // An end of its own, so that a loop that never turns fails this test and does not freeze it.
    .child("brief", async () => void ((starts += 1) === 50_000 && tree.stop()))
    .start();
  while (tree.snapshot().state !== "ended") {
    await turn();
    turns += 1;
    if (turns === 3) void tree.stop();
  }
  expect(starts).toBeLessThan(50_000);
});
