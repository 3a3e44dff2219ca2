import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { settle } from "sluice/testing";
import { Uncaught } from "../core/support/uncaught.ts";
import { Model } from "./redelivery/model.ts";
import { steps, type Step } from "./redelivery/plan.ts";
import { World } from "./redelivery/world.ts";
import { announce, parametersOf, runsOf, timeout } from "./runs.ts";

const numRuns = runsOf();
announce("redelivery", numRuns);

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

describe("a producer whose consumers give back what they have not handled", () => {
  test("delivers as a small sequential program would: what comes back goes first, and in order", { timeout }, async () => {
    using uncaught = new Uncaught();
    await fc.assert(
      fc.asyncProperty(steps, async (plan) => {
        uncaught.errors.length = 0;
        const [model, world] = [new Model(), new World()];
        for (const step of [...plan, { type: "wait" } as const]) {
          await make(step, model, world);
          expect([step, seenOf(world, model)]).toEqual([step, expectedOf(model)]);
        }
        await expectBuffer(model.buffered, world);
        await Promise.all([world.source.stop(), waited(Promise.all(world.members.map(({ stage }) => stage.stop())))]);
        expect(uncaught.errors).toEqual([]);
      }),
      parametersOf(numRuns),
    );
  });
});

async function make(step: Step, model: Model, world: World): Promise<void> {
  model.step(step);
  world.step(step);
  await settle();
  // No two deadlines are at the same time.
  vi.advanceTimersByTime(1);
  if (step.type !== "wait") return;
  while (vi.getTimerCount() > 0) {
    vi.advanceTimersToNextTimer();
    await settle();
  }
}

/** What is buffered goes to one who asks for it all, in order. */
async function expectBuffer(buffered: readonly number[], world: World): Promise<void> {
  if (buffered.length === 0) return;
  const last = world.join({ handler: 3, maxRedeliveries: 0 });
  await settle();
  last?.subscription.ask(1000);
  await settle();
  for (let left = last?.calls ?? []; left.length > 0; ) {
    left.shift()?.resolve();
    await settle();
  }
  // Those who had asked before have come first, unless they are gone.
  expect(last?.received).toEqual(buffered);
}

async function waited(end: Promise<unknown>): Promise<void> {
  await settle();
  while (vi.getTimerCount() > 0) {
    vi.advanceTimersToNextTimer();
    await settle();
  }
  await end;
}

interface Seen {
  readonly output: { readonly emitted: number; readonly delivered: number; readonly buffered: number; readonly lost: number };
  readonly hasEnded: boolean;
  readonly failed: readonly number[];
  readonly consumers: readonly { readonly calls: readonly (readonly number[])[]; readonly received: number; readonly handled: number; readonly returned: number; readonly inCallback: number; readonly rest: number }[];
}

function seenOf({ source, members, failed }: World, model: Model): Seen {
  const { output, state } = source.snapshot();
  const { emitted, delivered, buffered, lost } = output ?? { emitted: 0, delivered: 0, buffered: 0, lost: 0 };
  return {
    output: { emitted, delivered, buffered, lost },
    hasEnded: state === "ended",
    failed,
    consumers: members.map(({ stage, calls }, place) => {
      const { input, state: own } = stage.snapshot();
      const { received, handled, returned, inCallback, queued, lost: thrown, failed: bad } = input ?? { received: 0, handled: 0, returned: 0, inCallback: 0, queued: 0, lost: 0, failed: 0 };
      const isBlocked = model.consumers[place]?.isBlocked === true;
      return { calls: own === "ended" ? [] : calls.map(({ events }) => events), received: isBlocked ? -1 : received, handled, returned, inCallback, rest: received - handled - returned - inCallback - queued + thrown + bad };
    }),
  };
}

function expectedOf({ emitted, failed, hasEnded, consumers, buffered }: Model): Seen {
  return {
    output: { emitted, delivered: emitted - buffered.length - failed.length, buffered: buffered.length, lost: failed.length },
    hasEnded,
    failed,
    consumers: consumers.map(({ calls, received, handledCount, returned, isBlocked }) => ({ calls, received: isBlocked ? -1 : received, handled: handledCount, returned, inCallback: calls.flat().length, rest: 0 })),
  };
}
