import type { Duplex } from "node:stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { producerConsumer, type Producer } from "sluice";
import { asDuplex } from "sluice/node";
import { settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { watching } from "../support/reading.ts";
import { watchingWrites } from "../support/writing.ts";

const ends = fc.oneof(
  fc.constant({ type: "writer ends" as const }),
  fc.record({ type: fc.constant("stage ends" as const), at: fc.nat(40) }),
  fc.record({ type: fc.constant("stage fails" as const), at: fc.nat(40) }),
  fc.record({ type: fc.constant("destroy" as const), at: fc.nat(20) }),
  fc.record({ type: fc.constant("destroy with an error" as const), at: fc.nat(20) }),
);

const plans = fc.record({
  writes: fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 8 }),
  window: fc.integer({ min: 1, max: 10 }),
  ahead: fc.constantFrom(undefined, 1, 20),
  readableHighWaterMark: fc.constantFrom(0, 1, 16),
  writableHighWaterMark: fc.constantFrom(0, 1, 16),
  isAsync: fc.boolean(),
  isReadFirst: fc.boolean(),
  processed: fc.boolean(),
  allowHalfOpen: fc.boolean(),
  end: ends,
});

/** What becomes of event n: n % 3 copies of it. */
function copies(event: number): number[] {
  return Array.from({ length: event % 3 }, () => event);
}

async function closed(duplex: Duplex): Promise<void> {
  for (let turns = 0; turns < 1000 && !duplex.closed; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  await settle();
}

test("whatever is written and read, and whoever ends it, what was made comes once and in order, both halves settle, and so do all writes", async () => {
  await fc.assert(
    fc.asyncProperty(plans, async ({ writes, window, ahead, isAsync, isReadFirst, end, ...options }) => {
      const boom = new Error("boom");
      let handled = 0;
      const make = (input: Producer<number>): Producer<number> =>
        producerConsumer({
          subscribeTo: [{ to: input, maxDemand: options.processed ? 1 : window }],
          concurrency: 1,
          async handleEvent(event, self) {
            if (isAsync) await new Promise((resolve) => setImmediate(resolve));
            if (end.type === "stage fails" && event === end.at) throw boom;
            handled += 1;
            if (end.type === "stage ends" && event === end.at) self.complete();
            return copies(event);
          },
        });
      const duplex = asDuplex(make, { maxDemand: ahead, ...options });
      const got = watching(duplex);
      const finishes: string[] = [];
      duplex.on("finish", () => finishes.push("finish"));
      const seen: unknown[] = [];
      const take = (): void => {
        duplex.on("data", (event) => {
          seen.push(event);
          if ((end.type === "destroy" || end.type === "destroy with an error") && seen.length === end.at) duplex.destroy(end.type === "destroy" ? undefined : boom);
        });
      };
      if (isReadFirst) take();

      const watched = [];
      let written = 0;
      for (const count of writes) {
        // The stage may have ended, and the writable half with it.
        if (duplex.writableEnded || duplex.destroyed) break;
        watched.push(watchingWrites(duplex, range(count, written)));
        written += count;
        if (count % 2 === 0) await settle();
      }
      if (!duplex.writableEnded && !duplex.destroyed) duplex.end();
      if (!isReadFirst) take();
      await closed(duplex);
      if (!duplex.closed) duplex.destroy();
      await closed(duplex);

      const called = watched.flatMap((each) => each.called);
      const failed = watched.flatMap((each) => each.failed);
      expect(called.length + failed.length).toBe(written);
      expect(called).toEqual(range(called.length));
      expect(duplex.closed).toBe(true);
      const all = range(written).flatMap(copies);
      expect(seen).toEqual(all.slice(0, seen.length));
      const isReached = "at" in end && end.at < written;
      if (end.type === "stage fails" && isReached) {
        expect(seen).toEqual(range(end.at).flatMap(copies));
        expect(got.errors).toEqual([boom]);
        expect(got.signals).toEqual(["error", "close"]);
      } else if (end.type === "stage ends" && isReached) {
        // What its window held behind the event may have been handled, too.
        expect(seen.length).toBeGreaterThanOrEqual(range(end.at + 1).flatMap(copies).length);
        expect(got.signals).toEqual(["end", "close"]);
        expect(finishes).toEqual(["finish"]);
      } else if (end.type.startsWith("destroy") && "at" in end && end.at > 0 && seen.length === end.at) {
        expect(got.signals.filter((signal) => signal !== "end")).toEqual(end.type === "destroy" || got.signals.includes("end") ? ["close"] : ["error", "close"]);
      } else {
        expect(seen).toEqual(all);
        expect(handled).toBe(written);
        expect(failed).toEqual([]);
        expect(got.signals).toEqual(["end", "close"]);
        expect(finishes).toEqual(["finish"]);
      }
    }),
    { numRuns: 400 },
  );
});
