/** What stands in `docs/09-testing-your-stages.md` of fake timers is so. */
import { mock } from "node:test";
import process from "node:process";
import { afterEach, describe, expect, test, vi } from "vitest";
import { consumer, fromIterable, pipeline, producer, producerConsumer, supervisor } from "sluice";
import { fromReadable } from "sluice/node";
import { ConsumerProbe, settle } from "sluice/testing";
import { Counter } from "../adapters/support/streams.ts";
import { range } from "../core/support/range.ts";

/** What there is of time in Node, as a fake clock finds it. */
const NAMES = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate", "queueMicrotask", "performance", "Date"] as const;

/** Someone else's fake clock: all that there is of time is replaced, and nothing of it ever happens. */
function stopTheWorld(): () => void {
  const realm = globalThis as unknown as Record<string, unknown>;
  const real = Object.fromEntries([...NAMES, "MessageChannel"].map((name) => [name, realm[name]]));
  const never = (): object => ({ unref: () => undefined });
  for (const name of NAMES) realm[name] = never;
  realm["performance"] = { now: () => 0 };
  realm["MessageChannel"] = undefined;
  return () => void Object.assign(realm, real);
}

/** Each kind of clock that stands still, and how it is started again. */
const clocks: readonly { readonly what: string; readonly fake: () => () => void }[] = [
  { what: "no fake timers", fake: () => () => undefined },
  { what: "vitest's fake timers, with their defaults", fake: () => (vi.useFakeTimers(), () => void vi.useRealTimers()) },
  { what: "vitest's fake timers, with all that can be faked", fake: () => (vi.useFakeTimers({ toFake: [...NAMES] }), () => void vi.useRealTimers()) },
  { what: "Node's mock timers", fake: () => (mock.timers.enable({ apis: ["setTimeout", "setInterval", "setImmediate", "Date"] }), () => mock.timers.reset()) },
  { what: "a world where no timer, turn or microtask of anybody else ever comes", fake: stopTheWorld },
];

afterEach(() => void vi.useRealTimers());

describe.each(clocks)("under $what", ({ fake }) => {
  test("settles when there is nothing to do", async () => {
    const restore = fake();
    await settle();
    restore();
  });

  test("a pipeline of async callbacks flows, and settle waits for the end of it", async () => {
    const restore = fake();
    const seen: number[] = [];
    const done = vi.fn();
    const doubled = producerConsumer({
      subscribeTo: [{ to: fromIterable(range(5000)), maxDemand: 10 }],
      async handleEvents(events: readonly number[]) {
        await Promise.resolve();
        return events.map((n) => 2 * n);
      },
    });
    void pipeline(doubled, consumer<number>({ handleEvents: (events) => void seen.push(...events) })).then(done);
    await settle();
    restore();
    expect(seen).toEqual(range(5000).map((n) => 2 * n));
    expect(done).toHaveBeenCalledOnce();
  });

  test("a loop and a stop that no callback delays need no clock", async () => {
    const restore = fake();
    const source = fromIterable(range(10));
    const seen: number[] = [];
    for await (const n of source) {
      seen.push(n);
      if (n === 4) break;
    }
    const reason = await source.closed;
    restore();
    expect([seen, reason]).toEqual([[0, 1, 2, 3, 4], { type: "shutdown" }]);
  });
});

describe("a callback that waits for a timer", () => {
  test("counts as quiet, until the clock has moved", async () => {
    vi.useFakeTimers();
    const handled: number[] = [];
    await using sink = consumer({
      subscribeTo: [fromIterable([1, 2])],
      async handleEvent(event: number) {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        handled.push(event);
      },
    });
    await settle();
    expect(handled).toEqual([]);
    expect(sink.snapshot().state).toBe("running");
    vi.advanceTimersByTime(999);
    await settle();
    expect(handled).toEqual([]);
    vi.advanceTimersByTime(1);
    await settle();
    expect(handled).toEqual([1]);
    vi.advanceTimersByTime(1000);
    await settle();
    expect(handled).toEqual([1, 2]);
  });

  test("is waited for by the fake clock, until its deadline", async () => {
    vi.useFakeTimers();
    const sink = consumer({ subscribeTo: [fromIterable([1])], stopWithinMs: 5000, handleEvents: () => new Promise(() => undefined) });
    await settle();
    const stopped = vi.fn();
    void sink.stop().then(stopped);
    // The clock moves only when whoever waits for it has begun to.
    await settle();
    vi.advanceTimersByTime(4999);
    await settle();
    expect(stopped).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    await settle();
    expect(stopped).toHaveBeenCalledOnce();
  });

  test("of a supervisor, too, whose restarts are counted by `performance`: faked together they agree", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    let started = 0;
    const tree = supervisor({ maxRestarts: 1, withinMs: 1000 })
      .child("flaky", () => {
        started += 1;
        return producer<number>();
      })
      .start();
    for (let crash = 0; crash < 4; crash += 1) {
      tree.children.flaky.fail(new Error("flaky"));
      await settle();
      // Later than `withinMs` it is forgotten.
      vi.advanceTimersByTime(1001);
    }
    expect(started).toBe(5);
    await tree.stop();
  });
});

describe("what must not be faked", () => {
  test("is `process.nextTick`, where Node streams are about: they wait for it", async () => {
    const nextTick = process.nextTick.bind(process);
    const postponed: (() => void)[] = [];
    const probe = new ConsumerProbe(fromReadable<number>(new Counter(3)));
    process.nextTick = (task: (...given: unknown[]) => void, ...given: unknown[]) => void postponed.push(() => task(...given));
    await probe.ask(4);
    // That of the test runner is among them.
    process.nextTick = nextTick;
    await probe.expectEvents([0, 1, 2]);
    await probe.expectNothing();
    for (const task of postponed) task();
    await probe.expectEnd();
  });

  test("is anything at all before Sluice is loaded: it would take the turns of the fake clock for those of the loop", async () => {
    vi.resetModules();
    vi.useFakeTimers({ toFake: ["setImmediate", "clearImmediate"] });
    const late = await import("sluice/testing");
    const settled = vi.fn();
    void late.settle().then(settled);
    await settle();
    expect(settled).not.toHaveBeenCalled();
    for (let turn = 0; turn < 10; turn += 1) await vi.advanceTimersByTimeAsync(1);
    expect(settled).toHaveBeenCalledOnce();
    vi.resetModules();
  });
});
