import { GaveUpError, consumer, producer, supervisor, type PushProducer, type Supervisor } from "sluice";
import { settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { Diary, turn } from "./diary.ts";

const failure = new Error("down");

/** A supervisor of two stages. */
function branch(name: string, diary: Diary, maxRestarts = 3): Supervisor<{ readonly a: PushProducer<number>; readonly b: PushProducer<number> }> {
  return supervisor({ name, maxRestarts })
    .child("a", () => diary.stage(`${name}.a`))
    .child("b", () => diary.stage(`${name}.b`))
    .start();
}

describe("a supervisor in a supervisor", () => {
  test("starts and stops with it, in order and in reverse order", async () => {
    const diary = new Diary();
    const tree = supervisor()
      .child("left", () => branch("left", diary))
      .child("right", () => branch("right", diary))
      .start();
    expect(diary.read()).toEqual(["start left.a", "start left.b", "start right.a", "start right.b"]);
    await tree.stop();
    expect(diary.read()).toEqual(["stop right.b", "stop right.a", "stop left.b", "stop left.a"]);
  });

  test("handles the ends of its children itself", async () => {
    const diary = new Diary();
    await using tree = supervisor({ strategy: "oneForAll", maxRestarts: 0 })
      .child("left", () => branch("left", diary))
      .child("right", () => branch("right", diary))
      .start();
    diary.read();
    tree.children.left.children.a.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["stop left.a", "start left.a"]);
  });

  test("is restarted as a whole when it gives up", async () => {
    const diary = new Diary();
    await using tree = supervisor({ maxRestarts: 1 })
      .child("left", () => branch("left", diary, 1))
      .child("right", () => branch("right", diary))
      .start();
    const { left } = tree.children;
    diary.read();
    left.children.a.fail(new Error("first"));
    await settle();
    diary.read();
    left.children.a.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["stop left.a", "stop left.b", "start left.a", "start left.b"]);
    expect(tree.children.left).not.toBe(left);
    expect(await left.closed).toMatchObject({ type: "error", error: { child: "a", cause: failure } });
  });

  test("hands up what it gave up for, each level with its own error", async () => {
    const tree = supervisor({ name: "outer", maxRestarts: 0 })
      .child("inner", () => supervisor({ name: "inner", maxRestarts: 0 }).child("a", () => producer<number>()).start())
      .start();
    tree.children.inner.children.a.fail(failure);
    const end = await tree.closed;
    if (end.type !== "error" || !(end.error instanceof GaveUpError)) throw new Error("expected it to give up");
    expect(end.error.child).toBe("inner");
    expect(end.error.cause).toBeInstanceOf(GaveUpError);
    expect(end.error.cause).toMatchObject({ child: "a", cause: failure });
  });

  test("has its own allowance anew after each restart", async () => {
    const diary = new Diary();
    await using tree = supervisor({ maxRestarts: 2 })
      .child("inner", () => branch("inner", diary, 1))
      .start();
    for (let time = 0; time < 5; time += 1) {
      tree.children.inner.children.a.fail(new Error(`down ${time}`));
      await settle();
    }
    expect(tree.snapshot()).toMatchObject({ state: "running", children: [{ name: "inner", restarts: 2 }] });
  });

  test("that ends normally is a child that ends normally", async () => {
    const tree = supervisor()
      .child("inner", () => supervisor().child("a", async () => undefined, { restart: "transient" }).start(), { restart: "transient" })
      .start();
    expect(await tree.closed).toEqual({ type: "normal" });
  });

  test("that is stopped by hand is restarted, if it is permanent", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("inner", () => branch("inner", diary))
      .start();
    const { inner } = tree.children;
    await inner.stop("by hand");
    await settle();
    expect(tree.children.inner).not.toBe(inner);
    expect(tree.snapshot().children[0]).toMatchObject({ state: "running", restarts: 1, lastEnd: { type: "shutdown", reason: "by hand" } });
  });

  test("shows the whole tree in its snapshot", async () => {
    await using tree = supervisor({ name: "outer" })
      .child("inner", () =>
        supervisor({ name: "inner", strategy: "oneForAll" })
          .child("a", () => producer<number>({ name: "numbers" }))
          .start(),
      )
      .start();
    expect(tree.snapshot()).toMatchObject({
      name: "outer",
      strategy: "oneForOne",
      children: [{ name: "inner", snapshot: { name: "inner", role: "supervisor", strategy: "oneForAll", children: [{ name: "a", snapshot: { name: "numbers", role: "producer" } }] } }],
    });
  });

  test("stops those behind it before it, however long each takes", async () => {
    const diary = new Diary();
    const slow = (name: string): PushProducer<number> => diary.stage(name, { handleStop: () => turn().then(() => diary.note(`${name} has stopped`)) });
    const tree = supervisor()
      .child("inner", () =>
        supervisor()
          .child("a", () => slow("a"))
          .child("b", () => slow("b"))
          .start(),
      )
      .child("c", () => slow("c"))
      .start();
    diary.read();
    await tree.stop();
    expect(diary.read()).toEqual(["stop c", "c has stopped", "stop b", "b has stopped", "stop a", "a has stopped"]);
  });

  test("whose stages read from a sibling of it comes up again with that sibling", async () => {
    const events: number[] = [];
    await using tree = supervisor({ maxRestarts: 3 })
      .child("source", () => producer<number>())
      .child("inner", ({ source }) =>
        supervisor({ maxRestarts: 1 })
          .child("sink", () => consumer({ subscribeTo: [source], handleEvents: (list) => void events.push(...list) }))
          .start(),
      )
      .start();
    await settle();
    tree.children.source.fail(failure);
    await settle();
    await settle();
    tree.children.source.emit([1]);
    await settle();
    expect([tree.snapshot().state, events]).toEqual(["running", [1]]);
  });
});

test("a supervisor cannot be its own child, nor that of its children, and goes on", async () => {
  const outer = supervisor({ name: "outer", whenDone: "wait" }).child("inner", () => supervisor({ name: "inner", whenDone: "wait" }).start()).start();
  await expect(outer.startChild("self", () => outer)).rejects.toThrow("expected the child self of outer to be another than outer or its supervisors");
  await expect(outer.children.inner.startChild("above", () => outer)).rejects.toThrow("expected the child above of inner to be another than inner or its supervisors");
  await outer.startChild("later", () => supervisor({ whenDone: "wait" }).start());
  await outer.children.inner.startChild("later", () => supervisor({ whenDone: "wait" }).start());
  await outer.stop();
});
