import { getEventListeners } from "node:events";
import { ADOPT, producer, supervisor, type Supervisor } from "sluice";
import { describe, expect, test } from "vitest";
import { collect } from "../support/collect.ts";
import { turn } from "./diary.ts";

const RESTARTS = 100_000;
const MOST_GROWTH = 2 * 1024 * 1024;

/** What the process holds. A tree that restarts for ever is never quiet: a turn is all that can be waited for. */
async function held(): Promise<{ readonly heap: number; readonly timers: number }> {
  await turn();
  collect();
  return { heap: process.memoryUsage().heapUsed, timers: process.getActiveResourcesInfo().filter((name) => name === "Timeout").length };
}

function restartsOf(tree: Supervisor): number {
  return tree.snapshot().children[0]?.restarts ?? 0;
}

/** Lets a tree restart its first child so often. */
async function restarts(tree: Supervisor, count: number): Promise<void> {
  for (const goal = restartsOf(tree) + count; restartsOf(tree) < goal; ) await turn();
}

describe("100,000 restarts leave nothing behind", { timeout: 60_000 }, () => {
  test("of a stage that fails as soon as it is up, while its siblings run on", async () => {
    const controller = new AbortController();
    const failure = new Error("down");
    let isOver = false;
    const tree = supervisor({ maxRestarts: Infinity, signal: controller.signal })
      .child("flapping", () => {
        const stage = producer<number>({ name: "flapping" });
        if (!isOver) stage.fail(failure);
        return stage;
      })
      .child("steady", () => producer<number>())
      .start();
    const { steady } = tree.children;
    await restarts(tree, 2000);
    const before = await held();
    await restarts(tree, RESTARTS);
    isOver = true;
    const after = await held();
    expect(after.heap - before.heap).toBeLessThan(MOST_GROWTH);
    expect(after.timers).toBeLessThanOrEqual(before.timers);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    expect(tree.children.steady).toBe(steady);
    await tree.stop();
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
  });

  test("of an async function that returns at once, with a limit that is kept", async () => {
    let isOver = false;
    const tree = supervisor({ maxRestarts: 10 * RESTARTS, withinMs: 1 })
      .child("brief", async (_, { signal }) => {
        if (isOver) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      })
      .start();
    await restarts(tree, 2000);
    const before = await held();
    await restarts(tree, RESTARTS);
    isOver = true;
    const after = await held();
    expect(after.heap - before.heap).toBeLessThan(MOST_GROWTH);
    expect(after.timers).toBeLessThanOrEqual(before.timers);
    await tree.stop();
  });

  test("of a group with a child that somebody else owns", async () => {
    const foreign = producer<number>({ name: "foreign" });
    foreign[ADOPT]({});
    let isOver = false;
    const tree = supervisor({ strategy: "oneForAll", maxRestarts: Infinity })
      .child("brief", async (_, { signal }) => {
        if (isOver) await new Promise((resolve) => signal.addEventListener("abort", resolve));
      })
      .child("foreign", () => foreign)
      .start();
    await restarts(tree, 2000);
    const before = await held();
    await restarts(tree, RESTARTS / 4);
    isOver = true;
    const after = await held();
    expect(after.heap - before.heap).toBeLessThan(MOST_GROWTH);
    await tree.stop();
    await foreign.stop();
  });

  test("of children that come and go at run time", async () => {
    const tree = supervisor({ whenDone: "wait" }).start();
    const comeAndGo = async (count: number): Promise<void> => {
      for (let at = 0; at < count; at += 1) {
        await tree.startChild(`child ${at}`, () => producer<number>());
        await tree.removeChild(`child ${at}`);
      }
    };
    await comeAndGo(1000);
    const before = await held();
    await comeAndGo(RESTARTS / 10);
    const after = await held();
    expect(after.heap - before.heap).toBeLessThan(MOST_GROWTH);
    expect(after.timers).toBeLessThanOrEqual(before.timers);
    expect([tree.snapshot().children, Object.keys(tree.children)]).toEqual([[], []]);
    await tree.stop();
  });
});
