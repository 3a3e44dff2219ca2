import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Uncaught } from "../core/support/uncaught.ts";
import { announce, parametersOf, runsOf, timeout } from "./runs.ts";
import { Model } from "./supervisor/model.ts";
import { trees, type TreePlan } from "./supervisor/plan.ts";
import { STOP_WITHIN_MS, World, quiet } from "./supervisor/world.ts";

const numRuns = runsOf();
announce("supervisors", 2 * numRuns);

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** Those who end by themselves in one turn stop in no order. */
function normalized(log: readonly string[], unordered: number): string[] {
  return [...log.slice(0, unordered).toSorted(), ...log.slice(unordered)];
}

describe("a tree of supervisors", () => {
  test("runs, starts and stops its children as OTP's supervisors would, step by step", { timeout }, async () => {
    using uncaught = new Uncaught();
    await fc.assert(
      fc.asyncProperty(trees, async ({ root, steps }) => {
        uncaught.errors.length = 0;
        const model = new Model(root);
        const world = new World(root);
        await quiet();
        expect(world.read()).toEqual(model.read());
        for (const step of steps) {
          const names = [...model.names];
          const unordered = model.step(step);
          world.step(step, names);
          await quiet();
          expect([step, normalized(world.read(), unordered)]).toEqual([step, normalized(model.read(), unordered)]);
          expect([world.isUp, model.isUp ? world.states() : []]).toEqual([model.isUp, model.isUp ? model.states() : []]);
        }
        model.step({ type: "stop" });
        await expectEnd(world);
        expect(world.read()).toEqual(model.read());
        expect([world.breaches, uncaught.errors]).toEqual([[], []]);
      }),
      parametersOf(numRuns),
    );
  });

  test("ends within its deadlines, and leaves nothing running, whatever happens at once", { timeout }, async () => {
    using uncaught = new Uncaught();
    await fc.assert(
      fc.asyncProperty(trees, fc.array(fc.nat(3), { maxLength: 10 }), async (plan: TreePlan, pauses) => {
        uncaught.errors.length = 0;
        const { names } = new Model(plan.root);
        const world = new World(plan.root);
        for (const [place, step] of plan.steps.entries()) {
          world.step(step, names);
          // Not until all is quiet: the next step comes while this one goes on.
          for (let turns = pauses[place % Math.max(1, pauses.length)] ?? 0; turns > 0; turns -= 1) await new Promise<void>((resolve) => setImmediate(resolve));
        }
        await expectEnd(world);
        const log = world.read();
        // Each life that began has ended, and in this order.
        for (const name of new Set(log.map((line) => line.split(" ")[1] ?? ""))) {
          const own = log.filter((line) => line === `start ${name}` || line === `stop ${name}`);
          expect(own).toEqual(own.map((_, at) => (at % 2 === 0 ? `start ${name}` : `stop ${name}`)));
          expect(own.length % 2).toBe(0);
        }
        expect([world.breaches, uncaught.errors]).toEqual([[], []]);
      }),
      parametersOf(numRuns),
    );
  });
});

/** Stops the tree, and says that it ends within its deadlines, with nothing left behind. */
async function expectEnd(world: World): Promise<void> {
  let hasEnded = false;
  void world.tree.stop().then(() => (hasEnded = true));
  const tookMs = await quiet();
  expect([hasEnded, world.tree.snapshot().state]).toEqual([true, "ended"]);
  expect((await world.tree.closed).type).toMatch(/^(normal|shutdown|error)$/);
  // Twice its deadline for each leaf that there can be, one after the other.
  expect(tookMs).toBeLessThanOrEqual(2 * STOP_WITHIN_MS * 90);
  expect(vi.getTimerCount()).toBe(0);
}
