import { consumer, pipeline, producer, producerConsumer, supervisor, type Consumer, type Producer, type ProducerConsumer, type PushProducer, type Report, type Strategy, type Supervisor } from "sluice";
import { settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { Diary, turn } from "./diary.ts";

const failure = new Error("down");

const relay = (from: Producer<number>): ProducerConsumer<number, number> => producerConsumer({ subscribeTo: [{ to: from, maxDemand: 1 }], handleEvents: (events) => events });
const sink = (...from: readonly Producer<number>[]): Consumer<number> => consumer({ subscribeTo: from, handleEvents: () => undefined });

/** What the supervisor has spent of its allowance: it reports each restart, whoever it is charged to. */
function restartsOf(tree: Supervisor): readonly number[] {
  return tree.snapshot().children.map(({ restarts }) => restarts);
}

describe("a crash that runs through a chain costs one restart", () => {
  test.each<[how: string, handleStop: (() => Promise<void>) | undefined]>([
    ["a source that has nothing to release", undefined],
    ["a source that releases something at once", async () => undefined],
    ["a source that releases something in a microtask or two", async () => {
      await Promise.resolve();
      await Promise.resolve();
    }],
    ["a source that takes a turn to release something", turn],
    ["a source that takes many turns to release something", settle],
  ])("after %s, and everybody starts once, in order", async (_, handleStop) => {
    const diary = new Diary();
    await using tree = supervisor({ maxRestarts: 1 })
      .child("source", () => (diary.note("source"), producer<number>({ handleStop })))
      .child("first", ({ source }) => (diary.note("first"), relay(source)))
      .child("second", ({ first }) => (diary.note("second"), relay(first)))
      .child("third", ({ second }) => (diary.note("third"), relay(second)))
      .child("sink", ({ third }) => (diary.note("sink"), sink(third)))
      .start();
    await settle();
    diary.read();
    tree.children.source.fail(failure);
    await settle();
    await settle();
    expect(diary.read()).toEqual(["source", "first", "second", "third", "sink"]);
    expect(tree.snapshot().state).toBe("running");
  });

  test.each<Strategy>(["oneForOne", "restForOne", "oneForAll"])("under %s", async (strategy) => {
    await using tree = supervisor({ strategy, maxRestarts: 1 })
      .child("source", () => producer<number>())
      .child("middle", ({ source }) => relay(source))
      .child("sink", ({ middle }) => sink(middle))
      .start();
    await settle();
    tree.children.source.fail(failure);
    await settle();
    expect(tree.snapshot().state).toBe("running");
    expect(restartsOf(tree)).toEqual([1, 1, 1]);
  });

  test("when it is a stop by hand", async () => {
    await using tree = supervisor({ maxRestarts: 1 })
      .child("source", () => producer<number>())
      .child("middle", ({ source }) => relay(source))
      .child("sink", ({ middle }) => sink(middle))
      .start();
    await settle();
    await tree.children.source.stop("by hand");
    await settle();
    expect([tree.snapshot().state, restartsOf(tree)]).toEqual(["running", [1, 1, 1]]);
  });

  test.each([["a string"], [undefined], [null], [42], [Symbol("symbol")]])("when what is thrown is no object: %s", async (thrown) => {
    await using tree = supervisor({ maxRestarts: 1 })
      .child("source", () => producer<number>())
      .child("middle", ({ source }) => relay(source))
      .child("sink", ({ middle }) => sink(middle))
      .start();
    await settle();
    tree.children.source.fail(thrown);
    await settle();
    expect([tree.snapshot().state, restartsOf(tree)]).toEqual(["running", [1, 1, 1]]);
  });

  test("when it begins in the middle", async () => {
    let isBad = true;
    await using tree = supervisor({ maxRestarts: 1 })
      .child("source", () => producer<number>())
      .child("middle", ({ source }) =>
        producerConsumer({
          subscribeTo: [source],
          handleEvents(events): readonly number[] {
            if (!isBad) return events;
            isBad = false;
            throw failure;
          },
        }),
      )
      .child("sink", ({ middle }) => sink(middle))
      .start();
    await settle();
    tree.children.source.emit([1]);
    await settle();
    expect([tree.snapshot().state, restartsOf(tree)]).toEqual(["running", [0, 1, 1]]);
  });

  test("when it reaches a pipeline and an async function", async () => {
    await using tree = supervisor({ maxRestarts: 1 })
      .child("source", () => producer<number>())
      .child("row", ({ source }, { signal }) => pipeline(source, (from) => sink(from), { signal }))
      .child("loop", async ({ source }) => {
        for await (const _ of source) expect.unreachable();
      }, { stopWithinMs: 0 })
      .start();
    await settle();
    tree.children.source.fail(failure);
    await settle();
    expect([tree.snapshot().state, restartsOf(tree)]).toEqual(["running", [1, 1, 1]]);
  });
});

describe("a consumer that hears late of a crash, as its callback is in progress,", () => {
  test("is restarted when it has heard, at no cost", async () => {
    const gate = deferred();
    const diary = new Diary();
    let calls = 0;
    await using tree = supervisor({ maxRestarts: 1 })
      .child("source", () => (diary.note("source"), producer<number>()))
      .child("slow", ({ source }) => {
        diary.note("slow");
        return consumer({
          subscribeTo: [{ to: source, maxDemand: 1 }],
          handleEvents() {
            calls += 1;
            return calls === 1 ? gate.promise : undefined;
          },
        });
      })
      .start();
    await settle();
    tree.children.source.emit([1]);
    await settle();
    diary.read();
    tree.children.source.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["source"]);
    gate.resolve();
    await settle();
    expect(diary.read()).toEqual(["slow"]);
    tree.children.source.emit([2]);
    await settle();
    expect([calls, tree.snapshot().state]).toEqual([2, "running"]);
  });

  test("costs a restart of its own when its callback fails with another error", async () => {
    const gate = deferred();
    const tree = supervisor({ maxRestarts: 1 })
      .child("source", () => producer<number>())
      .child("slow", ({ source }) => consumer({ subscribeTo: [{ to: source, maxDemand: 1 }], handleEvents: () => gate.promise }))
      .start();
    await settle();
    tree.children.source.emit([1]);
    await settle();
    tree.children.source.fail(failure);
    await settle();
    const other = new Error("another");
    gate.reject(other);
    expect(await tree.closed).toMatchObject({ type: "error", error: { child: "slow", cause: other } });
  });
});

describe("a diamond", () => {
  type Diamond = { readonly source: PushProducer<number> };

  /** A source, two branches, and a consumer of both. */
  function diamond(right: (source: Producer<number>) => Producer<number>, diary: Diary): Supervisor<Diamond> {
    return supervisor({ maxRestarts: 1 })
      .child("source", () => (diary.note("source"), producer<number>()))
      .child("left", ({ source }) => (diary.note("left"), relay(source)))
      .child("right", ({ source }) => (diary.note("right"), right(source)))
      .child("join", ({ left, right: other }) => (diary.note("join"), sink(left, other)))
      .start();
  }

  test("costs one restart, and starts everybody once", async () => {
    const diary = new Diary();
    await using tree = diamond(relay, diary);
    await settle();
    diary.read();
    tree.children.source.fail(failure);
    await settle();
    expect(diary.read()).toEqual(["source", "left", "right", "join"]);
    expect(tree.snapshot().state).toBe("running");
  });

  test("costs one restart when one of its branches hears late", async () => {
    const diary = new Diary();
    const gate = deferred();
    let isFirst = true;
    const slow = (from: Producer<number>): Producer<number> =>
      producerConsumer({
        subscribeTo: [{ to: from, maxDemand: 1 }],
        handleEvents(events): readonly number[] | Promise<readonly number[]> {
          if (!isFirst) return events;
          isFirst = false;
          return gate.promise.then(() => events);
        },
      });
    await using tree = diamond(slow, diary);
    await settle();
    tree.children.source.emit([1, 2, 3]);
    await settle();
    tree.children.source.fail(failure);
    await settle();
    gate.resolve();
    await settle();
    expect(tree.snapshot().state).toBe("running");
    // All are up, and joined as they were.
    expect(tree.snapshot().children.map(({ state }) => state)).toEqual(["running", "running", "running", "running"]);
    expect(tree.children.source.snapshot().output?.consumers).toHaveLength(2);
  });

  test("of two sources that crash costs two", async () => {
    const ends: Report[] = [];
    const tree = supervisor({ maxRestarts: 1, handleReport: (report) => void ends.push(report) })
      .child("one", () => producer<number>())
      .child("other", () => producer<number>())
      .child("join", ({ one, other }) => sink(one, other))
      .start();
    await settle();
    tree.children.one.fail(new Error("one"));
    tree.children.other.fail(new Error("other"));
    expect(await tree.closed).toMatchObject({ type: "error", error: { code: "SLUICE_GAVE_UP" } });
  });
});

describe("one error object", () => {
  test("costs a restart each time that the same child ends with it", async () => {
    const tree = supervisor({ maxRestarts: 2 }).child("a", () => producer<number>()).start();
    const end = tree.closed;
    for (let time = 0; time < 3; time += 1) {
      tree.children.a.fail(failure);
      await settle();
    }
    expect(await end).toMatchObject({ type: "error", error: { child: "a", cause: failure } });
  });

  test("cannot keep several children crashing for ever at no cost", async () => {
    let starts = 0;
    const brief = async (): Promise<never> => {
      starts += 1;
      await turn();
      throw failure;
    };
    const tree = supervisor({ maxRestarts: 3 }).child("a", brief).child("b", brief).child("c", brief).start();
    const end = tree.closed;
    while (tree.snapshot().state !== "ended") {
      await turn();
      if (starts > 1000) void tree.stop();
    }
    expect(starts).toBeLessThan(30);
    expect(await end).toMatchObject({ type: "error", error: { code: "SLUICE_GAVE_UP", cause: failure } });
  });

  test("cannot when they take turns, either", async () => {
    let starts = 0;
    const brief = (turns: number) => async (): Promise<never> => {
      starts += 1;
      for (let at = 0; at < turns; at += 1) await turn();
      throw failure;
    };
    const tree = supervisor({ maxRestarts: 3 }).child("a", brief(5)).child("b", brief(7)).start();
    const end = tree.closed;
    while (tree.snapshot().state !== "ended") {
      await turn();
      if (starts > 1000) void tree.stop();
    }
    expect(starts).toBeLessThan(30);
    expect(await end).toMatchObject({ type: "error", error: { code: "SLUICE_GAVE_UP" } });
  });

  test("that a child's function throws at its restart costs one more", async () => {
    let starts = 0;
    const tree = supervisor({ maxRestarts: 1 })
      .child("a", () => {
        starts += 1;
        if (starts > 1) throw failure;
        return producer<number>();
      })
      .start();
    tree.children.a.fail(failure);
    expect(await tree.closed).toMatchObject({ type: "error", error: { child: "a", cause: failure } });
    expect(starts).toBe(2);
  });
});

test("two crashes of one child between two restarts cost no more than its end and its start", async () => {
  // b ends while c, which is stopped with it, takes its time; then it fails to start once.
  let starts = 0;
  const gate = deferred();
  await using tree = supervisor({ strategy: "oneForAll", maxRestarts: 2 })
    .child("a", () => producer<number>())
    .child("b", () => {
      starts += 1;
      if (starts === 2) throw failure;
      return producer<number>();
    })
    .child("c", () => producer<number>({ handleStop: () => gate.promise }))
    .start();
  await settle();
  tree.children.a.fail(new Error("a"));
  await settle();
  tree.children.b.fail(new Error("b"));
  await settle();
  gate.resolve();
  await settle();
  expect([tree.snapshot().state, starts]).toEqual(["running", 3]);
});
