/** Async callbacks whose promises settle in any order: fast-check's scheduler decides which is next. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { consumer, producer, producerConsumer, type PushProducer } from "sluice";
import { ConsumerProbe, monitored, settle } from "sluice/testing";
import { range } from "../core/support/range.ts";
import { announce, parametersOf, runsOf, timeout } from "./runs.ts";

const runs = runsOf();
const parameters = parametersOf(runs);
announce("interleavings, each property", runs);

const plans = fc.record({
  lists: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 }),
  maxDemand: fc.integer({ min: 1, max: 6 }),
  concurrency: fc.integer({ min: 1, max: 4 }),
});

/** Emits lists, one after the other, and ends. */
function emitAll(source: PushProducer<number>, lists: readonly number[]): number {
  let next = 0;
  for (const count of lists) {
    source.emit(range(count, next));
    next += count;
  }
  source.complete();
  return next;
}

/** Counts the calls that run at once. */
class Overlap {
  most = 0;
  #running = 0;

  enter(): void {
    this.#running += 1;
    this.most = Math.max(this.most, this.#running);
  }

  leave(): void {
    this.#running -= 1;
  }
}

describe("in whatever order promises settle", () => {
  test("P12 P6 one list is handled at a time, and all in order", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), plans, async (scheduler, { lists, maxDemand }) => {
        const overlap = new Overlap();
        const handled: number[] = [];
        const source = producer<number>();
        const sink = consumer<number>({
          async handleEvents(events) {
            overlap.enter();
            await scheduler.schedule(Promise.resolve(), "handleEvents");
            handled.push(...events);
            overlap.leave();
          },
        });
        sink.subscribe(monitored(source, { maxDemand }), { maxDemand });
        const count = emitAll(source, lists);
        await scheduler.waitFor(sink.closed);
        expect(handled).toEqual(range(count));
        expect(overlap.most).toBe(1);
      }),
      parameters,
    );
  });

  test("P12 P6 calls of handleEvent run beside each other up to their concurrency, and outputs keep the order of their events", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), plans, async (scheduler, { lists, maxDemand, concurrency }) => {
        const overlap = new Overlap();
        const source = producer<number>();
        const middle = producerConsumer<number, number>({
          concurrency,
          async handleEvent(event) {
            overlap.enter();
            await scheduler.schedule(Promise.resolve(), `event ${event}`);
            overlap.leave();
            return [event, event];
          },
        });
        middle.subscribe(monitored(source, { maxDemand }), { maxDemand });
        const probe = new ConsumerProbe(monitored(middle));
        void probe.ask(1000);
        const count = emitAll(source, lists);
        await scheduler.waitFor(middle.closed);
        await settle();
        expect(probe.events).toEqual(range(count).flatMap((event) => [event, event]));
        expect(overlap.most).toBeLessThanOrEqual(concurrency);
        expect(probe.end).toEqual({ type: "normal" });
      }),
      parameters,
    );
  });

  test("P5 P14 what every stage of a row gets, the next one gets, whoever is the slowest", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), plans, fc.boolean(), async (scheduler, { lists, maxDemand, concurrency }, isOrdered) => {
        const handled: number[] = [];
        const source = producer<number>({ bufferSize: 100 });
        const slow = async <Value>(value: Value, who: string): Promise<Value> => {
          await scheduler.schedule(Promise.resolve(), who);
          return value;
        };
        const first = producerConsumer<number, number>({ handleEvents: (events) => slow(events, "first") });
        const second = producerConsumer<number, number>({ concurrency, ordered: isOrdered, handleEvent: (event) => slow([event], "second") });
        const sink = consumer<number>({ handleEvents: async (events) => void handled.push(...(await slow(events, "sink"))) });
        first.subscribe(monitored(source, { maxDemand }), { maxDemand });
        second.subscribe(monitored(first, { maxDemand }), { maxDemand });
        sink.subscribe(monitored(second, { maxDemand }), { maxDemand });
        const count = emitAll(source, lists);
        await scheduler.waitFor(sink.closed);
        expect(isOrdered ? handled : handled.toSorted((one, other) => one - other)).toEqual(range(count));
      }),
      parameters,
    );
  });
});
