/** A loop whose `next()` is called by anybody at any time: by the program, several at once, and by the callbacks of the stage that it reads. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { producer } from "sluice";
import { settle } from "sluice/testing";
import { range } from "../core/support/range.ts";
import { announce, parametersOf, runsOf, timeout } from "./runs.ts";

const runs = runsOf();
announce("reading", runs);

/** So many calls of `next()` are made by callbacks: each could make another. */
const MOST_INNER = 12;
/** The first event that is emitted from outside. */
const OUTSIDE = 1_000_000;

const ways = fc.constantFrom("exact", "events", "batches");
const plans = fc.record({
  way: fc.oneof({ weight: 4, arbitrary: fc.constant("exact" as const) }, { weight: 1, arbitrary: ways }),
  maxDemand: fc.integer({ min: 1, max: 4 }),
  /** How many microtasks `handleSubscribe` takes. */
  subscribeTicks: fc.option(fc.nat(4), { nil: undefined }),
  /** What `handleDemand` does, in turn. */
  calls: fc.array(
    fc.record({ inner: fc.nat(2), emits: fc.nat(2), more: fc.nat(2), ticks: fc.option(fc.nat(3), { nil: undefined }) }),
    { minLength: 1, maxLength: 3 },
  ),
  steps: fc.array(fc.record({ deed: fc.constantFrom("next", "next", "emit", "ticks", "rest"), count: fc.integer({ min: 1, max: 4 }) }), { maxLength: 12 }),
});

async function ticks(count: number): Promise<void> {
  for (const _ of range(count)) await Promise.resolve();
}

test("P5 P6 calls of next() get the events in order, and are answered in the order in which they were made", { timeout }, async () => {
  await fc.assert(
    fc.asyncProperty(plans, async ({ way, maxDemand, subscribeTicks, calls, steps }) => {
      let made = 0;
      const make = (count: number): number[] => {
        made += count;
        return range(count, made - count);
      };
      let given = OUTSIDE;
      let call = 0;
      let inner = 0;
      await using stage = producer<number>({
        bufferSize: 1_000,
        ...(subscribeTicks !== undefined && { handleSubscribe: () => ticks(subscribeTicks) }),
        handleDemand(demand, self) {
          const plan = calls[call % calls.length];
          call += 1;
          if (plan === undefined) return [];
          if (plan.emits > 0) self.emit(make(plan.emits));
          for (let left = plan.inner; left > 0 && inner < MOST_INNER; left -= 1) {
            inner += 1;
            next();
          }
          const events = make(Math.max(0, demand - plan.emits) + plan.more);
          return plan.ticks === undefined ? events : ticks(plan.ticks).then(() => events);
        },
      });
      const reader = way === "exact" ? stage[Symbol.asyncIterator]() : stage[way]({ maxDemand });
      let asked = 0;
      const answered: number[] = [];
      const got: number[] = [];
      const next = (): void => {
        const number = asked;
        asked += 1;
        void reader.next().then(({ value }) => {
          answered.push(number);
          got.push(...[value ?? []].flat());
        });
      };
      for (const { deed, count } of steps) {
        if (deed === "next") {
          for (const _ of range(count)) next();
        } else if (deed === "emit") {
          stage.emit(range(count, given));
          given += count;
        } else if (deed === "ticks") await ticks(count);
        else await settle();
      }
      await settle();
      expect(answered).toEqual(range(asked));
      // Each kind in its order: which comes first depends on the turns.
      const [ours, others] = [got.filter((event) => event < OUTSIDE), got.filter((event) => event >= OUTSIDE)];
      expect([...ours, ...others]).toEqual([...range(ours.length), ...range(others.length, OUTSIDE)]);
    }),
    parametersOf(runs),
  );
});
