import { getEventListeners } from "node:events";
import { settle } from "sluice/testing";
import { supervisor, type Producer } from "sluice";
import { describe, expect, test } from "vitest";
import { never } from "../life/outcome.ts";
import { Diary, turn } from "./diary.ts";

describe("a supervisor starts", () => {
  test("its children in order, in the call of start", async () => {
    const diary = new Diary();
    const builder = supervisor()
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .child("c", () => diary.stage("c"));
    expect(diary.read()).toEqual([]);
    await using tree = builder.start();
    expect([diary.read(), tree.snapshot().state]).toEqual([["start a", "start b", "start c"], "running"]);
  });

  test("each child with those before it, and with no others", async () => {
    const diary = new Diary();
    const seen: unknown[] = [];
    await using tree = supervisor()
      .child("a", (siblings) => (seen.push({ ...siblings }), diary.stage("a")))
      .child("b", (siblings) => (seen.push({ ...siblings }), diary.stage("b")))
      .child("c", (siblings) => (seen.push({ ...siblings }), diary.stage("c")))
      .start();
    const { a, b } = tree.children;
    expect(seen).toEqual([{}, { a }, { a, b }]);
  });

  test("without children, and waits for some", async () => {
    await using tree = supervisor().start();
    await settle();
    expect(tree.snapshot()).toMatchObject({ state: "running", children: [] });
  });

  test("as often as its builder is told to, each time a tree of its own", async () => {
    const diary = new Diary();
    const builder = supervisor().child("a", () => diary.stage("a"));
    await using first = builder.start();
    await using second = builder.start();
    expect(first.children.a).not.toBe(second.children.a);
    await first.stop();
    expect(second.children.a.snapshot().state).toBe("running");
  });

  test("what each builder of a fork names", async () => {
    const diary = new Diary();
    const trunk = supervisor().child("a", () => diary.stage("a"));
    await using left = trunk.child("left", () => diary.stage("left")).start();
    await using right = trunk.child("right", () => diary.stage("right")).start();
    expect([Object.keys(left.children), Object.keys(right.children)]).toEqual([
      ["a", "left"],
      ["a", "right"],
    ]);
  });

  test("under a name of its own when it is given none", async () => {
    await using one = supervisor().start();
    await using other = supervisor().start();
    await using named = supervisor({ name: "tree" }).start();
    expect(one.name).toMatch(/^supervisor \d+$/);
    expect(other.name).not.toBe(one.name);
    expect([named.name, named.role]).toEqual(["tree", "supervisor"]);
  });

  test("a child whatever its name", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("__proto__", () => diary.stage("proto"))
      .child("constructor", (siblings) => {
        expect(Object.keys(siblings)).toEqual(["__proto__"]);
        return diary.stage("constructor");
      })
      .child("", () => diary.stage("nameless"))
      .start();
    expect(Object.keys(tree.children)).toEqual(["__proto__", "constructor", ""]);
    expect(tree.children.constructor.name).toBe("constructor");
  });
});

describe("when a child's function throws, start", () => {
  const failure = new Error("cannot start");
  const failing = (): Producer<number> => {
    throw failure;
  };

  test("throws that error, starts no more, and stops those before in reverse order", async () => {
    const diary = new Diary();
    const builder = supervisor()
      .child("a", () => diary.stage("a", { handleStop: () => turn().then(() => diary.note("a has stopped")) }))
      .child("b", () => diary.stage("b", { handleStop: () => turn().then(() => diary.note("b has stopped")) }))
      .child("bad", failing)
      .child("c", () => diary.stage("c"));
    expect(() => builder.start()).toThrow(failure);
    expect(diary.read()).toEqual(["start a", "start b"]);
    await settle();
    await settle();
    expect(diary.read()).toEqual(["stop b", "b has stopped", "stop a", "a has stopped"]);
  });

  test("restarts nothing, and reports nothing", async () => {
    const reports: unknown[] = [];
    let starts = 0;
    const builder = supervisor({ handleReport: (report) => void reports.push(report) })
      .child("a", () => Promise.resolve((starts += 1)))
      .child("bad", failing);
    expect(() => builder.start()).toThrow(failure);
    await settle();
    expect([starts, reports]).toEqual([1, []]);
  });

  test("forgets the supervisor's signal", async () => {
    const { signal } = new AbortController();
    expect(() => supervisor({ signal }).child("bad", failing).start()).toThrow(failure);
    await settle();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });

  test("aborts the signal that the function got, for what it had started before", async () => {
    let signal: AbortSignal | undefined;
    const builder = supervisor().child("bad", (_, context) => {
      ({ signal } = context);
      throw failure;
    });
    expect(() => builder.start()).toThrow(failure);
    expect(signal?.aborted).toBe(true);
  });

  test.each([
    ["a number", 7, "7"],
    ["nothing", undefined, "undefined"],
    ["null", null, "null"],
    ["an object that is no stage", {}, "an object"],
    ["an iterable", [1, 2], "an array of 2"],
    ["a function", function start() {}, "function start"],
  ])("so does one whose function returns %s", async (_, value, shown) => {
    const diary = new Diary();
    const builder = supervisor({ name: "tree" })
      .child("a", () => diary.stage("a"))
      .child("odd", () => value as never);
    expect(() => builder.start()).toThrow(`expected the child odd of tree to be a stage, a supervisor or a promise, got: ${shown}`);
    await settle();
    expect(diary.read()).toEqual(["start a", "stop a"]);
  });
});

describe("a supervisor with a signal", () => {
  test("that has aborted starts nothing, and has ended with its reason", async () => {
    const diary = new Diary();
    const tree = supervisor({ signal: AbortSignal.abort("too late") })
      .child("a", () => diary.stage("a"))
      .start();
    expect(await tree.closed).toEqual({ type: "shutdown", reason: "too late" });
    expect([tree.snapshot().state, diary.read()]).toEqual(["ended", []]);
    await tree.stop();
  });

  test("that aborts stops its children in reverse order with that reason", async () => {
    const diary = new Diary();
    const controller = new AbortController();
    const tree = supervisor({ signal: controller.signal })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .start();
    const { a } = tree.children;
    controller.abort("enough");
    expect(await tree.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(await a.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(diary.read()).toEqual(["start a", "start b", "stop b", "stop a"]);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  test("that a child's function aborts starts no more, and stops that one as well", async () => {
    const diary = new Diary();
    const controller = new AbortController();
    const tree = supervisor({ signal: controller.signal })
      .child("a", () => diary.stage("a"))
      .child("b", () => (controller.abort("from inside"), diary.stage("b")))
      .child("c", () => diary.stage("c"))
      .start();
    expect(await tree.closed).toEqual({ type: "shutdown", reason: "from inside" });
    expect(diary.read()).toEqual(["start a", "start b", "stop b", "stop a"]);
  });

  test("forgets it at any other end", async () => {
    const { signal } = new AbortController();
    await supervisor({ signal }).child("a", () => Promise.resolve(), { restart: "transient" }).start().closed;
    await supervisor({ signal }).child("a", () => never(), { stopWithinMs: 0 }).start().stop();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});
