/** How what IxJS runs is left at the end of a stage: what is aborted, waited for and reported. The same on all three ways. */
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Producer, Report, Reporter } from "sluice";
import { fromIx, throughIx } from "sluice/ix";
import { ConsumerProbe, settle } from "sluice/testing";
import { Aborted, Stuck } from "./sources.ts";

afterEach(() => vi.useRealTimers());

const boom = new Error("boom");
/** Its looks are not for everybody. */
const hostile: unknown = Object.defineProperty({}, Symbol.toStringTag, {
  get() {
    throw boom;
  },
});

interface Options {
  readonly name: string;
  readonly handleReport: Reporter;
  readonly preventAbort?: boolean;
  readonly closeWithinMs?: number;
  readonly stopWithinMs?: number;
}

type Open = (source: AsyncIterable<number[]>, options: Options) => Producer<unknown>;

describe.each<[string, Open]>([
  ["fromIx", (source, options) => fromIx(source, options)],
  ["fromIx of lists", (source, options) => fromIx(source, { ...options, lists: true })],
  ["throughIx", (source, options) => throughIx(() => source, options)],
])("%s", (_, open) => {
  /** A stage that has brought one event, and has asked for so many more. */
  async function begun(source: Stuck, more: number, options: Partial<Options> = {}): Promise<{ stage: Producer<unknown>; down: ConsumerProbe<unknown>; reports: Report[] }> {
    const reports: Report[] = [];
    const stage = open(source, { name: "ix", handleReport: (report) => void reports.push(report), ...options });
    const down = new ConsumerProbe(stage);
    await down.ask(1 + more);
    return { stage, down, reports };
  }

  test.each<[string, (signal: AbortSignal) => unknown]>([
    ["with its reason", (signal) => signal.reason],
    ["as IxJS does", () => new Aborted()],
  ])("says nothing of a next that answers the abort %s", async (__, abort) => {
    const source = new Stuck({ abort });
    const { stage, reports } = await begun(source, 1);
    await stage.stop();
    await settle();
    expect(source.signal?.aborted).toBe(true);
    expect(reports).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["an error", boom],
    ["what cannot be looked at", hostile],
    ["nothing", undefined],
  ])("reports a next that answers the abort with %s", async (__, error) => {
    const { stage, reports } = await begun(new Stuck({ abort: () => error }), 1);
    await stage.stop();
    await settle();
    expect(reports.map(({ kind, stage: name }) => [kind, name])).toEqual([["late-failure", "ix"]]);
    expect(reports.every((report) => "error" in report && Object.is(report.error, error))).toBe(true);
  });

  test.each<[string, unknown]>([
    ["an error", boom],
    ["an AbortError that is not for our abort", new Aborted()],
    ["nothing", undefined],
  ])("reports a next that is stuck and then fails with %s", async (__, error) => {
    const source = new Stuck();
    const { stage, reports } = await begun(source, 1, { preventAbort: true });
    const stopped = stage.stop();
    await settle();
    source.fail(error);
    await stopped;
    await settle();
    expect(reports).toEqual([{ kind: "late-failure", stage: "ix", error }]);
  });

  test.each<[string, (signal: AbortSignal | undefined) => unknown]>([
    ["with its reason", (signal) => signal?.reason],
    ["as IxJS does", () => new Aborted()],
  ])("says nothing of a return that answers the abort %s", async (__, answer) => {
    const source = new Stuck({ returns: (signal) => new Promise((___, reject) => signal?.addEventListener("abort", () => reject(answer(signal)))) });
    const { stage, reports } = await begun(source, 0);
    await stage.stop();
    await settle();
    expect(source.signal?.aborted).toBe(true);
    expect(reports).toEqual([]);
  });

  test.each<[string, () => unknown, unknown]>([
    ["throws", () => { throw boom; }, boom],
    ["rejects", () => Promise.reject(boom), boom],
    ["rejects with an AbortError that is not for our abort", () => Promise.reject(new Aborted()), new Aborted()],
  ])("reports, once, a return that %s", async (__, returns, error) => {
    const source = new Stuck({ returns });
    const { stage, reports } = await begun(source, 0);
    await stage.stop();
    await settle();
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "ix", error }]);
    expect(source.signal?.aborted).toBe(false);
  });

  test.each<[string, unknown]>([
    ["throws", () => { throw boom; }],
    ["is no function", 7],
  ])("reports a return that %s though a next is in flight", async (__, method) => {
    const reports: Report[] = [];
    let nexts = 0;
    const next = (): Promise<IteratorResult<number[]>> => ((nexts += 1) === 1 ? Promise.resolve({ value: [0], done: false }) : new Promise(() => undefined));
    const source = { [Symbol.asyncIterator]: () => ({ next, return: method }) as AsyncIterator<number[]> };
    const stage = open(source, { name: "ix", handleReport: (report) => void reports.push(report) });
    await new ConsumerProbe(stage).ask(2);
    await stage.stop();
    await settle();
    expect([nexts, reports.map(({ kind, stage: name }) => [kind, name])]).toEqual([2, [["cleanup-failed", "ix"]]]);
  });

  test("reports a return that fails where nothing may be aborted", async () => {
    const source = new Stuck({ returns: () => Promise.reject(boom) });
    const { stage, reports } = await begun(source, 0, { preventAbort: true });
    await stage.stop();
    await settle();
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "ix", error: boom }]);
  });

  test("leaves alone what has no return where nothing may be aborted", async () => {
    const source = new Stuck({ returns: null });
    const { stage, reports } = await begun(source, 1, { preventAbort: true });
    await stage.stop();
    await settle();
    expect([source.signal, reports]).toEqual([undefined, []]);
  });

  test("reports a return that fails behind the abort", async () => {
    const source = new Stuck({ returns: (signal) => new Promise((___, reject) => signal?.addEventListener("abort", () => reject(boom))) });
    const { stage, reports } = await begun(source, 0);
    await stage.stop();
    await settle();
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "ix", error: boom }]);
  });

  test.each<[string, unknown]>([
    ["at once", { value: undefined, done: true }],
    ["in a promise", Promise.resolve({ value: undefined, done: true })],
  ])("aborts nothing where return answers %s", async (__, result) => {
    const source = new Stuck({ returns: () => result });
    const { stage, reports } = await begun(source, 0);
    await stage.stop();
    await settle();
    expect(source.signal?.aborted).toBe(false);
    expect(reports).toEqual([]);
  });

  test.each([0, 1])("aborts with the reason of the stop where there is no return (next in flight: %i)", async (more) => {
    const source = new Stuck({ returns: null });
    const { stage, reports } = await begun(source, more);
    await stage.stop("enough");
    expect([source.signal?.aborted, source.signal?.reason]).toEqual([true, "enough"]);
    expect(reports).toEqual([]);
  });

  test("aborts with the reason of the stop what is stuck", async () => {
    const source = new Stuck({ abort: (signal) => signal.reason });
    const { stage, reports } = await begun(source, 1);
    await stage.stop("enough");
    await settle();
    expect([source.signal?.aborted, source.signal?.reason]).toEqual([true, "enough"]);
    expect(reports).toEqual([]);
  });

  test.each([50, 3000, 8000])("waits for a return that hangs no longer than %i ms, and says so", async (closeWithinMs) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const source = new Stuck({ returns: () => new Promise(() => undefined) });
    const { stage, reports } = await begun(source, 0, { closeWithinMs, stopWithinMs: 9000 });
    let isStopped = false;
    const stopped = stage.stop().then(() => (isStopped = true));
    await settle();
    await vi.advanceTimersByTimeAsync(closeWithinMs - 1);
    await settle();
    expect([isStopped, source.returned]).toEqual([false, 1]);
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", stage: "ix", error: { code: "SLUICE_TIMEOUT", message: expect.stringMatching(`^return\\(\\) of the (iterator|operators) did not settle within ${closeWithinMs} ms$`) as string } }]);
  });

  test.each<[string, (source: Stuck) => void]>([
    ["has ended", (source) => source.answer({ value: undefined, done: true })],
    ["has failed", (source) => source.fail(boom)],
    ["has given no result", (source) => source.answer(null)],
  ])("does not return what %s by itself", async (__, end) => {
    const source = new Stuck();
    const { stage, down } = await begun(source, 1);
    const { closed } = stage;
    end(source);
    await closed;
    await settle();
    expect(down.ends).toHaveLength(1);
    expect([source.returned, source.signal?.aborted]).toEqual([0, false]);
  });

  test("asks no more when a list comes as the stage is stopped", async () => {
    const source = new Stuck();
    const { stage, down, reports } = await begun(source, 2);
    expect(source.nexts).toBe(2);
    source.bring([1]);
    await stage.stop();
    await settle();
    expect(source.nexts).toBe(2);
    expect(down.events).toHaveLength(1);
    expect(reports).toEqual([]);
  });

  test.each<[string, unknown]>([
    ["done", Object.defineProperty({}, "done", { get: () => { throw boom; } })],
    ["value", Object.defineProperty({ done: false }, "value", { get: () => { throw boom; } })],
  ])("fails with what the %s of a result throws", async (__, result) => {
    const source = new Stuck();
    const { stage, down } = await begun(source, 1);
    const { closed } = stage;
    source.answer(result);
    expect(await closed).toEqual({ type: "error", error: boom });
    expect(down.end).toEqual({ type: "error", error: boom });
  });
});
