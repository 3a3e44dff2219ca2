/** What operators read from: one place, which several passes may read, each with a signal of its own. */
import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { settle } from "sluice/testing";
import { Feeding } from "../../../src/adapters/ix/feeding.ts";

const boom = new Error("boom");
const DONE = { value: undefined, done: true };
const item = (value: unknown): IteratorResult<unknown> => ({ value, done: false });

function feeding(lists = false): Feeding<number, unknown> {
  return new Feeding(lists);
}

/** Notes how each of them settles. */
function noted(...promises: readonly (PromiseLike<unknown> | undefined)[]): unknown[] {
  const outcomes: unknown[] = [];
  for (const promise of promises) {
    promise?.then(
      (value) => outcomes.push(value),
      (error: unknown) => outcomes.push({ error }),
    );
  }
  return outcomes;
}

describe("a list", () => {
  test("is handled when it has been read to its end and one more event is wanted", async () => {
    const feed = feeding();
    const reader = feed.open();
    const handled = noted(feed.give([1, 2]));
    expect([await reader.next(), await reader.next()]).toEqual([item(1), item(2)]);
    await settle();
    expect(handled).toEqual([]);
    const waiting = noted(reader.next());
    await settle();
    expect([handled, waiting]).toEqual([[undefined], []]);
  });

  test("serves those who wait, in the order of their calls, and is handled at once when more of them wait", async () => {
    const feed = feeding();
    const [first, second] = [feed.open(), feed.open()];
    const outcomes = noted(first.next(), second.next(), first.next());
    expect(feed.give([1])).toBeUndefined();
    await settle();
    expect(outcomes).toEqual([item(1)]);
    expect(feed.give([2])).toBeUndefined();
    expect(feed.give([3, 4])).toBeInstanceOf(Promise);
    await settle();
    expect(outcomes).toEqual([item(1), item(2), item(3)]);
    expect(await second.next()).toEqual(item(4));
  });

  test("is read whole by one of those who wait, where lists are read", async () => {
    const feed = feeding(true);
    const [first, second] = [feed.open(), feed.open()];
    const outcomes = noted(first.next(), second.next());
    const list = [1, 2];
    expect(feed.give(list)).toBeUndefined();
    await settle();
    expect(outcomes).toEqual([item(list)]);
    expect((outcomes[0] as IteratorResult<unknown>).value).toBe(list);
  });

  test("is forgotten, and handled, when the feeding is closed", async () => {
    const feed = feeding();
    const reader = feed.open();
    const handled = noted(feed.give([1]));
    feed.close(undefined);
    const outcome = noted(reader.next());
    await settle();
    expect([handled, outcome]).toEqual([[undefined], [DONE]]);
  });
});

describe("a pass", () => {
  test("is iterable itself", () => {
    const reader = feeding().open();
    expect(reader[Symbol.asyncIterator]()).toBe(reader);
  });

  test("ends by return: what it waits for is done, and what follows; the others read on", async () => {
    const feed = feeding();
    const [left, other] = [feed.open(), feed.open()];
    const outcomes = noted(left.next(), left.next());
    const others = noted(other.next());
    expect(await left.return()).toEqual(DONE);
    expect(outcomes).toEqual([DONE, DONE]);
    void feed.give([1, 2]);
    await settle();
    expect(others).toEqual([item(1)]);
    expect(await left.next()).toEqual(DONE);
    expect(await other.next()).toEqual(item(2));
  });

  test("ends by throw, which rejects with the error", async () => {
    const feed = feeding();
    const reader = feed.open();
    const outcomes = noted(reader.next());
    await expect(reader.throw(boom)).rejects.toBe(boom);
    expect(outcomes).toEqual([DONE]);
    void feed.give([1]);
    expect(await reader.next()).toEqual(DONE);
  });

  test("ends by its signal: the first that waits is told the reason", async () => {
    const controller = new AbortController();
    const feed = feeding();
    const reader = feed.open(controller.signal);
    const outcomes = noted(reader.next(), reader.next());
    controller.abort(boom);
    await settle();
    expect(outcomes).toEqual([{ error: boom }, DONE]);
    void feed.give([1]);
    expect(await reader.next()).toEqual(DONE);
  });

  test("has ended when its signal has aborted before: the first next is told the reason, in a turn of its own", async () => {
    const feed = feeding();
    void feed.give([1]);
    const reader = feed.open(AbortSignal.abort(boom));
    const outcomes = noted(reader.next(), reader.next());
    await Promise.resolve();
    await Promise.resolve();
    expect(outcomes).toEqual([DONE]);
    await settle();
    expect(outcomes).toEqual([DONE, { error: boom }]);
    expect(await feed.open().next()).toEqual(item(1));
  });

  test.each<[string, (reader: ReturnType<Feeding<number, unknown>["open"]>) => unknown]>([
    ["return", (reader) => reader.return()],
    ["throw", (reader) => reader.throw(boom).catch(() => undefined)],
  ])("leaves no listener behind when it ends by %s", async (_, end) => {
    const { signal } = new AbortController();
    const feed = feeding();
    const reader = feed.open(signal);
    void reader.next();
    void reader.next();
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    await end(reader);
    expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(feed.heeding.size).toBe(0);
  });

  test("leaves no listener behind when nobody ends it but the stage, and is told of that all the same", async () => {
    const { signal } = new AbortController();
    const feed = feeding();
    const reader = feed.open(signal);
    void feed.give([1, 2]);
    expect(await reader.next()).toEqual(item(1));
    feed.close({ error: boom });
    expect(getEventListeners(signal, "abort")).toEqual([]);
    const outcomes = noted(reader.next(), reader.next());
    expect(getEventListeners(signal, "abort")).toEqual([]);
    await settle();
    expect(outcomes).toEqual([{ error: boom }, DONE]);
    expect(feed.heeding.size).toBe(0);
  });

  test("does not heed the signal of the stage, whose end is told it by the stage", async () => {
    const controller = new AbortController();
    const feed = feeding();
    feed.ignore(controller.signal);
    const outcomes = noted(feed.open(controller.signal).next());
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
    controller.abort(boom);
    await settle();
    expect(outcomes).toEqual([]);
    feed.close(undefined);
    const late = noted(feed.open(controller.signal).next());
    await settle();
    expect([outcomes, late]).toEqual([[DONE], [DONE]]);
  });
});

describe("the end that came in", () => {
  test("is told to all who wait, and whoever begins again, in a turn of its own", async () => {
    const feed = feeding();
    const outcomes = noted(feed.open().next(), feed.open().next());
    feed.finish();
    await settle();
    expect(outcomes).toEqual([DONE, DONE]);
    const again = noted(feed.open().next());
    await Promise.resolve();
    await Promise.resolve();
    expect(again).toEqual([]);
    await settle();
    expect(again).toEqual([DONE]);
    expect(feed.untold).toBeUndefined();
  });

  test("is a failure, and untold, until somebody has asked for it; each pass is told", async () => {
    const feed = feeding();
    feed.fail(boom);
    expect(feed.untold).toEqual({ error: boom });
    const outcomes = noted(feed.open().next(), feed.open().next());
    await settle();
    expect(outcomes).toEqual([{ error: boom }, { error: boom }]);
    expect(feed.untold).toBeUndefined();
  });

  test("is the first that came", async () => {
    const [finished, failed] = [feeding(), feeding()];
    finished.finish();
    finished.fail(boom);
    failed.fail(boom);
    failed.finish();
    const outcomes = noted(finished.open().next(), failed.open().next());
    await settle();
    expect(outcomes).toEqual([DONE, { error: boom }]);
  });

  test("gives way to that of the stage, which one of those who wait is told, and nobody again", async () => {
    const feed = feeding();
    feed.fail(new Error("before"));
    const outcomes = noted(feed.open().next(), feed.open().next());
    feed.close({ error: boom });
    await settle();
    expect(outcomes).toEqual([{ error: boom }, DONE]);
    const again = noted(feed.open().next());
    await settle();
    expect(again).toEqual([DONE]);
  });
});
