import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Uncaught } from "../core/support/uncaught.ts";
import { announce, parametersOf, runsOf, timeout } from "./runs.ts";
import { plans, type Plan } from "./tree-flow/plan.ts";
import { World } from "./tree-flow/world.ts";

const numRuns = runsOf();
announce("supervised flows", numRuns);

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("a supervised tree whose stages carry events", () => {
  test("knows where each event is, gives back what it is to give back, and ends in time, whatever crashes", { timeout }, async () => {
    using uncaught = new Uncaught();
    await fc.assert(
      fc.asyncProperty(plans, async (plan: Plan) => {
        uncaught.errors.length = 0;
        const world = await startWorld(plan);
        if (world === undefined) return;
        for (const step of plan.steps) await world.step(step);
        await world.end();
        expect([world.breaches, uncaught.errors]).toEqual([[], []]);
      }),
      parametersOf(numRuns),
    );
  });
});

/** A tree whose child cannot start at first is none. */
async function startWorld(plan: Plan): Promise<World | undefined> {
  if ([...plan.sources, ...plan.middles, ...plan.workers].some(({ faults }) => faults.starts.includes(0))) return undefined;
  return Promise.resolve(new World(plan));
}
