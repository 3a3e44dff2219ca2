import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Stage } from "sluice";
import { stackDepth } from "./graph/guard.ts";
import { flows, start, type Flow, type Kind } from "./flow/branches.ts";
import { COSTLY, announce, parametersOf, runsOf, timeout } from "./runs.ts";

const kinds: readonly Kind[] = ["demand", "broadcast", "partition"];
const runs = runsOf({ parts: kinds.length });
const longRuns = runsOf({ parts: kinds.length, each: COSTLY });
announce("flows that never end", kinds.length * runs);
announce("flows of many events, each property", kinds.length * longRuns);

/** So many lists take far longer than a slice of the run queue. */
const ENDLESS_LISTS = 50_000;
/** How many events pass through where their number must not matter. */
const MANY = 5_000;
/** No callback is called with more frames below it. */
const DEEPEST = 40;

const left = new Set<Stage>();

afterAll(async () => {
  await Promise.all([...left].map((stage) => stage.stop()));
});

/** So many events. */
function atMost(count: number): (demand: number) => number {
  let rest = count;
  return (demand) => {
    const some = Math.min(rest, demand);
    rest -= some;
    return some;
  };
}

async function ended({ stages }: Flow): Promise<void> {
  for (const stage of stages) left.add(stage);
  await Promise.all(stages.map((stage) => stage.closed));
  for (const stage of stages) left.delete(stage);
}

describe.each(kinds)("a %s dispatcher whose consumers are never satisfied", (kind) => {
  test("P16 a macrotask gets its turn while everything flows", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(flows(kind), async (plan) => {
        let lists = 0;
        const flow = start(plan, (demand) => ((lists += 1) < ENDLESS_LISTS ? demand : 0), () => undefined);
        for (let turn = 0; turn < 3; turn += 1) {
          const before = lists;
          await new Promise<void>((resolve) => setImmediate(resolve));
          expect(lists - before).toBeLessThan(ENDLESS_LISTS / 2);
        }
        expect(lists).toBeGreaterThan(0);
        await flow.source.stop();
        await ended(flow);
      }),
      parametersOf(runs),
    );
  });

  test("P19 no callback runs deep in the stack, however many events there are", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(flows(kind), async (plan) => {
        let deepest = 0;
        let calls = 0;
        const flow = start(plan, atMost(MANY), () => {
          calls += 1;
          if (calls % 97 === 0) deepest = Math.max(deepest, stackDepth());
        });
        await ended(flow);
        expect(deepest).toBeLessThanOrEqual(DEEPEST);
      }),
      parametersOf(longRuns),
    );
  });

  test("P20 a stage holds what its window allows, however many events there are", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(flows(kind), async (plan) => {
        const { maxDemand, branches, depth } = plan;
        let most = 0;
        let handled = 0;
        const sample = (flow: Flow): void => {
          for (const stage of flow.stages) {
            const { input, output } = stage.snapshot();
            expect((input?.queued ?? 0) + (input?.inCallback ?? 0)).toBeLessThanOrEqual(maxDemand);
            const bound = stage === flow.source ? branches * maxDemand : maxDemand;
            expect(output?.maxBuffered ?? 0).toBeLessThanOrEqual(bound);
            most = Math.max(most, output?.buffered ?? 0);
          }
        };
        let flow: Flow | undefined;
        let calls = 0;
        flow = start(plan, atMost(MANY), () => {
          calls += 1;
          if (flow !== undefined && calls % 31 === 0) sample(flow);
        });
        await ended(flow);
        sample(flow);
        for (const stage of flow.stages) handled += stage.role === "consumer" ? (stage.snapshot().input?.handled ?? 0) : 0;
        expect(handled).toBe(plan.kind === "broadcast" ? branches * MANY : MANY);
        expect(most).toBeLessThanOrEqual((depth + 1) * branches * maxDemand);
      }),
      parametersOf(longRuns),
    );
  });
});
