import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { consumer, fromIterable, pipeline, producerConsumer, type Producer, type Stage } from "sluice";
import { settle } from "sluice/testing";
import { announce, parametersOf, runsOf, timeout } from "./runs.ts";

const numRuns = runsOf();
announce("owners", numRuns);

/** A row of stages, and how it ends. */
interface RowPlan {
  readonly middles: number;
  readonly events: number;
  readonly maxDemand: number;
  readonly isAsync: boolean;
  /** At which event what happens, and in which stage. */
  readonly at: number;
  readonly stage: number;
  readonly happens: "nothing" | "failure" | "abort" | "stop";
}

const rows: fc.Arbitrary<RowPlan> = fc.record({
  middles: fc.nat(3),
  events: fc.nat(40),
  maxDemand: fc.integer({ min: 1, max: 10 }),
  isAsync: fc.boolean(),
  at: fc.nat(40),
  stage: fc.nat(4),
  happens: fc.constantFrom("nothing", "failure", "abort", "stop"),
});

describe("a row of stages with an owner", () => {
  test("P17 P18 each stage stops once, consumers before their producers when the owner ends them, and everything is released once", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (plan) => {
        const { middles, events, maxDemand, isAsync, at, happens } = plan;
        const timers = activeTimers();
        const controller = new AbortController();
        const failure = new Error("told to");
        const stages: Stage[] = [];
        /** The places of the stages, in the order in which they stopped. */
        const stops: number[] = [];
        let handled = 0;
        let hasHappened = false;
        const calls = async (): Promise<void> => Promise.resolve();
        const visit = (place: number, list: readonly number[]): void => {
          if (place === middles + 1) handled += list.length;
          if (place !== 1 + (plan.stage % (middles + 1)) || !list.includes(at)) return;
          hasHappened = happens !== "nothing";
          if (happens === "failure") throw failure;
          if (happens === "abort") controller.abort(failure);
          if (happens === "stop") void stages[plan.stage % stages.length]?.stop(failure);
        };
        const source = countdown(events);
        const middle = (place: number) => (from: Producer<number>) => {
          const stage = producerConsumer({
            subscribeTo: [{ to: from, maxDemand }],
            handleEvents(list) {
              visit(place, list);
              return isAsync ? calls().then(() => list) : list;
            },
            handleStop: () => void stops.push(place),
          });
          stages.push(stage);
          return stage;
        };
        const last = (place: number) => (from: Producer<number>) => {
          const stage = consumer({
            subscribeTo: [{ to: from, maxDemand }],
            handleEvents(list) {
              visit(place, list);
              return isAsync ? calls() : undefined;
            },
            handleStop: () => void stops.push(place),
          });
          stages.push(stage);
          return stage;
        };
        const first = fromIterable(source);
        stages.push(first);
        const { signal } = controller;
        const runs = [
          () => pipeline(first, last(1), { signal }),
          () => pipeline(first, middle(1), last(2), { signal }),
          () => pipeline(first, middle(1), middle(2), last(3), { signal }),
          () => pipeline(first, middle(1), middle(2), middle(3), last(4), { signal }),
        ];
        const outcome = await runs[middles]?.().then(
          () => "resolved" as const,
          (error: unknown) => error,
        );
        await Promise.all(stages.map(({ closed }) => closed));
        await settle();

        if (!hasHappened) expect([outcome, handled]).toEqual(["resolved", events]);
        else if (happens !== "stop") expect(outcome).toBe(failure);
        // Once for each, the source's apart: it has no handler of its own here.
        expect(stops.toSorted((one, other) => one - other)).toEqual(Array.from({ length: middles + 1 }, (_, place) => place + 1));
        // The owner stops them from the end; a failure goes down by itself, and the owner stops those before it.
        const where = 1 + (plan.stage % (middles + 1));
        const stopped = happens === "abort" ? stops : happens === "failure" ? stops.filter((place) => place <= where) : [];
        if (hasHappened && !isAsync) expect(stopped).toEqual(stopped.toSorted((one, other) => other - one));
        expect(source.returns).toBe(source.made === 1 && !source.isOver ? 1 : 0);
        expect(getEventListeners(signal, "abort")).toHaveLength(0);
        expect(activeTimers()).toBeLessThanOrEqual(timers);
      }),
      parametersOf(numRuns),
    );
  });
});

/** An iterable that counts what is done with it. */
function countdown(events: number): Iterable<number> & { made: number; returns: number; isOver: boolean } {
  const source = {
    made: 0,
    returns: 0,
    isOver: false,
    [Symbol.iterator](): Iterator<number> {
      source.made += 1;
      let next = 0;
      return {
        next: () => {
          next += 1;
          if (next <= events) return { done: false, value: next - 1 };
          source.isOver = true;
          return { done: true, value: undefined };
        },
        return: () => {
          source.returns += 1;
          return { done: true, value: undefined };
        },
      };
    },
  };
  return source;
}

function activeTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
}
