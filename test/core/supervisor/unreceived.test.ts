import { producer, supervisor } from "sluice";
import { settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { Uncaught } from "../support/uncaught.ts";
import { turn } from "./diary.ts";

const failure = new Error("down");

const failing = () => supervisor({ name: "tree", maxRestarts: 0 }).child("a", () => producer<number>()).start();

/** A tree that has given up, and has a child to wait for until it ends. */
async function givingUp() {
  const gate = deferred();
  const tree = supervisor({ maxRestarts: 0 })
    .child("slow", () => producer<number>({ handleStop: () => gate.promise }))
    .child("a", () => producer<number>())
    .start();
  tree.children.a.fail(failure);
  await settle();
  expect(tree.snapshot().state).toBe("stopping");
  return { tree, gate };
}

async function settleAndTurn(): Promise<void> {
  await settle();
  await turn();
}

describe("the error of a supervisor that gives up", () => {
  test("is thrown once where nobody can catch it, when nobody has received it", async () => {
    using uncaught = new Uncaught();
    const tree = failing();
    tree.children.a.fail(failure);
    await settleAndTurn();
    expect(uncaught.errors).toEqual([expect.objectContaining({ code: "SLUICE_GAVE_UP", child: "a", cause: failure })]);
    expect(await tree.closed).toEqual({ type: "error", error: uncaught.errors[0] });
  });

  test("is received by whoever has read closed", async () => {
    using uncaught = new Uncaught();
    const tree = failing();
    const { closed } = tree;
    tree.children.a.fail(failure);
    await settleAndTurn();
    expect(uncaught.errors).toEqual([]);
    expect(await closed).toMatchObject({ type: "error" });
  });

  test("is received by whoever reads closed before the next macrotask", async () => {
    using uncaught = new Uncaught();
    const { tree, gate } = await givingUp();
    const stopping = tree.stop();
    gate.resolve();
    await stopping;
    void tree.closed;
    await settleAndTurn();
    expect(uncaught.errors).toEqual([]);
  });

  test("is received by the supervisor above", async () => {
    using uncaught = new Uncaught();
    await using tree = supervisor().child("inner", failing).start();
    tree.children.inner.children.a.fail(failure);
    await settleAndTurn();
    expect(uncaught.errors).toEqual([]);
    expect(tree.snapshot().children[0]?.restarts).toBe(1);
  });

  test("is not received by whoever awaits its stop", async () => {
    using uncaught = new Uncaught();
    const { tree, gate } = await givingUp();
    gate.resolve();
    await tree.stop();
    await settleAndTurn();
    expect(uncaught.errors).toHaveLength(1);
  });
});

describe("nothing is thrown where nobody can catch it", () => {
  test("when a supervisor ends normally, or is stopped", async () => {
    using uncaught = new Uncaught();
    await supervisor().child("a", async () => undefined, { restart: "transient" }).start().stop("enough");
    supervisor().child("a", async () => undefined, { restart: "transient" }).start();
    await settleAndTurn();
    expect(uncaught.errors).toEqual([]);
  });

  test("when a temporary child fails", async () => {
    using uncaught = new Uncaught();
    await using tree = supervisor({ whenDone: "wait" })
      .child("stage", () => producer<number>(), { restart: "temporary" })
      .child("task", () => Promise.reject(failure), { restart: "temporary" })
      .start();
    tree.children.stage.fail(failure);
    await settleAndTurn();
    expect(uncaught.errors).toEqual([]);
  });

  test("when start throws after a task of its was started that fails later", async () => {
    using uncaught = new Uncaught();
    const builder = supervisor({ handleReport: () => undefined })
      .child("task", (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(failure))))
      .child("bad", () => {
        throw new Error("cannot start");
      });
    expect(() => builder.start()).toThrow("cannot start");
    await settleAndTurn();
    expect(uncaught.errors).toEqual([]);
  });
});

test("a reporter that throws is thrown, and changes nothing for the tree", async () => {
  using uncaught = new Uncaught();
  const bad = new Error("reporter");
  await using tree = supervisor({
    handleReport() {
      throw bad;
    },
  })
    .child("a", () => producer<number>())
    .start();
  tree.children.a.fail(failure);
  await settleAndTurn();
  expect(uncaught.errors).toEqual([bad]);
  expect(tree.snapshot().children[0]).toMatchObject({ state: "running", restarts: 1 });
});
