/** A source that pushes: what each overflow policy keeps, what it costs, and how it is released. */
import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import {
  BadOptionError,
  consumer,
  dropNewest,
  dropOldest,
  error,
  fromPush,
  latest,
  latestBy,
  pauseResume,
  sample,
  unbounded,
  type Overflow,
  type Producer,
  type PushIntake,
  type Report,
} from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "./support/range.ts";

afterEach(() => vi.useRealTimers());

/** A source that a test pushes by hand. */
interface Pushed {
  readonly stage: Producer<number>;
  readonly probe: ConsumerProbe<number>;
  readonly intake: PushIntake<number>;
  readonly releases: unknown[];
  readonly reports: Report[];
}

/** It has started for a demand of one event, and has brought it. */
async function pushed(overflow: Overflow<number>, options: { readonly bufferSize?: number } = {}): Promise<Pushed> {
  let intake: PushIntake<number> | undefined;
  const releases: unknown[] = [];
  const reports: Report[] = [];
  const stage = fromPush<number>(
    (given) => {
      intake = given;
      return (reason) => releases.push(reason);
    },
    { name: "pushed", overflow, handleReport: (report) => reports.push(report), ...options },
  );
  const probe = new ConsumerProbe(stage);
  await probe.ask(1);
  if (intake === undefined) return expect.fail("the first demand starts it");
  intake.next(-1);
  await settle();
  probe.batches.length = 0;
  return { stage, probe, intake, releases, reports };
}

const discarded = ({ stage }: Pushed): number => stage.snapshot().output?.discarded ?? Number.NaN;

describe("the start", () => {
  test("is at the first demand, once", async () => {
    let starts = 0;
    await using stage = fromPush<number>(() => void (starts += 1), { overflow: latest });
    const probe = new ConsumerProbe(stage);
    await settle();
    expect(starts).toBe(0);
    await probe.ask(1);
    await probe.ask(1);
    expect(starts).toBe(1);
  });

  test("that throws fails the stage with that error", async () => {
    const broken = new Error("no source");
    const stage = fromPush<number>(
      () => {
        throw broken;
      },
      { overflow: latest },
    );
    await expect(stage[Symbol.asyncIterator]().next()).rejects.toBe(broken);
  });

  test("may push and end in its call: all of it arrives, in order", async () => {
    const stage = fromPush<number>(
      (intake) => {
        for (let n = 0; n < 3000; n += 1) intake.next(n);
        intake.list([3000, 3001]);
        intake.next(3002);
        intake.complete();
      },
      { overflow: unbounded },
    );
    const events: number[] = [];
    for await (const event of stage) events.push(event);
    expect(events).toEqual(range(3003));
    expect(await stage.closed).toEqual({ type: "normal" });
  });

  test("that returns something that is no function fails the stage", async () => {
    const stage = fromPush<number>((() => 5) as unknown as () => undefined, { overflow: latest });
    await expect(stage[Symbol.asyncIterator]().next()).rejects.toThrow("expected what start of fromPush returns to be a function, or nothing, got: 5");
  });

  test("gets a signal that aborts when the stage stops", async () => {
    let signal: AbortSignal | undefined;
    const stage = fromPush<number>((_, given) => void (signal = given), { overflow: latest });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    expect(signal?.aborted).toBe(false);
    await stage.stop("enough");
    expect(signal?.reason).toBe("enough");
  });
});

describe("what a policy keeps of ten events that nobody has demanded", () => {
  test.each<readonly [string, Overflow<number>, readonly number[]]>([
    ["error: all, within the bound of the buffer", error, range(10)],
    ["dropNewest(3): the first", dropNewest(3), [0, 1, 2]],
    ["dropOldest(3): the last", dropOldest(3), [7, 8, 9]],
    ["latest: the last one", latest, [9]],
    ["latestBy(key): the last of each key, in the place of the first", latestBy((n: number) => n % 3), [9, 7, 8]],
    ["pauseResume: all", pauseResume({ pause: () => undefined, resume: () => undefined, high: 5, low: 2 }), range(10)],
    ["unbounded: all", unbounded, range(10)],
  ])("%s", async (_, overflow, kept) => {
    const source = await pushed(overflow);
    for (const n of range(10)) source.intake.next(n);
    await settle();
    expect(source.stage.bufferedCount).toBe(kept.length);
    expect(discarded(source)).toBe(10 - kept.length);
    await source.probe.ask(20);
    expect(source.probe.events).toEqual(kept);
    await source.stage.stop();
  });

  test.each<readonly [string, Overflow<number>]>([
    ["dropNewest", dropNewest(7)],
    ["dropOldest", dropOldest(7)],
    ["latest", latest],
    ["latestBy", latestBy((n: number) => n % 5)],
    ["sample", sample(10)],
    ["unbounded", unbounded],
  ])("%s: delivered and discarded are what was emitted, whatever was asked for and pushed", async (_, overflow) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.record({ ask: fc.integer({ min: 1, max: 10 }) })), { maxLength: 12 }), async (steps) => {
        const source = await pushed(overflow);
        let next = 0;
        for (const step of steps) {
          if (typeof step === "object") await source.probe.ask(step.ask);
          else for (let n = 0; n < step; n += 1) source.intake.next(next++);
          if (next % 2 === 0) await settle();
        }
        source.intake.complete();
        await source.probe.ask(10_000);
        const { events } = source.probe;
        // In order, as a newer event of a key takes the place of the older.
        for (const key of overflow.type === "latestBy" ? range(5) : [undefined]) {
          const ofKey = key === undefined ? events : events.filter((n) => n % 5 === key);
          expect(ofKey).toEqual(ofKey.toSorted((a, b) => a - b));
        }
        expect(new Set(events).size).toBe(events.length);
        // The one before was delivered, or sampled with these.
        const first = overflow.type === "sample" ? 1 : 0;
        expect(events.length + discarded(source)).toBe(next + first);
        expect(await source.stage.closed).toEqual({ type: "normal" });
      }),
      { numRuns: 30 },
    );
  });
});

describe("error", () => {
  test("fails the stage when more than bufferSize wait, behind what waits", async () => {
    const { stage, probe, intake } = await pushed(error, { bufferSize: 3 });
    for (const n of range(10)) intake.next(n);
    await settle();
    await probe.ask(10);
    expect(probe.events).toEqual([0, 1, 2]);
    expect(await stage.closed).toMatchObject({ type: "error", error: { code: "SLUICE_BUFFER_FULL" } });
    expect(stage.snapshot().output).toMatchObject({ emitted: 11, delivered: 4, discarded: 7 });
  });
});

describe("every drop", () => {
  test("is reported and told to handleDiscarded", async () => {
    const reports: Report[] = [];
    const told: number[] = [];
    let intake: PushIntake<number> | undefined;
    await using stage = fromPush<number>((given) => void (intake = given), {
      name: "clicks",
      overflow: latest,
      handleReport: (report) => reports.push(report),
      handleDiscarded: (count) => void told.push(count),
    });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    for (const n of range(5)) intake?.next(n);
    await settle();
    expect(reports).toEqual([{ kind: "discarded", stage: "clicks", count: 3 }]);
    expect(told).toEqual([3]);
  });
});

describe("sample", () => {
  test("lets the latest pass at the end of the time that the first has begun", async () => {
    vi.useFakeTimers();
    const source = await pushed(sample(100));
    await vi.advanceTimersByTimeAsync(100);
    await settle();
    source.probe.batches.length = 0;
    await source.probe.ask(10);
    source.intake.next(1);
    await vi.advanceTimersByTimeAsync(60);
    source.intake.list([2, 3]);
    await settle();
    expect(source.probe.events).toEqual([]);
    await vi.advanceTimersByTimeAsync(40);
    await settle();
    expect(source.probe.events).toEqual([3]);
    expect(discarded(source)).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    source.intake.next(4);
    await vi.advanceTimersByTimeAsync(100);
    await settle();
    expect(source.probe.events).toEqual([3, 4]);
    expect(vi.getTimerCount()).toBe(0);
    await source.stage.stop();
  });

  test("lets the last event pass when the source completes, and when it fails", async () => {
    vi.useFakeTimers();
    for (const ending of ["normal", "error"] as const) {
      const source = await pushed(sample(100));
      await source.probe.ask(10);
      source.intake.next(1);
      source.intake.next(2);
      if (ending === "normal") source.intake.complete();
      else source.intake.error(ending);
      await settle();
      expect(source.probe.events.slice(-1)).toEqual([2]);
      expect((await source.stage.closed).type).toBe(ending);
      expect(vi.getTimerCount()).toBe(0);
    }
  });

  test("leaves no timer when it is stopped, and counts what it held", async () => {
    vi.useFakeTimers();
    const source = await pushed(sample(100));
    source.intake.next(1);
    source.intake.next(2);
    await source.stage.stop();
    await settle();
    expect(vi.getTimerCount()).toBe(0);
    const { emitted, delivered, discarded: dropped, lost } = source.stage.snapshot().output ?? expect.fail("it has an output");
    expect(emitted).toBe(3);
    expect(delivered + dropped + lost).toBe(3);
  });
});

describe("pauseResume", () => {
  test("pauses in the call that brings the waiting events to high, and resumes when no more than low wait", async () => {
    const calls: string[] = [];
    const source = await pushed(pauseResume({ pause: () => calls.push("pause"), resume: () => calls.push("resume"), high: 5, low: 2 }));
    for (const n of range(4)) source.intake.next(n);
    expect(calls).toEqual([]);
    source.intake.next(4);
    expect(calls).toEqual(["pause"]);
    source.intake.next(5);
    await settle();
    await source.probe.ask(3);
    expect(calls).toEqual(["pause"]);
    await source.probe.ask(1);
    expect(calls).toEqual(["pause", "resume"]);
    await source.probe.ask(2);
    expect(source.probe.events).toEqual(range(6));
    expect(discarded(source)).toBe(0);
    await source.stage.stop();
  });

  test("counts open demand as room: what will be delivered at once does not pause", async () => {
    let pauses = 0;
    const source = await pushed(pauseResume({ pause: () => (pauses += 1), resume: () => undefined, high: 5, low: 2 }));
    await source.probe.ask(100);
    for (const n of range(104)) source.intake.next(n);
    expect(pauses).toBe(0);
    source.intake.next(104);
    expect(pauses).toBe(1);
    await source.stage.stop();
  });

  test("survives a source that emits when it is resumed, and pauses it again", async () => {
    const state = { isPaused: false };
    let next = 0;
    let most = 0;
    const stage = fromPush<number>(
      (intake) => {
        flow = () => {
          while (!state.isPaused && next < 1000) intake.next(next++);
          if (next === 1000) intake.complete();
        };
        flow();
      },
      {
        overflow: pauseResume({
          pause: () => (state.isPaused = true),
          resume: () => {
            state.isPaused = false;
            flow();
          },
          high: 10,
          low: 3,
        }),
      },
    );
    let flow = (): void => undefined;
    const events: number[] = [];
    for await (const event of stage) {
      most = Math.max(most, next - events.length);
      events.push(event);
    }
    expect(events).toEqual(range(1000));
    expect(most).toBeLessThanOrEqual(12);
  });

  test("keeps what the source sends all the same, and fails beyond bufferSize", async () => {
    const source = await pushed(pauseResume({ pause: () => undefined, resume: () => undefined, high: 2, low: 1 }), { bufferSize: 6 });
    for (const n of range(10)) source.intake.next(n);
    await settle();
    await source.probe.ask(10);
    expect(source.probe.events).toEqual(range(6));
    expect(await source.stage.closed).toMatchObject({ type: "error", error: { code: "SLUICE_BUFFER_FULL" } });
  });

  test("fails the stage with what pause or resume throws", async () => {
    const broken = new Error("broken");
    const fail = (): never => {
      throw broken;
    };
    const pausing = await pushed(pauseResume({ pause: fail, resume: () => undefined, high: 1, low: 0 }));
    pausing.intake.next(1);
    await pausing.probe.ask(1);
    expect(await pausing.stage.closed).toEqual({ type: "error", error: broken });
    const resuming = await pushed(pauseResume({ pause: () => undefined, resume: fail, high: 1, low: 0 }));
    resuming.intake.next(1);
    await settle();
    await resuming.probe.ask(1);
    expect(await resuming.stage.closed).toEqual({ type: "error", error: broken });
  });
});

describe("the end", () => {
  test("of the source is behind what was kept; only the first counts, and what comes after it is reported", async () => {
    const late = new Error("late");
    const { stage, probe, intake, releases, reports } = await pushed(unbounded);
    intake.next(1);
    intake.complete();
    intake.error(late);
    intake.next(2);
    intake.complete();
    await settle();
    expect(probe.end).toBeUndefined();
    await probe.ask(5);
    expect(probe.events).toEqual([1]);
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(releases).toEqual([{ type: "normal" }]);
    expect(reports.filter(({ kind }) => kind === "late-signal")).toEqual(
      ["an error", "an event", "an end"].map((signal) => ({ kind: "late-signal", stage: "pushed", partner: "its source", signal })),
    );
  });

  test.each([undefined, null, "text", Object.freeze({})])("by the error %s arrives as it is", async (failure) => {
    const { stage, probe, intake } = await pushed(latest);
    intake.next(1);
    intake.error(failure);
    await probe.ask(1);
    expect(probe.events).toEqual([1]);
    expect(await stage.closed).toEqual({ type: "error", error: failure });
  });

  test("by a consumer that leaves releases the source once, with the reason", async () => {
    const { stage, probe, releases, intake, reports } = await pushed(latest);
    await probe.cancel({ type: "shutdown", reason: "enough" });
    expect(releases).toEqual([{ type: "shutdown", reason: "enough" }]);
    intake.next(1);
    intake.complete();
    await settle();
    expect(reports).toEqual([]);
    expect(await stage.closed).toEqual({ type: "shutdown", reason: "enough" });
  });

  test("before the first demand starts and releases nothing", async () => {
    let calls = 0;
    const stage = fromPush<number>(() => void (calls += 1), { overflow: latest });
    await stage[Symbol.asyncIterator]().return();
    expect(calls).toBe(0);
    expect((await stage.closed).type).toBe("shutdown");
  });

  test("waits for the release no longer than closeWithinMs", async () => {
    vi.useFakeTimers();
    const reports: Report[] = [];
    const stage = fromPush<number>(() => () => new Promise(() => undefined), { name: "stuck", overflow: latest, closeWithinMs: 50, handleReport: (report) => reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    const stopped = stage.stop();
    await settle();
    await vi.advanceTimersByTimeAsync(50);
    await stopped;
    expect(reports).toMatchObject([{ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT", message: "the release of stuck did not settle within 50 ms" } }]);
  });

  test("that is normal fails with the error of the release", async () => {
    const broken = new Error("broken");
    const stage = fromPush<number>(
      (intake) => {
        intake.complete();
        return () => Promise.reject(broken);
      },
      { overflow: latest },
    );
    await expect(stage[Symbol.asyncIterator]().next()).rejects.toBe(broken);
  });

  test("leaves no listener on a signal", async () => {
    const { signal } = new AbortController();
    for (let run = 0; run < 20; run += 1) {
      const stage = fromPush<number>((intake) => intake.complete(), { overflow: latest, signal });
      for await (const _ of stage) expect.fail("there is none");
    }
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("a bad option", () => {
  const start = (): void => undefined;

  test.each<readonly [string, () => unknown]>([
    ["expected overflow to be error, dropNewest(n), dropOldest(n), latest, latestBy(key), sample(ms), pauseResume(…) or unbounded, got: undefined", () => fromPush(start, {} as never)],
    ["expected overflow to be error, dropNewest(n), dropOldest(n), latest, latestBy(key), sample(ms), pauseResume(…) or unbounded, got: \"latest\"", () => fromPush(start, { overflow: "latest" } as never)],
    ["expected the start of fromPush to be a function, got: undefined", () => fromPush(undefined as never, { overflow: latest })],
    ["expected the options of fromPush to be without handleDemand, which is its own, got: \"handleDemand\"", () => fromPush(start, { overflow: latest, handleDemand: start } as never)],
    ["expected bufferSize to be left out: dropOldest says how many events wait, got: 5", () => fromPush(start, { overflow: dropOldest(3), bufferSize: 5 })],
    ["expected closeWithinMs to be an integer from 0 to 2147483647, got: -1", () => fromPush(start, { overflow: latest, closeWithinMs: -1 })],
    ["expected the size of dropNewest to be an integer of at least 1, got: 0", () => dropNewest(0)],
    ["expected the size of dropOldest to be an integer of at least 1, got: 1.5", () => dropOldest(1.5)],
    ["expected the ms of sample to be an integer from 0 to 2147483647, got: Infinity", () => sample(Infinity)],
    ["expected the key of latestBy to be a function, got: \"id\"", () => latestBy("id" as never)],
    ["expected low to be an integer from 0 to 4, got: 5", () => pauseResume({ pause: start, resume: start, high: 5, low: 5 })],
    ["expected high to be an integer of at least 1, got: 0", () => pauseResume({ pause: start, resume: start, high: 0, low: 0 })],
    ["expected pause to be a function, got: undefined", () => pauseResume({ resume: start, high: 5, low: 1 } as never)],
  ])("is refused: %s", (message, call) => {
    expect(call).toThrow(BadOptionError);
    expect(call).toThrow(message);
  });
});

test("ten million events of a source that does not wait keep the heap flat", async () => {
  let sum = 0;
  const stage = fromPush<number>(
    (intake) => {
      for (let n = 0; n < 10_000_000; n += 1) intake.next(n);
      intake.complete();
    },
    { overflow: dropOldest(1000) },
  );
  const before = process.memoryUsage().heapUsed;
  const sink = consumer({ subscribeTo: [stage], handleEvents: (events) => void (sum += events.length) });
  await sink.closed;
  expect(sum + (stage.snapshot().output?.discarded ?? 0)).toBe(10_000_000);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(150_000_000);
});
