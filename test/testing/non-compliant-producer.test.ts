import { describe, expect, test } from "vitest";
import { consumer, producer, producerConsumer, type Consumer, type Report, type Stage } from "sluice";
import { monitored, nonCompliantProducer, settle, type Misbehaviour, type ProtocolRule } from "sluice/testing";
import { range } from "../core/support/range.ts";

const late = new Error("late");

const rows: readonly { readonly what: string; readonly how: Misbehaviour<number>; readonly rule?: ProtocolRule; readonly report?: Report["kind"]; readonly handled?: number }[] = [
  { what: "keeps the protocol", how: {} },
  { what: "delivers more than was asked for", how: { excess: 3 }, rule: "over-delivered", report: "excess-events" },
  { what: "delivers everything at the first ask", how: { excess: 100 }, rule: "over-delivered", report: "excess-events" },
  { what: "ends twice", how: { ends: 2 }, rule: "after-end", report: "late-signal" },
  { what: "ends five times", how: { ends: 5 }, rule: "after-end", report: "late-signal" },
  { what: "sends events after its end", how: { eventsAfterEnd: [100, 101] }, rule: "after-end", report: "late-signal" },
  { what: "fails after its end", how: { errorAfterEnd: late }, rule: "after-end", report: "late-signal" },
  { what: "does all of that", how: { excess: 2, ends: 2, eventsAfterEnd: [100], errorAfterEnd: late }, rule: "after-end", report: "late-signal" },
];

/** Law 7 for a consumer. */
function sum(stage: Stage): number {
  const { queued = 0, inCallback = 0, handled = 0, failed = 0, lost = 0 } = stage.snapshot().input ?? {};
  return queued + inCallback + handled + failed + lost;
}

describe("a consumer survives a producer that", () => {
  test.each(rows)("$what", async ({ how, rule, report }) => {
    const events: number[] = [];
    const reports: Report[] = [];
    const rules = new Set<ProtocolRule>();
    const bad = monitored(nonCompliantProducer(range(10), how), { handleViolation: (violation) => rules.add(violation.rule) });
    // Held open by a second producer, so that what comes late still finds the consumer.
    await using good = producer<number>({ name: "good" });
    await using sink: Consumer<number> = consumer({
      name: "sink",
      subscribeTo: [{ to: bad, maxDemand: 4 }, { to: good, maxDemand: 4 }],
      handleEvents: (list) => void events.push(...list),
      handleReport: (each) => reports.push(each),
    });
    await settle();
    expect(events).toEqual(range(10));
    expect([...rules].includes(rule as ProtocolRule)).toBe(rule !== undefined);
    const kinds = reports.map(({ kind }) => kind);
    expect(kinds.includes(report as Report["kind"])).toBe(report !== undefined);
    for (const each of reports) expect(each).toMatchObject({ stage: "sink", partner: "non-compliant" });
    // What was not handled is counted.
    expect(sum(sink)).toBe(sink.snapshot().input?.received);
    expect(sink.snapshot().input).toMatchObject({ handled: 10, lost: how.eventsAfterEnd?.length ?? 0 });
    // The other producer is served on.
    good.emit([20, 21]);
    await settle();
    expect(events.slice(10)).toEqual([20, 21]);
    expect(sink.snapshot().state).toBe("running");
  });

  test.each(rows)("$what, when it is its only one: it ends with its first end", async ({ how }) => {
    const events: number[] = [];
    const sink = consumer({ subscribeTo: [{ to: nonCompliantProducer(range(10), how), maxDemand: 4 }], handleEvents: (list) => void events.push(...list) });
    expect(await sink.closed).toEqual({ type: "normal" });
    expect(events).toEqual(range(10));
    await settle();
    expect(sum(sink)).toBe(sink.snapshot().input?.received);
  });

  test.each(rows)("$what, while its callback is async", async ({ how }) => {
    const events: number[] = [];
    const sink = consumer({
      subscribeTo: [{ to: nonCompliantProducer(range(10), how), maxDemand: 4 }],
      async handleEvents(list) {
        await Promise.resolve();
        events.push(...list);
      },
    });
    expect(await sink.closed).toEqual({ type: "normal" });
    expect(events).toEqual(range(10));
    await settle();
    expect(sum(sink)).toBe(sink.snapshot().input?.received);
  });

  test.each(rows)("$what, behind a producerConsumer: its own consumer gets what it asked for", async ({ how }) => {
    const events: number[] = [];
    const middle = producerConsumer({ subscribeTo: [{ to: nonCompliantProducer(range(10), how), maxDemand: 4 }], handleEvents: (list) => list });
    // This one throws at a violation: the stage in the middle passes none on.
    const sink = consumer({ subscribeTo: [{ to: monitored(middle, { maxDemand: 2 }), maxDemand: 2 }], handleEvents: (list) => void events.push(...list) });
    expect(await sink.closed).toEqual({ type: "normal" });
    expect(events).toEqual(range(10));
  });

  test("ends with an error twice: the first counts", async () => {
    const error = new Error("first");
    const sink = consumer({
      subscribeTo: [nonCompliantProducer<number>([1], { reason: { type: "error", error }, errorAfterEnd: late })],
      handleEvents: () => undefined,
    });
    const reason = await sink.closed;
    expect(reason.type === "error" && reason.error === error).toBe(true);
  });

  test("never ends: it waits, can be looked at, and can be stopped", async () => {
    const bad = nonCompliantProducer(range(3), { ends: 0 });
    const sink = consumer({ subscribeTo: [bad], handleEvents: () => undefined });
    await settle();
    expect(sink.snapshot()).toMatchObject({ state: "running", waitingFor: "events", input: { received: 3, handled: 3 } });
    await sink.stop();
    expect(sink.snapshot().state).toBe("ended");
  });

  test("never confirms a cancel and goes on: what comes is handled, and a stop ends it", async () => {
    const events: number[] = [];
    const sink = consumer({ handleEvents: (list: readonly number[]) => void events.push(...list) });
    const bad = nonCompliantProducer(range(6), { ends: 0, confirmsCancels: false, excess: 1 });
    const subscription = sink.subscribe(bad, { maxDemand: 2, minDemand: 1 });
    await settle();
    const cancelled = subscription.cancel();
    await settle();
    expect(events).toEqual(range(6));
    await sink.stop("enough");
    await cancelled;
    expect(await subscription.closed).toEqual({ type: "shutdown", reason: "enough" });
  });

  test("sends more after it has confirmed a cancel: reported, and counted as lost", async () => {
    const reports: Report[] = [];
    const sink = consumer({ handleEvents: (_list: readonly number[]) => undefined, handleReport: (each) => reports.push(each) });
    const subscription = sink.subscribe(nonCompliantProducer(range(3), { ends: 0, eventsAfterEnd: [100, 101] }));
    await settle();
    await subscription.cancel();
    await settle();
    expect(reports).toEqual([{ kind: "late-signal", stage: "sink", partner: "non-compliant", signal: "events" }].map((each) => ({ ...each, stage: sink.name })));
    expect(sink.snapshot().input).toMatchObject({ received: 5, handled: 3, lost: 2 });
    await sink.stop();
  });
});
