import { EventEmitter } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BadOptionError, consumer } from "sluice";
import { dropNewest, dropOldest, error, fromEvents, latest, latestBy, pauseResume, sample, unbounded, type Overflow } from "sluice/events";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { listeners } from "../support/listeners.ts";

afterEach(() => vi.useRealTimers());

describe("an EventEmitter", () => {
  test("is listened to from the first demand on", async () => {
    const emitter = new EventEmitter();
    await using stage = fromEvents<number>(emitter, "data", { overflow: unbounded, end: "end" });
    const probe = new ConsumerProbe(stage);
    await settle();
    emitter.emit("data", 0);
    expect(listeners(emitter)).toEqual({});
    await probe.ask(2);
    expect(listeners(emitter)).toEqual({ data: 1, end: 1, error: 1 });
    emitter.emit("data", 1);
    emitter.emit("data", 2);
    await settle();
    expect(probe.batches).toEqual([[1, 2]]);
  });

  test("ends the stage normally by its end event, behind what was kept, and has no listeners then", async () => {
    const emitter = new EventEmitter();
    const stage = fromEvents<number>(emitter, "data", { overflow: unbounded, end: ["end", "close"] });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    for (const n of [1, 2, 3]) emitter.emit("data", n);
    emitter.emit("end");
    emitter.emit("close");
    await settle();
    await probe.ask(5);
    expect(probe.events).toEqual([1, 2, 3]);
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(listeners(emitter)).toEqual({});
  });

  test("fails the stage by its error event, with the same object", async () => {
    const emitter = new EventEmitter();
    const broken = new Error("broken");
    const stage = fromEvents<number>(emitter, "data", { overflow: latest });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    emitter.emit("error", broken);
    expect(await stage.closed).toEqual({ type: "error", error: broken });
    expect(listeners(emitter)).toEqual({});
  });

  test("may have other names for its ends and errors, symbols among them", async () => {
    const emitter = new EventEmitter();
    const done = Symbol("done");
    const stage = fromEvents<number>(emitter, "row", { overflow: latest, end: done, error: ["fail", "abort"] });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    expect(Object.keys(listeners(emitter)).toSorted()).toEqual(["Symbol(done)", "abort", "fail", "row"]);
    emitter.emit("abort", "why");
    expect(await stage.closed).toEqual({ type: "error", error: "why" });
    expect(listeners(emitter)).toEqual({});
  });

  test("whose errors are the subject does not end by them", async () => {
    const emitter = new EventEmitter();
    await using stage = fromEvents<Error>(emitter, "error", { overflow: latest });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    const first = new Error("first");
    emitter.emit("error", first);
    await settle();
    expect(probe.events).toEqual([first]);
  });

  test("gives the first argument, or what select makes of all", async () => {
    const emitter = new EventEmitter();
    const first = new ConsumerProbe(fromEvents(emitter, "data", { overflow: latest }));
    const both = new ConsumerProbe(fromEvents(emitter, "data", { overflow: latest, select: (a: number, b: number) => a + b }));
    await Promise.all([first.ask(1), both.ask(1)]);
    emitter.emit("data", 1, 2);
    await settle();
    expect([first.events, both.events]).toEqual([[1], [3]]);
    await Promise.all([first.cancel(), both.cancel()]);
  });

  test("does not see what select throws: the stage does", async () => {
    const emitter = new EventEmitter();
    const broken = new Error("broken");
    const stage = fromEvents(emitter, "data", {
      overflow: latest,
      select: () => {
        throw broken;
      },
    });
    const probe = new ConsumerProbe(stage);
    await probe.ask(1);
    expect(emitter.emit("data", 1)).toBe(true);
    expect(await stage.closed).toEqual({ type: "error", error: broken });
  });

  test("has no listeners when its `on` has thrown, and the stage fails with that", async () => {
    const broken = new Error("no such event");
    const emitter = new EventEmitter();
    emitter.on("newListener", (name) => {
      if (name === "end") throw broken;
    });
    const stage = fromEvents(emitter, "data", { overflow: latest, end: "end" });
    await expect(stage[Symbol.asyncIterator]().next()).rejects.toBe(broken);
    expect(listeners(emitter)).toEqual({ newListener: 1 });
  });

  test("loses its listeners when the loop breaks, and a thousand loops leave none", async () => {
    const emitter = new EventEmitter();
    for (let run = 0; run < 1000; run += 1) {
      const reader = fromEvents<number>(emitter, "data", { overflow: unbounded })[Symbol.asyncIterator]();
      const next = reader.next();
      await settleOnce();
      emitter.emit("data", run);
      expect(await next).toEqual({ value: run, done: false });
      await reader.return();
    }
    expect(listeners(emitter)).toEqual({});
  });
});

const settleOnce = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("an EventTarget", () => {
  test("gives its events, ends by one, and has no listeners then", async () => {
    const target = new CountingTarget();
    const stage = fromEvents<Event>(target, "tick", { overflow: unbounded, end: "stop" });
    const probe = new ConsumerProbe(stage);
    await probe.ask(5);
    expect(target.count).toBe(2);
    const tick = new Event("tick");
    target.dispatchEvent(tick);
    target.dispatchEvent(new Event("error"));
    target.dispatchEvent(new Event("stop"));
    expect(await stage.closed).toEqual({ type: "normal" });
    expect(probe.events).toEqual([tick]);
    expect(target.count).toBe(0);
  });

  test("fails the stage with the error of an error event, or with the event", async () => {
    const broken = new Error("broken");
    for (const [event, expected] of [
      [Object.assign(new Event("error"), { error: broken }), broken],
      [new Event("error"), expect.any(Event) as unknown],
    ] as const) {
      const target = new EventTarget();
      const stage = fromEvents(target, "message", { overflow: latest, error: "error" });
      const probe = new ConsumerProbe(stage);
      await probe.ask(1);
      target.dispatchEvent(event);
      expect(await stage.closed).toEqual({ type: "error", error: expected });
    }
  });
});

class CountingTarget extends EventTarget {
  count = 0;

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    this.count += 1;
    super.addEventListener(...args);
  }

  override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
    this.count -= 1;
    super.removeEventListener(...args);
  }
}

describe("an emitter that is a hundred thousand events ahead of a consumer that takes one for each hundred", () => {
  const EVENTS = 100_000;

  /** Bursts of 100 events in a turn, then one for the consumer. Returns what it got. */
  async function run(overflow: Overflow<number>, options: { readonly bufferSize?: number } = {}): Promise<{ got: number[]; discarded: number; end: string; greatest: number }> {
    const emitter = new EventEmitter();
    const got: number[] = [];
    const stage = fromEvents<number>(emitter, "data", { overflow, end: "end", ...options });
    const probe = new ConsumerProbe(stage);
    const ask = async (demand: number): Promise<void> => {
      await probe.ask(demand);
      got.push(...probe.batches.splice(0).flat());
    };
    await ask(1);
    let greatest = 0;
    for (let n = 0; n < EVENTS && listeners(emitter)["data"] === 1; ) {
      for (const end = n + 1000; n < end; n += 1) emitter.emit("data", n);
      for (let taken = 0; taken < 10; taken += 1) await ask(1);
      greatest = Math.max(greatest, stage.bufferedCount);
    }
    emitter.emit("end");
    await ask(EVENTS);
    const end = await stage.closed;
    expect(listeners(emitter)).toEqual({});
    return { got, discarded: stage.snapshot().output?.discarded ?? Number.NaN, end: end.type, greatest };
  }

  test.each<readonly [string, Overflow<number>, number]>([
    ["dropNewest", dropNewest(50), 50],
    ["dropOldest", dropOldest(50), 50],
    ["latest", latest, 1],
    ["latestBy", latestBy((n: number) => n % 7), 7],
  ])("%s: gets some, in order, never holds more than its bound, and the drops are counted exactly", async (_, overflow, bound) => {
    const { got, discarded, end, greatest } = await run(overflow);
    expect(got.length).toBeGreaterThan(99);
    expect(got.length + discarded).toBe(EVENTS);
    if (overflow.type !== "latestBy") expect(got).toEqual(got.toSorted((a, b) => a - b));
    expect(greatest).toBeLessThanOrEqual(bound);
    expect(end).toBe("normal");
  });

  test("unbounded: gets all of them", async () => {
    const { got, discarded } = await run(unbounded);
    expect(got).toEqual(range(EVENTS));
    expect(discarded).toBe(0);
  });

  test("error: fails behind what fitted, and every event is accounted for", async () => {
    const { got, discarded, end } = await run(error, { bufferSize: 2500 });
    expect(end).toBe("error");
    expect(got).toEqual(range(got.length));
    expect(got.length).toBeGreaterThan(2500);
    expect((got.length + discarded) % 1000).toBe(0);
  });

  test("pauseResume: gets all of them from an emitter that keeps to it", async () => {
    const emitter = new EventEmitter();
    const state = { isPaused: false };
    let next = 0;
    let ahead = 0;
    let handled = 0;
    const go = (): void => {
      state.isPaused = false;
      setImmediate(function turn() {
        for (let sent = 0; sent < 1000 && !state.isPaused && next < EVENTS; sent += 1) emitter.emit("data", next++);
        ahead = Math.max(ahead, next - handled);
        if (next === EVENTS) emitter.emit("end");
        else if (!state.isPaused) setImmediate(turn);
      });
    };
    const stage = fromEvents<number>(emitter, "data", { overflow: pauseResume({ pause: () => (state.isPaused = true), resume: go, high: 200, low: 50 }), end: "end" });
    go();
    const sink = consumer({
      subscribeTo: [{ to: stage, maxDemand: 100, minDemand: 50 }],
      handleEvents: async (events) => {
        await Promise.resolve();
        expect(events[0]).toBe(handled);
        handled += events.length;
      },
    });
    await sink.closed;
    expect(handled).toBe(EVENTS);
    expect(stage.snapshot().output?.discarded).toBe(0);
    expect(ahead).toBeLessThanOrEqual(200 + 100);
  });

  test("sample: gets one event in each time, the latest", async () => {
    vi.useFakeTimers();
    const emitter = new EventEmitter();
    const got: number[] = [];
    const stage = fromEvents<number>(emitter, "data", { overflow: sample(10), end: "end" });
    const sink = consumer({ subscribeTo: [stage], handleEvents: (events) => void got.push(...events) });
    await settle();
    for (let ms = 0; ms < 1000; ms += 1) {
      for (let n = 0; n < 100; n += 1) emitter.emit("data", ms * 100 + n);
      await vi.advanceTimersByTimeAsync(1);
    }
    emitter.emit("end");
    await settle();
    await sink.closed;
    expect(got).toEqual(range(100).map((tenth) => tenth * 1000 + 999));
    expect(stage.snapshot().output?.discarded).toBe(EVENTS - 100);
  });
});

describe("a bad option", () => {
  const emitter = new EventEmitter();

  test.each<readonly [string, () => unknown]>([
    ["expected the source of fromEvents to be an EventEmitter or an EventTarget, got: an object", () => fromEvents({} as never, "data", { overflow: latest })],
    ["expected the name of fromEvents to be the name of an event, got: 5", () => fromEvents(emitter, 5 as never, { overflow: latest })],
    ["expected overflow to be error, dropNewest(n)", () => fromEvents(emitter, "data", {} as never)],
    ["expected overflow to be error, dropNewest(n)", () => fromEvents(emitter, "data", undefined as never)],
    ["expected end to be the name of an event, or a list of them, got: 5", () => fromEvents(emitter, "data", { overflow: latest, end: 5 as never })],
    ["expected error to be the name of an event, got: 5", () => fromEvents(emitter, "data", { overflow: latest, error: [5] as never })],
    ['expected the names of fromEvents to be different ones, got: "data"', () => fromEvents(emitter, "data", { overflow: latest, end: "data" })],
    ["expected select to be a function, got: 5", () => fromEvents(emitter, "data", { overflow: latest, select: 5 as never })],
    ["expected the options of producer to be among", () => fromEvents(emitter, "data", { overflow: latest, unknown: 1 } as never)],
  ])("is refused: %s", (message, call) => {
    expect(call).toThrow(BadOptionError);
    expect(call).toThrow(message);
    expect(listeners(emitter)).toEqual({});
  });
});

test.each<[string, unknown]>([
  ["nothing", null],
  ["a function with the methods", Object.assign(() => undefined, { on: () => undefined, removeListener: () => undefined })],
  ["an emitter without a way to leave", { on: () => undefined }],
  ["a target without a way to leave", { addEventListener: () => undefined }],
  ["an object that has the names, but no methods", { on: true, removeListener: true, addEventListener: 1, removeEventListener: 1 }],
])("is refused, as no emitter: %s", (_, source) => {
  expect(() => fromEvents(source as never, "data", { overflow: unbounded })).toThrow(BadOptionError);
});
