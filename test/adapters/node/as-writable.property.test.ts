import * as fc from "fast-check";
import { expect, test } from "vitest";
import { asWritable } from "sluice/node";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { watchingWrites } from "../support/writing.ts";

const steps = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant("write" as const), count: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ type: fc.constant("cork" as const), count: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ type: fc.constant("ask" as const), demand: fc.integer({ min: 1, max: 12 }) }),
    fc.constant({ type: "turn" as const }),
  ),
  { maxLength: 20 },
);

const ends = fc.constantFrom("end", "destroy", "destroy with an error", "stop", "cancel");

test("whatever is written and demanded, and however it ends, each event comes once and in order, and each write is settled once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ steps, end: ends, highWaterMark: fc.constantFrom(0, 1, 3, 16), processed: fc.boolean(), isSettled: fc.boolean() }),
      async ({ steps: plan, end, highWaterMark, processed, isSettled }) => {
        const boom = new Error("boom");
        const { writable, producer } = asWritable<number>({ highWaterMark, processed });
        const signals: string[] = [];
        const errors: unknown[] = [];
        for (const name of ["finish", "close"]) writable.on(name, () => signals.push(name));
        writable.on("error", (error) => {
          signals.push("error");
          errors.push(error);
        });
        const probe = new ConsumerProbe(producer);
        const called: number[] = [];
        const failed: unknown[] = [];
        const watched: { readonly called: readonly number[]; readonly failed: readonly unknown[] }[] = [];
        let written = 0;
        let asked = 0;
        for (const step of plan) {
          if (step.type === "ask") {
            // Who says when an event is handled asks for one at a time.
            for (const demand of processed ? range(step.demand).map(() => 1) : [step.demand]) void probe.ask(demand);
            asked += step.demand;
          } else if (step.type === "turn") {
            await settle();
            expect(producer.bufferedCount).toBe(0);
          } else {
            if (step.type === "cork") writable.cork();
            watched.push(watchingWrites(writable, range(step.count, written)));
            written += step.count;
            if (step.type === "cork") writable.uncork();
          }
          expect(probe.events.length).toBeLessThanOrEqual(asked);
        }
        if (isSettled) await settle();
        const delivered = probe.events.length;

        if (end === "end") writable.end();
        else if (end === "destroy") writable.destroy();
        else if (end === "destroy with an error") writable.destroy(boom);
        else if (end === "stop") void producer.stop(boom);
        else void probe.cancel();
        await settle();
        for (const each of watched) called.push(...each.called);
        // What was called back before the end has been accepted, and an error comes behind it.
        const accepted = called.length;
        if (end !== "stop" && end !== "cancel") {
          for (let asks = 0; asks < 300 && probe.ends.length === 0; asks += 1) await probe.ask(processed ? 1 : 7);
        }
        await settle();
        called.length = 0;
        for (const each of watched) {
          called.push(...each.called);
          failed.push(...each.failed);
        }

        expect(probe.events).toEqual(range(probe.events.length));
        expect(probe.ends).toHaveLength(1);
        expect(called).toEqual(range(called.length));
        expect(called.length + failed.length).toBe(written);
        if (end === "end") {
          expect(probe.events).toHaveLength(written);
          expect(failed).toEqual([]);
          expect(probe.end).toEqual({ type: "normal" });
          expect(signals).toEqual(["finish", "close"]);
        } else if (end.startsWith("destroy")) {
          expect(probe.events.length).toBeGreaterThanOrEqual(accepted);
          if (end === "destroy") expect(probe.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER" } });
          else expect(probe.end).toEqual({ type: "error", error: boom });
          expect(signals).toEqual(end === "destroy" ? ["close"] : ["error", "close"]);
        } else {
          expect(probe.events.length).toBeGreaterThanOrEqual(delivered);
          expect(signals).toEqual(["error", "close"]);
          if (end === "stop") expect(errors).toEqual([boom]);
          else expect(errors).toMatchObject([{ code: "SLUICE_STOPPED" }]);
        }
      },
    ),
    { numRuns: 400 },
  );
});
