import { test, expect } from "vitest";
import { consumer, producer, producerConsumer, fromIterable, type Snapshot } from "sluice";
import { settle } from "sluice/testing";
const AGAIN = { onCrash: "redeliver" } as const;
const bal = ({ input: i, output: o }: Snapshot) => ({ in: i && i.received - (i.queued + i.inCallback + i.handled + i.failed + i.lost + i.returned), out: o && o.emitted - (o.delivered + o.buffered + o.discarded + o.dropped + o.lost) });

test("1 complete() then crash", async () => {
  const source = producer<number>({ whenUnused: "wait" });
  const c = consumer<number>({ subscribeTo: [{ to: source, ...AGAIN, maxDemand: 4, minDemand: 3 }], handleEvent: (e, self) => { if (e === 0) self.complete(); if (e === 2) throw new Error("x"); } });
  void c.closed;
  await settle(); source.emit([0, 1, 2, 3]); await settle();
  console.log(1, bal(c.snapshot()), c.snapshot().input, source.snapshot().output);
  expect(bal(c.snapshot()).in).toBe(0);
});
test("2 ordered pool: done behind the slow, deadline", async () => {
  const source = producer<number>({ whenUnused: "wait" });
  const c = producerConsumer<number, number>({ subscribeTo: [{ to: source, ...AGAIN, maxDemand: 4, minDemand: 3 }], concurrency: 4, stopWithinMs: 5, handleEvent: (e) => (e === 0 ? new Promise(() => undefined) : [e]) });
  const k = consumer<number>({ subscribeTo: [c], handleEvents: () => undefined });
  void c.closed; void k.closed;
  await settle(); source.emit([0, 1, 2, 3]); await settle();
  await c.stop(); await settle();
  console.log(2, bal(c.snapshot()), c.snapshot().input, source.snapshot().output);
  expect(c.snapshot().input?.inCallback).toBe(0);
});
test("3 quiet moment between stop and deadline", async () => {
  const source = producer<number>({ whenUnused: "wait" });
  const c = consumer<number>({ subscribeTo: [{ to: source, ...AGAIN, maxDemand: 4, minDemand: 3 }], handleEvent: () => new Promise(() => undefined), stopWithinMs: 50 });
  await settle(); source.emit([0, 1, 2, 3]); await settle();
  const s = c.stop(); await settle();
  console.log(3, bal(c.snapshot()), c.snapshot().input);
  const b = bal(c.snapshot()); await s;
  expect(b.in).toBe(0);
});
test("4 unowned finite source whose consumer crashes in the last list", async () => {
  const source = fromIterable([0, 1, 2, 3]);
  const c = consumer<number>({ subscribeTo: [{ to: source, ...AGAIN, maxDemand: 10 }], handleEvent: async (e) => { await settle(); if (e === 2) throw new Error("x"); } });
  void c.closed; void source.closed;
  for (let i = 0; i < 10; i++) await settle();
  console.log(4, c.snapshot(), source.snapshot());
  expect(source.snapshot().state).toBe("ended");
});
test("5 cancel, then the producer ends", async () => {
  const source = producer<number>({ whenUnused: "wait" });
  const c = consumer<number>({ handleEvent: async () => { await settle(); } });
  const sub = c.subscribe(source, { ...AGAIN, maxDemand: 4 });
  await settle(); source.emit([0, 1, 2, 3]); void sub.cancel(); source.complete(); 
  for (let i = 0; i < 10; i++) await settle();
  console.log(5, c.snapshot(), source.snapshot());
  await c.stop();
});
test("5b cancel crosses the end", async () => {
  const source = producer<number>({ whenUnused: "wait" });
  const c = consumer<number>({ handleEvent: async () => { await settle(); } });
  const sub = c.subscribe(source, { ...AGAIN, maxDemand: 4 });
  await settle(); source.emit([0, 1, 2, 3]); source.complete(); 
  for (let i = 0; i < 12; i++) { await Promise.resolve(); }
  void sub.cancel();
  for (let i = 0; i < 10; i++) await settle();
  await c.stop();
});
test("6 cancel, complete, crash: lost though the consumer said redeliver", async () => {
  const reports: unknown[] = [];
  const source = producer<number>({ whenUnused: "wait", handleReport: (r) => void reports.push(r) });
  const c = consumer<number>({ handleReport: (r) => void reports.push(r), handleEvent: async (e) => { await settle(); if (e === 2) throw new Error("x"); } });
  void c.closed;
  const sub = c.subscribe(source, { ...AGAIN, maxDemand: 4 });
  await settle(); source.emit([0, 1, 2, 3]); await Promise.resolve(); void sub.cancel(); source.complete();
  for (let i = 0; i < 20; i++) await settle();
  console.log(6, c.snapshot().input, source.snapshot().output, source.snapshot().state, reports);
});
test("7 PC that fails and drains: counts at a quiet moment", async () => {
  const source = producer<number>({ whenUnused: "wait" });
  const c = producerConsumer<number, number>({ subscribeTo: [{ to: source, ...AGAIN, maxDemand: 4, minDemand: 3 }], handleEvents: (e) => { if (e[0] === 2) throw new Error("x"); return [e[0]!, e[0]!, e[0]!]; } });
  const k = consumer<number>({ handleEvents: () => undefined });
  const sub = k.subscribe(c, { mode: "manual" });
  void c.closed; void k.closed;
  await settle(); sub.ask(5); await settle(); source.emit([0, 1, 2, 3]); await settle();
  console.log(7, bal(c.snapshot()), c.snapshot(), source.snapshot().output);
  sub.ask(2); await settle();
  console.log(7, bal(c.snapshot()), c.snapshot(), source.snapshot().output);
  sub.ask(1); await settle();
  console.log(7, bal(c.snapshot()), c.snapshot(), source.snapshot().output);
});
test("8 a clean-up that fails behind a normal end", async () => {
  const log: unknown[] = [];
  const source = fromIterable([1], { handleStop: () => { throw new Error("cleanup"); } });
  const c = consumer<number>({ subscribeTo: [{ to: source, ...AGAIN }], handleEvents: () => undefined });
  void c.closed.then((r) => log.push(r)); void source.closed.then((r) => log.push(r));
  await settle(); console.log(8, log);
});
test("9 complete with events in flight", async () => {
  const source = producer<number>({ whenUnused: "wait" });
  const reports: unknown[] = [];
  const c = consumer<number>({ handleReport: (r) => void reports.push(r), subscribeTo: [{ to: source, ...AGAIN, maxDemand: 4, minDemand: 3 }], handleEvent: (e, self) => { if (e === 0) self.complete(); } });
  void c.closed;
  await settle(); source.emit([0]); source.emit([1]); source.emit([2]); await settle();
  console.log(9, bal(c.snapshot()), c.snapshot().input, source.snapshot().output, reports);
});
