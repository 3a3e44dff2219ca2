import type { Readable } from "node:stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StoppedError, producer } from "sluice";
import { toReadable } from "sluice/node";
import { settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { watching } from "../support/reading.ts";

/** How a reader takes what there is, for a while. */
type Move =
  | { readonly type: "read"; readonly count: number }
  | { readonly type: "flow"; readonly count: number }
  | { readonly type: "loop" }
  | { readonly type: "wait" };

const moves = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant("read" as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ type: fc.constant("flow" as const), count: fc.integer({ min: 1, max: 10 }) }),
    fc.constant({ type: "loop" as const }),
    fc.constant({ type: "wait" as const }),
  ),
  { maxLength: 12 },
);

const windows = fc.oneof(
  fc.constant({}),
  fc.record({ maxDemand: fc.integer({ min: 1, max: 20 }) }),
  fc.integer({ min: 1, max: 20 }).chain((maxDemand) => fc.record({ maxDemand: fc.constant(maxDemand), minDemand: fc.integer({ min: 0, max: maxDemand - 1 }) })),
);

const plans = fc.record({
  count: fc.nat(80),
  /** How many events the producer makes at once, at most. */
  lists: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
  highWaterMark: fc.constantFrom(0, 1, 2, 3, 5, 16),
  window: windows,
  moves,
  last: fc.constantFrom<"for await" | "data" | "readable">("for await", "data", "readable"),
  end: fc.constantFrom<"normal" | "error" | "stop">("normal", "error", "stop"),
  /** The producer brings events in the call, or a turn later. */
  isLate: fc.boolean(),
});

/** A producer of `count` numbers, by lists of these sizes, and then the end. */
function source({ count, lists, end, isLate }: { readonly count: number; readonly lists: readonly number[]; readonly end: "normal" | "error" | "stop"; readonly isLate: boolean }, boom: Error) {
  let made = 0;
  let calls = 0;
  let owed = 0;
  const stage = producer<number>({
    name: "source",
    handleDemand(demand, self) {
      owed += demand;
      if (!isLate) bring(self);
      else setImmediate(() => bring(self));
    },
  });
  function bring(self: { emit(events: readonly number[]): unknown; complete(): void; fail(error: unknown): void }): void {
    while (owed > 0 && made < count) {
      const size = Math.min(owed, count - made, lists[calls++ % lists.length] ?? 1);
      const events = range(size, made);
      made += size;
      owed -= size;
      self.emit(events);
    }
    if (made < count) return;
    if (end === "normal") self.complete();
    else if (end === "error") self.fail(boom);
    else void stage.stop(boom);
  }
  return { stage, made: () => made };
}

async function play(stream: Readable, move: Move, seen: unknown[]): Promise<void> {
  if (move.type === "read") {
    for (let reads = 0; reads < move.count; reads += 1) {
      const event: unknown = stream.read();
      if (event !== null) seen.push(event);
    }
  } else if (move.type === "loop") {
    for (let event: unknown = stream.read(); event !== null; event = stream.read()) seen.push(event);
  } else if (move.type === "flow") {
    let left = move.count;
    const take = (event: unknown): void => {
      seen.push(event);
      left -= 1;
      if (left === 0) stop();
    };
    const stop = (): void => {
      stream.off("data", take);
      stream.pause();
    };
    stream.on("data", take);
    await settle();
    stop();
  } else await settle();
}

async function finish(stream: Readable, how: "for await" | "data" | "readable", seen: unknown[]): Promise<void> {
  if (how === "data") {
    stream.on("data", (event) => seen.push(event));
    stream.resume();
  } else if (how === "readable") {
    const take = (): void => {
      for (let event: unknown = stream.read(); event !== null; event = stream.read()) seen.push(event);
    };
    stream.on("readable", take);
    take();
  } else {
    try {
      for await (const event of stream) seen.push(event);
    } catch {
      // 'error' has told it.
    }
  }
  // A producer that takes turns of the event loop looks quiet in between.
  for (let turns = 0; turns < 1000 && !stream.closed; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  await settle();
}

test("whoever reads, and however, everything comes once and in order, within the marks, and then the right end", async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const boom = new Error("boom");
      const { stage, made } = source(plan, boom);
      void stage.closed;
      const stream = toReadable(stage, { highWaterMark: plan.highWaterMark, ...plan.window });
      const got = watching(stream);
      const seen: unknown[] = [];
      const ahead = Math.max(1, plan.highWaterMark) + ((plan.window as { maxDemand?: number }).maxDemand ?? 0);
      for (const move of plan.moves) {
        if (stream.destroyed) break;
        await play(stream, move, seen);
        expect(made() - seen.length).toBeLessThanOrEqual(ahead);
        expect(stream.readableLength).toBeLessThanOrEqual(Math.max(1, plan.highWaterMark));
        expect(seen).toEqual(range(seen.length));
      }
      if (!stream.destroyed) await finish(stream, plan.last, seen);
      else await settle();

      expect(seen).toEqual(range(plan.count));
      expect(got.signals).toEqual(plan.end === "normal" ? ["end", "close"] : ["error", "close"]);
      if (plan.end === "error") expect(got.errors[0]).toBe(boom);
      if (plan.end === "stop") {
        expect(got.errors[0]).toBeInstanceOf(StoppedError);
        expect((got.errors[0] as Error).cause).toBe(boom);
      }
    }),
    { numRuns: 300 },
  );
});

test("whoever reads bytes, and by whatever sizes, they come once and in order, and then the right end", async () => {
  const sizes = fc.array(fc.nat(12), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      fc.record({ sizes, highWaterMark: fc.constantFrom(0, 1, 4, 16, 100), reads: fc.array(fc.oneof(fc.constant(undefined), fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 5 }), fails: fc.boolean(), window: windows }),
      async (plan) => {
        const boom = new Error("boom");
        let place = 0;
        let byte = 0;
        const stage = producer<Buffer>({
          handleDemand(demand, self) {
            const chunks: Buffer[] = [];
            for (; chunks.length < demand && place < plan.sizes.length; place += 1) chunks.push(Buffer.from(range(plan.sizes[place] ?? 0).map(() => byte++ % 251)));
            self.emit(chunks);
            if (place < plan.sizes.length) return;
            if (plan.fails) self.fail(boom);
            else self.complete();
          },
        });
        void stage.closed;
        const stream = toReadable(stage, { objectMode: false, highWaterMark: plan.highWaterMark, ...plan.window });
        const got = watching(stream);
        const seen: Buffer[] = [];
        let turn = 0;
        const take = (): void => {
          // Until a read of every size has come back empty-handed.
          for (let misses = 0; misses < plan.reads.length; ) {
            const chunk = stream.read(plan.reads[turn++ % plan.reads.length]) as Buffer | null;
            if (chunk === null) misses += 1;
            else {
              misses = 0;
              seen.push(chunk);
            }
          }
        };
        stream.on("readable", take);
        stream.read(0);
        await settle();
        const total = plan.sizes.reduce((sum, size) => sum + size, 0);
        const bytes = Buffer.concat(seen);
        expect([...bytes]).toEqual(range(bytes.length).map((n) => n % 251));
        // Who wants more bytes than are left before an error does not get those.
        if (!plan.fails || plan.reads.every((size) => size === undefined || size === 1)) expect(bytes.length).toBe(total);
        expect(total - bytes.length).toBeLessThan(9);
        expect(got.signals).toEqual(plan.fails ? ["error", "close"] : ["end", "close"]);
      },
    ),
    { numRuns: 300 },
  );
});
