/** Whoever runs many callbacks in one go looks at the clock: one of 1 ms each must not hold the event loop for a whole list. */
import { expect, test } from "vitest";
import { consumer, fromIterable, producer, type Producer } from "sluice";
import { ConsumerProbe } from "sluice/testing";
import { range } from "./support/range.ts";

/** So many events of 1 ms come as one list. */
const EVENTS = 100;

/** Counts the calls that come before the event loop turns; each takes 1 ms. */
class SlowBody {
  calls = 0;
  #hasTurned = false;

  readonly run = (): void => {
    if (this.calls === 0) setImmediate(() => (this.#hasTurned = true));
    if (!this.#hasTurned) this.calls += 1;
    const end = performance.now() + 1;
    while (performance.now() < end);
  };
}

function oneList(): Producer<number> {
  return producer<number>({
    handleDemand(_demand, self) {
      self.complete();
      return range(EVENTS);
    },
  });
}

const everything = { maxDemand: EVENTS, minDemand: 0 } as const;

const loops: readonly [string, (body: () => void) => Promise<unknown>][] = [
  [
    "a loop event by event, out of the buffer",
    async (body) => {
      for await (const _ of oneList()) body();
    },
  ],
  [
    "a loop event by event with read-ahead",
    async (body) => {
      for await (const _ of oneList().events(everything)) body();
    },
  ],
  [
    "a loop over batches of one",
    async (body) => {
      for await (const _ of oneList().batches({ maxDemand: EVENTS, minDemand: EVENTS - 1 })) body();
    },
  ],
  ["handleEvent", (body) => consumer({ subscribeTo: [{ to: oneList(), ...everything }], handleEvent: body }).closed],
  ["handleEvent with a concurrency", (body) => consumer({ subscribeTo: [{ to: oneList(), ...everything }], handleEvent: body, concurrency: 3 }).closed],
  [
    "handleEvents with batches of one",
    (body) => consumer({ subscribeTo: [{ to: oneList(), maxDemand: EVENTS, minDemand: EVENTS - 1 }], handleEvents: body }).closed,
  ],
  [
    "a sync iterable",
    (body) => {
      function* slow(): Generator<number> {
        for (const event of range(EVENTS)) {
          body();
          yield event;
        }
      }
      return consumer({ subscribeTo: [{ to: fromIterable(slow()), ...everything }], handleEvents: () => undefined }).closed;
    },
  ],
  [
    "handleDemand for demands that were accumulated",
    async (body) => {
      await using source = producer<number>({
        demand: "accumulate",
        handleDemand(demand) {
          body();
          return range(demand);
        },
      });
      const probe = new ConsumerProbe(source);
      for (const _ of range(EVENTS)) await probe.ask(1);
      source.setDemandMode("forward");
      while (probe.events.length < EVENTS) await new Promise<void>((resolve) => setImmediate(resolve));
    },
  ],
];

test.each(loops)("%s gives the event loop its turn when each call is slow", async (_name, run) => {
  const body = new SlowBody();
  await run(body.run);
  expect(body.calls).toBeGreaterThan(0);
  // Mostly three to nine; on a crowded machine a turn may take a while to come. Without a look at the clock it is all of them.
  expect(body.calls).toBeLessThan(EVENTS);
});
