import { describe, expect, test } from "vitest";
import { consumer, fromIterable, pipeline, post, producer, producerConsumer, spend, type Port } from "sluice";
import { settle } from "sluice/testing";
import { inNextTurn, isIdle } from "../../src/core/scheduler.ts";
import { range } from "./support/range.ts";
import { withStillClock } from "./support/still-clock.ts";
import { Uncaught } from "./support/uncaught.ts";

describe("the run queue", () => {
  test("does not run a receiver in the call that posts", async () => {
    const received: string[] = [];
    const port: Port<string> = { receive: (message) => received.push(message) };
    post(port, "one");
    expect(received).toEqual([]);
    await settle();
    expect(received).toEqual(["one"]);
  });

  test("does not run a receiver in the call that posts, from within a receiver", async () => {
    const order: string[] = [];
    const inner: Port<undefined> = { receive: () => order.push("inner") };
    const outer: Port<undefined> = {
      receive: () => {
        post(inner, undefined);
        order.push("outer");
      },
    };
    post(outer, undefined);
    await settle();
    expect(order).toEqual(["outer", "inner"]);
  });

  test("delivers in the order of posting, to whomever", async () => {
    const received: string[] = [];
    const [ann, bob] = ["ann", "bob"].map((name) => ({ receive: (message: number) => received.push(`${name} ${message}`) }));
    for (const message of [1, 2, 3]) {
      post(ann as Port<number>, message);
      post(bob as Port<number>, message);
    }
    await settle();
    expect(received).toEqual(["ann 1", "bob 1", "ann 2", "bob 2", "ann 3", "bob 3"]);
  });

  test("keeps the order of 100,000 messages that are posted at once", async () => {
    const received: number[] = [];
    const port: Port<number> = { receive: (message) => received.push(message) };
    for (const message of range(100_000)) post(port, message);
    await settle();
    expect(received).toEqual(range(100_000));
  });

  test("keeps the order of messages that receivers post while it grows", async () => {
    const received: number[] = [];
    const port: Port<number> = {
      receive: (message) => {
        received.push(message);
        if (message < 5000) for (const child of [2 * message + 1, 2 * message + 2]) post(port, child);
      },
    };
    post(port, 0);
    await settle();
    expect(received).toEqual(range(10_001));
  });

  test("goes on after a port that throws, and throws its error where nobody can catch it", async () => {
    using uncaught = new Uncaught();
    const failure = new Error("a foreign port failed");
    const received: string[] = [];
    post({ receive: () => { throw failure; } }, "bad");
    post({ receive: (message: string) => received.push(message) }, "good");
    await settle();
    expect(received).toEqual(["good"]);
    expect(uncaught.errors).toEqual([failure]);
    expect(uncaught.errors[0]).toBe(failure);
  });

  test("runs a lone event through an idle chain in microtasks, before the event loop turns", async () => {
    using fresh = await withStillClock();
    const order: string[] = [];
    await using source = fresh.producer<string>();
    await using middle = fresh.producerConsumer({ subscribeTo: [source], handleEvents: (events) => events });
    await using sink = fresh.consumer({ subscribeTo: [middle], handleEvents: (events) => void order.push(...events) });
    await fresh.settle();
    fresh.inNextTurn(() => order.push("turn"));
    source.emit(["event"]);
    await fresh.settle();
    expect(order).toEqual(["event", "turn"]);
    expect(sink.name).toContain("consumer");
  });

  describe("reads the clock", () => {
    /** No slice is in progress any more. */
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 3; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
    };

    /** Behind which of so many messages, counted from 1, the clock was read. `during` is what a message does. */
    async function readAt(messages: number, during: (message: number, setTime: (ms: number) => void) => void = () => undefined, message?: unknown): Promise<number[]> {
      using fresh = await withStillClock();
      await turns();
      const found: number[] = [];
      let count = 0;
      let before = 0;
      const port: Port<unknown> = {
        receive: () => {
          if (count > 0 && fresh.readings() > before) found.push(count);
          before = fresh.readings();
          count += 1;
          during(count, fresh.setTime);
          if (count < messages) fresh.post(port, message);
        },
      };
      fresh.post(port, message);
      await fresh.settle();
      return found.filter((each) => each < messages);
    }

    test("behind the first message of a slice, and then behind each 16", async () => {
      expect(await readAt(66)).toEqual([1, 17, 33, 49, 65]);
    });

    test("sooner where the messages are lists: 16 events count as one message", async () => {
      expect(await readAt(30, undefined, range(48))).toEqual([1, 5, 9, 13, 17, 21, 25, 29]);
    });

    test("behind each message when one was slow, and less often again when eight readings in a row found them fast", async () => {
      const found = await readAt(120, (message, setTime) => {
        if (message === 5) setTime(1.5);
      });
      // The slow one is found at 17. Then behind each, until eight were fast; eight times behind two, eight times behind four.
      const each = range(8, 18);
      const second = range(8).map((n) => 27 + 2 * n);
      const fourth = range(8).map((n) => 45 + 4 * n);
      expect(found.slice(0, 26)).toEqual([1, 17, ...each, ...second, ...fourth]);
    });

    test("and goes on in the next turn when the slice is over", async () => {
      using fresh = await withStillClock();
      await turns();
      const order: (number | string)[] = [];
      const port: Port<number> = {
        receive: (n) => {
          order.push(n);
          if (n === 3) fresh.setTime(2);
        },
      };
      fresh.atNextTurn(() => order.push("turn"));
      for (const n of range(40)) fresh.post(port, n);
      await fresh.settle();
      expect(order).toEqual([...range(17), "turn", ...range(23, 17)]);
    });
  });

  test("has one turn on its way at a time, whoever goes on in it and whatever waits", async () => {
    let turns = 0;
    let others = 0;
    const quiet: Port<undefined> = { receive: () => undefined };
    const task = (): void => {
      turns += 1;
      spend(1);
      post(quiet, undefined);
      if (turns < 20) inNextTurn(task);
    };
    const other = (): void => {
      others += 1;
      if (turns < 20) setImmediate(other);
    };
    inNextTurn(task);
    setImmediate(other);
    await settle();
    expect(turns).toBe(20);
    // With two turns in one phase of the event loop, four in the next and so on there would be room for five.
    expect(others).toBeGreaterThan(15);
  });

  test("is idle when no message waits", async () => {
    await settle();
    expect(isIdle()).toBe(true);
    post({ receive: () => undefined }, undefined);
    expect(isIdle()).toBe(false);
    await settle();
    expect(isIdle()).toBe(true);
  });
});

/** Far more than a slice; a pipeline that starves the event loop comes to its end instead of hanging the test. */
const MANY = 20_000_000;

/** Counts what the event loop does beside a pipeline. */
class Turns {
  timers = 0;
  turns = 0;
  #isOver = false;

  constructor() {
    const onTimer = (): void => {
      if (this.#isOver) return;
      this.timers += 1;
      setTimeout(onTimer, 0);
    };
    const onTurn = (): void => {
      if (this.#isOver) return;
      this.turns += 1;
      setImmediate(onTurn);
    };
    setTimeout(onTimer, 0);
    setImmediate(onTurn);
  }

  /** Whether timers and turns have both come several times. */
  get areAlive(): boolean {
    return this.timers >= 3 && this.turns >= 3;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
  }
}

describe("the event loop stays alive while", { timeout: 30_000 }, () => {
  /** Events until the event loop has turned a few times, or very many. */
  function* until(turns: Turns): Generator<number> {
    for (let event = 0; event < MANY && !turns.areAlive; event += 1) yield event;
  }

  test.each([
    { maxDemand: 1000, minDemand: 500 },
    { maxDemand: 10, minDemand: 5 },
    { maxDemand: 1, minDemand: 0 },
  ])("a saturated pipeline of sync callbacks runs at $maxDemand/$minDemand", async (demand) => {
    using turns = new Turns();
    let made = 0;
    const source = producer<number>({
      handleDemand(count, self) {
        if (made >= MANY || turns.areAlive) self.complete();
        made += count;
        return range(count);
      },
    });
    await pipeline(
      source,
      (from) => producerConsumer({ subscribeTo: [{ to: from, ...demand }], handleEvents: (events) => events }),
      (from) => consumer({ subscribeTo: [{ to: from, ...demand }], handleEvents: () => undefined }),
    );
    expect(turns.areAlive).toBe(true);
    expect(made).toBeLessThan(MANY);
  });

  test("handleEvent runs for one long list after another", async () => {
    using turns = new Turns();
    let handled = 0;
    const source = producer<number>({ handleDemand: (count, self) => (turns.areAlive || handled > MANY ? self.complete() : range(count)) });
    await pipeline(source, (from) =>
      consumer({ subscribeTo: [{ to: from, maxDemand: 1_000_000 }], handleEvent: () => void (handled += 1), concurrency: 4 }),
    );
    expect(turns.areAlive).toBe(true);
  });

  test("one list of millions is handled in batches of one", async () => {
    using turns = new Turns();
    let handledAtLife = 0;
    const source = producer<number>({
      handleDemand(_demand, self) {
        self.complete();
        return range(3_000_000);
      },
    });
    await pipeline(source, (from) =>
      consumer({
        subscribeTo: [{ to: from, maxDemand: 3_000_000, minDemand: 2_999_999 }],
        handleEvents: () => {
          if (!turns.areAlive) handledAtLife += 1;
        },
      }),
    );
    expect(turns.areAlive).toBe(true);
    expect(handledAtLife).toBeLessThan(3_000_000);
  });

  test("a sync iterable is read for one great demand", async () => {
    using turns = new Turns();
    await pipeline(fromIterable(until(turns)), (from) =>
      consumer({ subscribeTo: [{ to: from, maxDemand: MANY }], handleEvents: () => undefined }),
    );
    expect(turns.areAlive).toBe(true);
  });

  test("an async iterable is read whose promises are always resolved", async () => {
    using turns = new Turns();
    let event = 0;
    const resolved: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: event > MANY || turns.areAlive, value: (event += 1) }),
      }),
    };
    await pipeline(fromIterable(resolved), (from) => consumer({ subscribeTo: [from], handleEvents: () => undefined }));
    expect(turns.areAlive).toBe(true);
  });

  test("a loop reads event by event", async () => {
    using turns = new Turns();
    for await (const event of fromIterable(until(turns))) if (event > MANY) break;
    expect(turns.areAlive).toBe(true);
  });

  test("a loop reads event by event with read-ahead", async () => {
    using turns = new Turns();
    for await (const event of fromIterable(until(turns)).events()) if (event > MANY) break;
    expect(turns.areAlive).toBe(true);
  });

  test("a loop reads batches", async () => {
    using turns = new Turns();
    for await (const batch of fromIterable(until(turns)).batches()) if ((batch[0] ?? 0) > MANY) break;
    expect(turns.areAlive).toBe(true);
  });

  test("a loop reads batches of one from a buffer that holds millions", async () => {
    using turns = new Turns();
    await using source = producer<number>({ handleDemand: () => range(3_000_000) });
    let read = 0;
    for await (const batch of source.batches({ maxDemand: 1 })) {
      read += batch.length;
      if (turns.areAlive || read === 3_000_000) break;
    }
    expect(turns.areAlive).toBe(true);
  });
});
