import { Duplex, Transform } from "node:stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ExitReason } from "sluice";
import { throughDuplex } from "sluice/node";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { listeners } from "../support/listeners.ts";

type Delay = "none" | "tick" | "microtask" | "turn";

function after(delay: Delay, act: () => void): void {
  if (delay === "none") act();
  else if (delay === "tick") process.nextTick(act);
  else if (delay === "microtask") queueMicrotask(act);
  else setImmediate(act);
}

/** What becomes of event n: n % 4 copies of it. */
function copies(event: number): number[] {
  return Array.from({ length: event % 4 }, () => event);
}

const schedules = {
  events: fc.nat(40),
  delays: fc.array(fc.constantFrom<Delay>("none", "tick", "microtask", "turn"), { minLength: 1, maxLength: 5 }),
  lists: fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 4 }),
  asks: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 }),
  readableHighWaterMark: fc.nat(4),
  writableHighWaterMark: fc.nat(4),
};

const ends = fc.oneof(
  fc.constant({ type: "normal" as const }),
  fc.constant({ type: "producer fails" as const }),
  fc.record({ type: fc.constant("duplex fails" as const), at: fc.nat(40) }),
);

test("whatever the schedule, what was made arrives in order and on demand, then one end, and nothing is left", async () => {
  await fc.assert(
    fc.asyncProperty(fc.record({ ...schedules, end: ends }), async ({ events, delays, lists, asks, readableHighWaterMark, writableHighWaterMark, end }) => {
      const boom = new Error("boom");
      let calls = 0;
      const delay = (): Delay => delays[calls++ % delays.length] ?? "none";
      const duplex = new Transform({
        readableObjectMode: true,
        writableObjectMode: true,
        readableHighWaterMark,
        writableHighWaterMark,
        transform(event: number, _encoding, done) {
          after(delay(), () => {
            if (end.type === "duplex fails" && event === end.at) done(boom);
            else {
              for (const copy of copies(event)) this.push(copy);
              after(delay(), () => done());
            }
          });
        },
      });
      const before = listeners(duplex);
      const up = new ProducerProbe<number>();
      const stage = throughDuplex<number, number>(duplex, { subscribeTo: [up.producer] });
      const down = new ConsumerProbe<number>(stage);
      await settle();

      let sent = 0;
      for (let list = 0; sent < events; list += 1) {
        const size = Math.min(lists[list % lists.length] ?? 1, events - sent);
        void up.emit(...range(size, sent));
        sent += size;
      }
      void (end.type === "producer fails" ? up.fail(boom) : up.complete());

      let asked = 0;
      for (let turn = 0; down.ends.length === 0; turn += 1) {
        expect(turn).toBeLessThan(1000);
        const demand = asks[turn % asks.length] ?? 1;
        asked += demand;
        await down.ask(demand);
        expect(down.events.length).toBeLessThanOrEqual(asked);
        expect(stage.bufferedCount).toBe(0);
      }
      await stage.closed;
      await settle();

      const failsAt = end.type === "duplex fails" && end.at < events ? end.at : events;
      expect(down.events).toEqual(range(failsAt).flatMap(copies));
      const expected: ExitReason = end.type === "normal" || (end.type === "duplex fails" && end.at >= events) ? { type: "normal" } : { type: "error", error: boom };
      expect(down.ends.map(({ reason }) => reason)).toEqual([expected]);
      expect(duplex.destroyed).toBe(true);
      expect(listeners(duplex)).toEqual(before);
    }),
    { numRuns: 200 },
  );
});

test("whoever ends it, and whenever, both sides hear of one end, and nothing is left", async () => {
  const breaks = fc.constantFrom("stop", "cancel", "destroy", "destroy with an error", "end of the readable half", "error of the producer", "shutdown of the producer");
  await fc.assert(
    fc.asyncProperty(fc.record({ ...schedules, how: breaks, turns: fc.nat(10) }), async ({ events, delays, lists, asks, readableHighWaterMark, writableHighWaterMark, how, turns }) => {
      const boom = new Error("boom");
      let calls = 0;
      const delay = (): Delay => delays[calls++ % delays.length] ?? "none";
      let destroys = 0;
      const duplex = new Duplex({
        objectMode: true,
        readableHighWaterMark,
        writableHighWaterMark,
        read() {},
        write(event: number, _encoding, done) {
          after(delay(), () => {
            if (!this.readableEnded && !this.destroyed && how !== "end of the readable half") for (const copy of copies(event)) this.push(copy);
            after(delay(), done);
          });
        },
        destroy(error, done) {
          destroys += 1;
          after(delay(), () => done(error));
        },
      });
      const before = listeners(duplex);
      const up = new ProducerProbe<number>();
      const stage = throughDuplex<number, number>(duplex, { subscribeTo: [up.producer] });
      const { closed } = stage;
      const down = new ConsumerProbe<number>(stage);
      for (let sent = 0, list = 0; sent < events; list += 1) {
        const size = Math.min(lists[list % lists.length] ?? 1, events - sent);
        void up.emit(...range(size, sent));
        void down.ask(asks[list % asks.length] ?? 1);
        sent += size;
      }
      for (let turn = 0; turn < turns; turn += 1) await new Promise<void>((resolve) => after(delay() === "none" ? "tick" : "turn", resolve));

      if (how === "stop") void stage.stop(boom);
      else if (how === "cancel") void down.cancel();
      else if (how === "destroy") duplex.destroy();
      else if (how === "destroy with an error") duplex.destroy(boom);
      else if (how === "end of the readable half") duplex.push(null);
      else if (how === "error of the producer") void up.fail(boom);
      else void up.wire.end("down", { type: "shutdown", reason: boom });
      // What is left to be read or written needs demand.
      if (how !== "cancel") void down.ask(1000);
      await closed;
      await settle();

      expect(down.ends).toHaveLength(1);
      const isFromAbove = how === "error of the producer" || how === "shutdown of the producer";
      expect(up.cancels).toHaveLength(isFromAbove ? 0 : 1);
      expect(destroys).toBe(1);
      expect(listeners(duplex)).toEqual(before);
    }),
    { numRuns: 200 },
  );
});
