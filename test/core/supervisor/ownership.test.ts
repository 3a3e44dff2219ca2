import { ADOPT, consumer, pipeline, producer, producerConsumer, supervisor } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { range } from "../support/range.ts";
import { Diary } from "./diary.ts";

const failure = new Error("down");

describe("a supervisor owns its stages:", () => {
  test("they do not stop when they are unused", async () => {
    await using tree = supervisor()
      .child("numbers", () => producer<number>({ handleDemand: (demand) => range(demand), whenUnused: "stop" }))
      .child("doubled", ({ numbers }) => producerConsumer({ subscribeTo: [numbers], handleEvents: (events) => events, whenUnused: "stop" }))
      .start();
    const probe = new ConsumerProbe(tree.children.doubled);
    await probe.ask(1);
    await probe.down();
    for await (const _ of tree.children.doubled) break;
    await settle();
    expect(tree.snapshot().children.map(({ state, restarts }) => [state, restarts])).toEqual([
      ["running", 0],
      ["running", 0],
    ]);
  });

  test("a pipeline that reads from one leaves it alone", async () => {
    await using tree = supervisor().child("numbers", () => producer<number>()).start();
    const { numbers } = tree.children;
    const bad = pipeline(
      numbers,
      consumer<number>({
        handleEvents() {
          throw failure;
        },
      }),
    );
    numbers.emit([1]);
    await expect(bad).rejects.toBe(failure);
    await settle();
    expect([numbers.snapshot().state, tree.snapshot().children[0]?.restarts]).toEqual(["running", 0]);
  });

  test("nobody else can adopt them, nor a supervisor in it", async () => {
    await using tree = supervisor()
      .child("numbers", () => producer<number>())
      .child("inner", () => supervisor().start())
      .start();
    expect([tree.children.numbers[ADOPT]({}), tree.children.inner[ADOPT]({})]).toEqual([false, false]);
    // Itself is nobody's yet; but neither its own nor that of a child of it.
    expect([tree[ADOPT](tree), tree[ADOPT](tree.children.inner), tree[ADOPT]({})]).toEqual([false, false, true]);
  });

  test("their errors are received by it", async () => {
    // An uncaught exception would fail this run.
    await using tree = supervisor().child("numbers", () => producer<number>()).start();
    tree.children.numbers.fail(failure);
    await settle();
    expect(tree.snapshot().children[0]).toMatchObject({ restarts: 1, lastEnd: { type: "error", error: failure } });
  });
});

describe("a stage that somebody else owns", () => {
  test("is supervised, but not stopped", async () => {
    const numbers = producer<number>();
    numbers[ADOPT]({});
    const tree = supervisor()
      .child("numbers", () => numbers)
      .start();
    await tree.stop();
    expect([tree.snapshot().state, numbers.snapshot().state]).toEqual(["ended", "running"]);
    await numbers.stop();
  });

  test("that ends is asked for again", async () => {
    const owner = {};
    const diary = new Diary();
    const foreign = () => {
      const stage = diary.stage("foreign");
      stage[ADOPT](owner);
      return stage;
    };
    const tree = supervisor().child("foreign", foreign).start();
    tree.children.foreign.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["start foreign", "stop foreign", "start foreign"]);
    const { foreign: last } = tree.children;
    await tree.stop();
    expect(last.snapshot().state).toBe("running");
    await last.stop();
  });

  test("that belongs to a sibling supervisor is left to that one", async () => {
    const diary = new Diary();
    const tree = supervisor()
      .child("inner", () =>
        supervisor()
          .child("a", () => diary.stage("a"))
          .start(),
      )
      .child("borrowed", ({ inner }) => inner.children.a)
      .start();
    await tree.stopChild("borrowed");
    expect(diary.read()).toEqual(["start a"]);
    await tree.stop();
    expect(diary.read()).toEqual(["stop a"]);
  });
});

test("a stage that a child's function makes beside its own is not the supervisor's, and its signal ends it", async () => {
  const diary = new Diary();
  await using tree = supervisor()
    .child("printer", (_, { signal }) => {
      const source = diary.stage("source", { signal });
      return consumer({ subscribeTo: [source], handleEvents: () => undefined });
    })
    .start();
  await settle();
  await tree.restartChild("printer");
  await settle();
  expect(diary.read()).toEqual(["start source", "stop source", "start source"]);
});
