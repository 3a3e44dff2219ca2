import { consumer, producer, supervisor, type BackoffOptions } from "sluice";
import { settle } from "sluice/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { watch } from "../life/outcome.ts";
import { Uncaught } from "../support/uncaught.ts";
import { Diary } from "./diary.ts";

const failure = new Error("down");

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The pause before the next start, in ms: looks at every millisecond. */
async function pauseOf(diary: Diary): Promise<number> {
  for (let ms = 0; ms <= 100_000; ms += 1) {
    await settle();
    if (diary.read().some((line) => line.startsWith("start"))) return ms;
    vi.advanceTimersByTime(1);
  }
  throw new Error("expected a start");
}


/** The pauses before so many restarts of a child that ends as soon as it is up. */
async function pauses(backoff: BackoffOptions, count: number): Promise<number[]> {
  const diary = new Diary();
  await using tree = supervisor({ maxRestarts: Infinity, backoff })
    .child("a", () => diary.stage("a"))
    .start();
  const found: number[] = [];
  for (let time = 0; time < count; time += 1) {
    diary.read();
    tree.children.a.fail(new Error(`${time}`));
    found.push(await pauseOf(diary));
  }
  return found;
}

describe("a back-off", () => {
  test("makes each pause longer than the one before, up to a bound", async () => {
    expect(await pauses({ initialMs: 10, maxMs: 50, jitter: false }, 5)).toEqual([10, 20, 40, 50, 50]);
  });

  test("grows by its factor", async () => {
    expect(await pauses({ initialMs: 2, factor: 3, jitter: false }, 4)).toEqual([2, 6, 18, 54]);
  });

  test("stays as it is with a factor of 1", async () => {
    expect(await pauses({ initialMs: 7, factor: 1, jitter: false }, 3)).toEqual([7, 7, 7]);
  });

  test("begins with 100 ms and doubles when nothing is said", async () => {
    expect(await pauses({ jitter: false }, 2)).toEqual([100, 200]);
  });

  test.each([
    [0, [50, 100]],
    [0.5, [75, 150]],
    [0.98, [99, 198]],
  ])("with a random number of %s is shortened to between half and all of it", async (random, expected) => {
    expect(await pauses({ initialMs: 100, jitter: () => random }, 2)).toEqual(expected);
  });

  test("is shortened at random when nothing is said", async () => {
    const random = vi.spyOn(Math, "random").mockReturnValue(0.5);
    try {
      expect(await pauses({ initialMs: 20 }, 1)).toEqual([15]);
    } finally {
      random.mockRestore();
    }
  });

  test("never exceeds its bound, however often a child has failed", async () => {
    expect(await pauses({ initialMs: 1, maxMs: 2, factor: 1e300, jitter: false }, 5)).toEqual([1, 2, 2, 2, 2]);
  });

  test("begins anew for a child that has been up for maxMs", async () => {
    const diary = new Diary();
    await using tree = supervisor({ maxRestarts: Infinity, backoff: { initialMs: 10, maxMs: 40, jitter: false } })
      .child("a", () => diary.stage("a"))
      .start();
    const found: number[] = [];
    for (const upMs of [0, 0, 39, 40]) {
      vi.advanceTimersByTime(upMs);
      diary.read();
      tree.children.a.fail(new Error("down"));
      found.push(await pauseOf(diary));
    }
    expect(found).toEqual([10, 20, 40, 10]);
  });

  test("holds back starts that fail, too", async () => {
    const starts: number[] = [];
    await using tree = supervisor({ maxRestarts: Infinity, backoff: { initialMs: 10, maxMs: 1000, jitter: false } })
      .child("a", () => {
        starts.push(Date.now());
        if (starts.length > 1 && starts.length < 4) throw failure;
        return producer<number>();
      })
      .start();
    tree.children.a.fail(failure);
    for (let ms = 0; ms < 100; ms += 1) {
      await settle();
      vi.advanceTimersByTime(1);
    }
    expect(starts.slice(1).map((time, place) => time - (starts[place] ?? 0))).toEqual([10, 20, 40]);
  });

  test("keeps the whole group of a restart down", async () => {
    const diary = new Diary();
    await using tree = supervisor({ strategy: "oneForAll", backoff: { initialMs: 10, jitter: false } })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .start();
    diary.read();
    tree.children.a.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["stop a", "stop b"]);
    expect(tree.snapshot().children.map(({ state }) => state)).toEqual(["restarting", "restarting"]);
    vi.advanceTimersByTime(10);
    await settle();
    expect(diary.read()).toEqual(["start a", "start b"]);
  });

  test("is one pause for a crash that runs through several stages", async () => {
    const diary = new Diary();
    await using tree = supervisor({ maxRestarts: 1, backoff: { initialMs: 10, jitter: false } })
      .child("a", () => diary.stage("a"))
      .child("b", ({ a }) => {
        diary.note("start b");
        return consumer({ subscribeTo: [a], handleEvents: () => undefined });
      })
      .start();
    await settle();
    diary.read();
    tree.children.a.fail(failure);
    await settle();
    vi.advanceTimersByTime(10);
    await settle();
    expect(diary.read()).toEqual(["stop a", "start a", "start b"]);
  });

  test("does not hold up a restart by hand of a sibling, nor its crash, under oneForOne", async () => {
    const diary = new Diary();
    await using tree = supervisor({ backoff: { initialMs: 10, maxMs: 1000, jitter: false } })
      .child("flapping", () => diary.stage("flapping"))
      .child("other", () => diary.stage("other"))
      .start();
    tree.children.flapping.fail(failure);
    await settle();
    vi.advanceTimersByTime(10);
    await settle();
    tree.children.flapping.fail(failure);
    await settle();
    diary.read();
    // Of the 20 ms of one, the other waits only for the 10 of its own.
    tree.children.other.fail(new Error("other"));
    await settle();
    vi.advanceTimersByTime(10);
    await settle();
    expect(diary.read()).toEqual(["stop other", "start other"]);
    const restarted = watch(tree.restartChild("other"));
    await settle();
    expect([restarted, diary.read()]).toEqual([{ value: undefined }, ["stop other", "start other"]]);
  });

  test("is ended by a stop, at once and without a timer left", async () => {
    const diary = new Diary();
    const tree = supervisor({ backoff: { initialMs: 1000, jitter: false } })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .start();
    tree.children.a.fail(failure);
    await settle();
    await tree.stop();
    expect(diary.read()).toEqual(["start a", "start b", "stop a", "stop b"]);
    expect(tree.snapshot().children.map(({ state }) => state)).toEqual(["ended", "ended"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is ended by an abort of the supervisor's signal", async () => {
    const controller = new AbortController();
    const tree = supervisor({ signal: controller.signal, backoff: { initialMs: 1000 } })
      .child("a", () => producer<number>())
      .start();
    tree.children.a.fail(failure);
    await settle();
    controller.abort("enough");
    expect(await tree.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that is not asked for takes no time", async () => {
    const diary = new Diary();
    await using tree = supervisor()
      .child("a", () => diary.stage("a"))
      .start();
    diary.read();
    tree.children.a.fail(failure);
    expect(await pauseOf(diary)).toBe(0);
  });

  test("does not change what counts: a supervisor gives up as without one", async () => {
    const diary = new Diary();
    const tree = supervisor({ maxRestarts: 1, withinMs: 1000, backoff: { initialMs: 10, jitter: false } })
      .child("a", () => diary.stage("a"))
      .start();
    const end = watch(tree.closed);
    tree.children.a.fail(failure);
    await settle();
    vi.advanceTimersByTime(10);
    await settle();
    tree.children.a.fail(failure);
    await settle();
    expect(end.value).toMatchObject({ error: { code: "SLUICE_GAVE_UP" } });
  });

  test.each<[what: string, jitter: () => number]>([
    ["throws", () => {
      throw new Error("no entropy");
    }],
    ["gives NaN", () => Number.NaN],
    ["gives Infinity", () => Infinity],
  ])("whose source of random numbers %s still ends, and can be stopped", async (_, jitter) => {
    using uncaught = new Uncaught();
    const diary = new Diary();
    const tree = supervisor({ maxRestarts: Infinity, backoff: { initialMs: 10, maxMs: 40, jitter } })
      .child("a", () => diary.stage("a"))
      .start();
    diary.read();
    tree.children.a.fail(failure);
    const pause = await pauseOf(diary);
    expect(pause).toBeGreaterThanOrEqual(5);
    expect(pause).toBeLessThanOrEqual(10);
    await tree.stop();
    // What the function throws is told, once.
    expect(uncaught.errors.length).toBeLessThanOrEqual(1);
  });
});

describe("the pause of a group", () => {
  /** A supervisor of a and b, where b goes down with a, and how it gets on. */
  function scene() {
    const diary = new Diary();
    const tree = supervisor({ strategy: "restForOne", maxRestarts: Infinity, backoff: { initialMs: 100, jitter: false } })
      .child("a", () => diary.stage("a"))
      .child("b", () => diary.stage("b"))
      .start();
    const after = async (ms: number): Promise<string[]> => {
      await settle();
      vi.advanceTimersByTime(ms);
      await settle();
      return diary.read();
    };
    return { tree, after };
  }

  test("takes in those that wait already: all start together, in order", async () => {
    const { tree, after } = scene();
    tree.children.b.fail(new Error("b"));
    await after(50);
    tree.children.a.fail(new Error("a"));
    expect(await after(99)).toEqual(["stop a"]);
    expect(await after(1)).toEqual(["start a", "start b"]);
    await tree.stop();
  });

  test("is as long as the longest of them", async () => {
    const { tree, after } = scene();
    tree.children.b.fail(new Error("b"));
    expect(await after(100)).toEqual(["start a", "start b", "stop b", "start b"]);
    tree.children.b.fail(new Error("b again"));
    await after(50);
    tree.children.a.fail(new Error("a"));
    expect(await after(149)).toEqual(["stop a"]);
    expect(await after(1)).toEqual(["start a", "start b"]);
    await tree.stop();
  });
});
