import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ExitReason } from "sluice";
import { asWritableStream, intoWritableStream, throughTransformStream } from "sluice/web";
import { ConsumerProbe, ProducerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { WebSink, stateOf } from "../support/web-streams.ts";

type Delay = "none" | "microtask" | "turn";

function after(delay: Delay): Promise<void> | undefined {
  if (delay === "none") return undefined;
  return delay === "microtask" ? Promise.resolve() : new Promise((resolve) => setImmediate(resolve));
}

const boom = new Error("boom");

const delays = fc.array(fc.constantFrom<Delay>("none", "microtask", "turn"), { minLength: 1, maxLength: 5 });
const lists = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 4 });
const asks = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
const highWaterMark = fc.nat(4);

function cycle<Value>(values: readonly Value[]): () => Value {
  let calls = 0;
  return () => values[calls++ % values.length] as Value;
}

test("into: what is written is what came, in order, within the high-water mark; then the stream and the producer hear of one end", async () => {
  const ends = fc.oneof(
    fc.constant({ type: "normal" as const }),
    fc.constant({ type: "producer fails" as const }),
    fc.record({ type: fc.constant("stream fails" as const), at: fc.nat(40) }),
    fc.record({ type: fc.constant("error of the controller" as const), at: fc.nat(20) }),
    fc.record({ type: fc.constant("stop" as const), at: fc.nat(20) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.record({ events: fc.nat(40), delays, lists, highWaterMark, maxDemand: fc.integer({ min: 1, max: 12 }), end: ends }), async (given) => {
      const { events, end } = given;
      const delay = cycle(given.delays);
      const size = cycle(given.lists);
      let inStream = 0;
      let greatest = 0;
      const sink = new WebSink<number>({
        highWaterMark: given.highWaterMark,
        sink: {
          async write(event) {
            await after(delay());
            inStream -= 1;
            if (end.type === "stream fails" && event === end.at) throw boom;
          },
          close: () => after(delay()),
          abort: () => after(delay()),
        },
      });
      const getWriter = sink.stream.getWriter.bind(sink.stream);
      sink.stream.getWriter = () => {
        const writer = getWriter();
        const write = writer.write.bind(writer);
        writer.write = (event) => {
          inStream += 1;
          greatest = Math.max(greatest, inStream);
          return write(event);
        };
        return writer;
      };
      const up = new ProducerProbe<number>();
      const stage = intoWritableStream<number>(sink.stream, { subscribeTo: [{ to: up.producer, maxDemand: given.maxDemand }] });
      const { closed } = stage;
      await settle();

      let sent = 0;
      for (let turn = 0; up.wires[0]?.cancels.length === 0; turn += 1) {
        expect(turn).toBeLessThan(1000);
        if (end.type === "stop" && turn === end.at) void stage.stop(boom);
        if (end.type === "error of the controller" && turn === end.at) sink.controller.error(boom);
        const open = up.asks.reduce((sum, ask) => sum + ask, 0) - sent;
        const count = Math.min(size(), events - sent, open);
        if (count > 0) void up.emit(...range(count, sent));
        sent += count;
        if (sent === events && (end.type === "normal" || end.type === "producer fails" || (end.type === "stream fails" && end.at >= events))) break;
        await (turn % 3 === 0 ? after(delay()) : settle());
      }
      if (up.cancels.length === 0) void (end.type === "producer fails" ? up.fail(boom) : up.complete());
      const reason = await closed;
      await settle();

      const isNormal = end.type === "normal" || (end.type === "stream fails" && end.at >= events);
      expect(sink.written).toEqual(range(sink.written.length));
      expect(greatest).toBeLessThanOrEqual(Math.max(1, given.highWaterMark));
      if (isNormal) {
        expect(reason).toEqual({ type: "normal" });
        expect([sink.written.length, sink.closes, sink.aborts]).toEqual([events, 1, []]);
      } else if (end.type === "producer fails") {
        expect(reason).toEqual({ type: "error", error: boom });
        expect([sink.written.length, sink.closes, sink.aborts]).toEqual([events, 0, [boom]]);
      } else if (end.type === "stream fails") {
        expect(reason).toEqual({ type: "error", error: boom });
        expect([sink.written.length, sink.closes, sink.aborts]).toEqual([end.at + 1, 0, []]);
      } else {
        expect(reason).toEqual(end.type === "stop" ? { type: "shutdown", reason: boom } : { type: "error", error: boom });
        expect(sink.aborts).toEqual(end.type === "stop" ? [boom] : []);
      }
      expect(up.cancels).toHaveLength(isNormal || end.type === "producer fails" ? 0 : 1);
      expect(sink.stream.locked).toBe(false);
      expect(await stateOf(sink.stream)).toEqual(isNormal ? "closed" : { error: boom });
      const { input } = stage.snapshot();
      expect(input?.received).toBe((input?.handled ?? 0) + (input?.failed ?? 0) + (input?.lost ?? 0));
    }),
    { numRuns: 300 },
  );
});

test("as: a write resolves exactly when its event was taken, what is taken comes in order, and both ends hear of one end", async () => {
  const ends = fc.constantFrom("close", "abort", "stop", "cancel");
  await fc.assert(
    fc.asyncProperty(fc.record({ events: fc.nat(30), delays, asks, highWaterMark, isHeeding: fc.boolean(), end: ends, endAt: fc.nat(30) }), async (given) => {
      const { events, end } = given;
      const delay = cycle(given.delays);
      const ask = cycle(given.asks);
      const { writable, producer } = asWritableStream<number>({ highWaterMark: given.highWaterMark });
      const { closed } = producer;
      const down = new ConsumerProbe<number>(producer);
      const writer = writable.getWriter();
      const outcomes: unknown[] = [];
      const ended: Promise<unknown>[] = [];
      const last = Math.min(events, given.endAt);
      let hasLeft = false;

      const writing = (async (): Promise<void> => {
        for (let event = 0; event < events; event += 1) {
          if (event === last && end !== "close") break;
          // A stream with a mark of 0 is never ready.
          if (given.isHeeding && given.highWaterMark > 0) await writer.ready;
          const index = event;
          ended.push(
            writer.write(event).then(
              () => (outcomes[index] = "taken"),
              (error: unknown) => (outcomes[index] = error),
            ),
          );
          await after(delay());
        }
        if (end === "close") ended.push(writer.close());
        else if (end === "abort") ended.push(writer.abort(boom));
        else if (end === "stop") ended.push(producer.stop(boom));
        else {
          hasLeft = true;
          ended.push(down.cancel({ type: "shutdown", reason: boom }));
        }
      })();

      for (let turn = 0; down.ends.length === 0; turn += 1) {
        expect(turn).toBeLessThan(1000);
        await (hasLeft ? settle() : down.ask(ask()));
        expect(producer.bufferedCount).toBe(0);
      }
      await writing;
      await Promise.allSettled(ended);
      const reason = await closed;
      await settle();

      expect(down.events).toEqual(range(down.events.length));
      const taken = outcomes.filter((outcome) => outcome === "taken").length;
      // What crosses a cancel or a stop may be taken and lost.
      if (end === "close" || end === "abort") expect(taken).toBe(down.events.length);
      else expect(taken).toBeGreaterThanOrEqual(down.events.length);
      for (const outcome of outcomes.slice(taken)) expect(outcome).toBe(boom);
      expect(down.ends).toHaveLength(1);
      const expected: Record<string, ExitReason> = { close: { type: "normal" }, abort: { type: "error", error: boom } };
      expect(reason).toEqual(expected[end] ?? { type: "shutdown", reason: boom });
      if (end === "close") expect(down.events).toEqual(range(events));
      writer.releaseLock();
      expect(await stateOf(writable)).toEqual(end === "close" ? "closed" : { error: boom });
    }),
    { numRuns: 300 },
  );
});

test("through: whatever the schedule, what was made arrives in order and on demand, then one end, and nothing is locked", async () => {
  /** What becomes of event n: n % 4 copies of it. */
  const copies = (event: number): number[] => Array.from({ length: event % 4 }, () => event);
  const ends = fc.oneof(
    fc.constant({ type: "normal" as const }),
    fc.constant({ type: "producer fails" as const }),
    fc.record({ type: fc.constant("transform fails" as const), at: fc.nat(40) }),
    fc.record({ type: fc.constant("terminate" as const), at: fc.nat(40) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.record({ events: fc.nat(40), delays, lists, asks, writableMark: highWaterMark, readableMark: highWaterMark, end: ends }), async (given) => {
      const { events, end } = given;
      const delay = cycle(given.delays);
      const size = cycle(given.lists);
      const ask = cycle(given.asks);
      const pair = new TransformStream<number, number>(
        {
          async transform(event, controller) {
            await after(delay());
            if (end.type === "transform fails" && event === end.at) throw boom;
            for (const copy of copies(event)) controller.enqueue(copy);
            if (end.type === "terminate" && event === end.at) controller.terminate();
            await after(delay());
          },
        },
        { highWaterMark: given.writableMark },
        { highWaterMark: given.readableMark },
      );
      const { readable, writable } = pair;
      const up = new ProducerProbe<number>();
      const stage = throughTransformStream({ readable, writable }, { subscribeTo: [up.producer] });
      const { closed } = stage;
      const down = new ConsumerProbe<number>(stage);
      await settle();

      let sent = 0;
      while (sent < events) {
        const count = Math.min(size(), events - sent);
        void up.emit(...range(count, sent));
        sent += count;
      }
      void (end.type === "producer fails" ? up.fail(boom) : up.complete());

      let asked = 0;
      for (let turn = 0; down.ends.length === 0; turn += 1) {
        expect(turn).toBeLessThan(1000);
        const demand = ask();
        asked += demand;
        await down.ask(demand);
        expect(down.events.length).toBeLessThanOrEqual(asked);
        expect(stage.bufferedCount).toBe(0);
      }
      const reason = await closed;
      await settle();

      const isCut = (end.type === "transform fails" || end.type === "terminate") && end.at < events;
      const all = range(isCut ? end.at + (end.type === "terminate" ? 1 : 0) : events).flatMap(copies);
      // The platform throws away what its readable side holds when it fails.
      if (end.type === "transform fails" && isCut) expect(down.events).toEqual(all.slice(0, down.events.length));
      else expect(down.events).toEqual(all);
      const isError = end.type === "producer fails" || (end.type === "transform fails" && isCut);
      expect(reason).toEqual(isError ? { type: "error", error: boom } : { type: "normal" });
      expect(down.ends.map((each) => each.reason)).toEqual([reason]);
      expect([readable.locked, writable.locked]).toEqual([false, false]);
    }),
    { numRuns: 200 },
  );
});
