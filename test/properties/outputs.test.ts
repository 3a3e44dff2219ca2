/** A producerConsumer whose calls take different times, with `onCrash: "redeliver"`: nothing is lost, and nothing comes twice. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { producer, producerConsumer, type ProducerConsumer, type PushProducer } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { deferred, type Deferred } from "../core/support/deferred.ts";
import { announce, parametersOf, runsOf, timeout } from "./runs.ts";

/** What happens next: a call settles (which, of those in progress), all is quiet, or the stage is stopped. */
type Step = { readonly type: "return"; readonly which: number; readonly outputs: number } | { readonly type: "fail"; readonly which: number } | { readonly type: "wait" } | { readonly type: "stop" };

const which = fc.nat(7);
const steps = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.record({ type: fc.constant("return" as const), which, outputs: fc.nat(2) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("fail" as const), which }) },
    { weight: 4, arbitrary: fc.constant({ type: "wait" as const }) },
    { weight: 1, arbitrary: fc.constant({ type: "stop" as const }) },
  ),
  { maxLength: 30 },
);
const plans = fc.record({ events: fc.integer({ min: 1, max: 12 }), concurrency: fc.integer({ min: 1, max: 5 }), ordered: fc.boolean(), maxDemand: fc.integer({ min: 1, max: 8 }), asked: fc.integer({ min: 1, max: 20 }), steps });

interface Output {
  readonly of: number;
  readonly place: number;
}

interface Call {
  readonly event: number;
  readonly made: Deferred<readonly Output[]>;
}

class World {
  readonly source: PushProducer<number> = producer({ whenUnused: "wait" });
  readonly middle: ProducerConsumer<number, Output>;
  readonly down: ConsumerProbe<Output>;
  readonly calls: Call[] = [];
  /** How many outputs the call of each event returned that has returned. */
  readonly returned = new Map<number, number>();
  /** How many outputs waited for demand when the stage was stopped: who stops it throws them away. */
  stoppedWith: number | undefined;

  constructor({ concurrency, ordered, maxDemand }: { readonly concurrency: number; readonly ordered: boolean; readonly maxDemand: number }) {
    this.middle = producerConsumer({
      subscribeTo: [{ to: this.source, onCrash: "redeliver", maxDemand }],
      concurrency,
      ordered,
      handleEvent: (event: number) => {
        const made = deferred<readonly Output[]>();
        this.calls.push({ event, made });
        return made.promise;
      },
    });
    this.middle.closed.catch(() => undefined);
    this.down = new ConsumerProbe<Output>(this.middle);
  }

  async step(step: Step): Promise<void> {
    if (step.type === "wait") await settle();
    else if (step.type === "stop") {
      await settle();
      this.stoppedWith ??= this.middle.snapshot().output?.buffered ?? 0;
      void this.middle.stop();
    }
    else if (this.calls.length > 0) {
      const [call] = this.calls.splice(step.which % this.calls.length, 1);
      if (call === undefined) return;
      if (step.type === "fail") call.made.reject(new Error(`call of ${call.event}`));
      else {
        this.returned.set(call.event, step.outputs);
        call.made.resolve(Array.from({ length: step.outputs }, (_, place) => ({ of: call.event, place })));
      }
    }
  }

  /** All calls return, until nothing more happens. */
  async finish(): Promise<void> {
    await settle();
    while (this.calls.length > 0) {
      await this.step({ type: "return", which: 0, outputs: 1 });
      await settle();
    }
  }
}

const numRuns = runsOf();
announce("outputs", numRuns);

describe("a producerConsumer whose calls end in any order, one by one or in one turn", () => {
  test("has delivered the outputs of an event, or its event comes back: one of the two", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const world = new World(plan);
        await world.down.ask(plan.asked);
        world.source.emit(Array.from({ length: plan.events }, (_, event) => event));
        await settle();
        for (const step of plan.steps) await world.step(step);
        await world.finish();
        await world.down.ask(100);
        await world.finish();
        await world.down.ask(100);
        await world.step({ type: "stop" });
        await world.finish();
        await world.middle.closed;

        const next = new ConsumerProbe<number>(world.source);
        await next.ask(100);
        const { events: back } = next;
        const { input, output } = world.middle.snapshot();
        const left = new Set(world.down.events.map((each) => each.of));
        const all = Array.from({ length: plan.events }, (_, event) => event);
        // Nothing is lost: what has neither left nor come back had nothing to emit, or its outputs waited at the stop.
        const gone = all.filter((event) => !left.has(event) && !back.includes(event) && world.returned.get(event) !== 0);
        expect(gone.length).toBeLessThanOrEqual(world.stoppedWith ?? 0);
        expect(output?.lost).toBe(world.stoppedWith);
        // Nothing comes twice.
        expect(back.filter((event) => left.has(event))).toEqual([]);
        expect(new Set(back).size).toBe(back.length);
        expect(back).toEqual(back.toSorted((one, other) => one - other));
        const places = world.down.events.map(({ of, place }) => `${of}.${place}`);
        expect(new Set(places).size).toBe(places.length);
        if (plan.ordered) {
          const order = world.down.events.map((each) => each.of);
          expect(order).toEqual(order.toSorted((one, other) => one - other));
        }
        expect(input).toMatchObject({ queued: 0, inCallback: 0, lost: 0 });
        expect((input?.handled ?? 0) + (input?.failed ?? 0) + (input?.returned ?? 0)).toBe(input?.received);
        await world.source.stop();
      }),
      parametersOf(numRuns),
    );
  });
});
