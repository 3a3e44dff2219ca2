import { consumer, producer, type Consumer, type PushProducer } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { above } from "./neighbours.ts";
import { same } from "./same.ts";

describe("a consumer that leaves ends only its subscription, by", () => {
  interface Leaver {
    readonly handleCancel: unknown;
    /** Makes a consumer of the producer, and the way in which it leaves. */
    readonly join: (numbers: PushProducer<number>) => () => Promise<unknown>;
  }
  const error = new Error("crash");
  const printer = (numbers: PushProducer<number>): Consumer<number> => consumer({ name: "leaver", subscribeTo: [numbers], handleEvents: () => undefined });

  const leavers: readonly (readonly [name: string, leaver: Leaver])[] = [
    [
      "a cancel",
      {
        handleCancel: { kind: "cancel", reason: { type: "shutdown" } },
        join(numbers) {
          const stage = consumer<number>({ handleEvents: () => undefined });
          const subscription = stage.subscribe(numbers);
          return async () => {
            await subscription.cancel();
            expect(stage.snapshot().state).toBe("running");
          };
        },
      },
    ],
    [
      "a cancel with a reason",
      {
        handleCancel: { kind: "cancel", reason: { type: "error", error: same(error) } },
        join(numbers) {
          const subscription = consumer<number>({ handleEvents: () => undefined }).subscribe(numbers);
          return () => subscription.cancel({ type: "error", error });
        },
      },
    ],
    [
      "a break",
      {
        handleCancel: { kind: "cancel", reason: { type: "shutdown" } },
        join(numbers) {
          const loop = (async () => {
            for await (const _ of numbers) break;
          })();
          return async () => {
            numbers.emit([0]);
            await loop;
          };
        },
      },
    ],
    [
      "a crash",
      {
        handleCancel: { kind: "down", reason: { type: "error", error: same(error) } },
        join(numbers) {
          const stage = consumer({
            subscribeTo: [numbers],
            handleEvents() {
              throw error;
            },
          });
          return async () => {
            numbers.emit([0]);
            await stage.closed;
          };
        },
      },
    ],
    [
      "a stop",
      {
        handleCancel: { kind: "down", reason: { type: "shutdown", reason: "enough" } },
        join(numbers) {
          const stage = printer(numbers);
          return () => stage.stop("enough");
        },
      },
    ],
    [
      "its normal end",
      {
        handleCancel: { kind: "down", reason: { type: "normal" } },
        join(numbers) {
          const stage = consumer({ subscribeTo: [numbers], handleEvents: (_, __, self) => self.complete() });
          return async () => {
            numbers.emit([0]);
            await stage.closed;
          };
        },
      },
    ],
  ];

  test.each(leavers)("%s: the producer and its other consumer go on", async (_, { handleCancel, join }) => {
    const cancels: unknown[] = [];
    await using numbers = producer<number>({ handleCancel: (info) => void cancels.push(info) });
    const stayer = new ConsumerProbe(numbers, { name: "stayer" });
    const leave = join(numbers);
    await settle();
    await leave();
    await settle();
    expect(cancels).toEqual([handleCancel]);
    expect(numbers.snapshot()).toMatchObject({ state: "running", output: { consumers: ["stayer"] } });
    numbers.emit([1, 2]);
    await stayer.ask(2);
    expect(stayer.batches).toEqual([[1, 2]]);
    expect(stayer.ends).toEqual([]);
  });
});

test("a consumer that cancels is answered with its own reason; one that ends is not answered", async () => {
  const reason = { type: "shutdown", reason: "enough" } as const;
  const { stage, down } = await above<number>({});
  const other = new ConsumerProbe(stage);
  await down.cancel(reason);
  await other.down(reason);
  expect(down.ends).toEqual([{ type: "cancel", kind: "cancel", reason }]);
  expect(other.ends).toEqual([]);
  expect(stage.snapshot().output?.consumers).toEqual([]);
  await stage.stop();
  expect(down.ends).toHaveLength(1);
  expect(other.ends).toEqual([]);
});

describe("the open demand of a consumer that leaves", () => {
  test("is withdrawn: nothing is sent to it any more", async () => {
    const { stage, down } = await above<number>({ whenUnused: "wait" });
    await down.ask(5);
    await down.cancel();
    stage.emit([1, 2]);
    await settle();
    expect(down.batches).toEqual([]);
    expect(stage.bufferedCount).toBe(2);
  });

  test("and was passed upstream stays owed: the next asks are less by it", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({ whenUnused: "wait", handleDemand: (demand) => void demands.push(demand) });
    await down.ask(5);
    await down.cancel();
    const next = new ConsumerProbe(stage);
    await next.ask(3);
    expect(demands).toEqual([5]);
    await next.ask(3);
    expect(demands).toEqual([5, 1]);
    stage.emit([1, 2, 3, 4, 5, 6]);
    await settle();
    expect(next.batches).toEqual([[1, 2, 3, 4, 5, 6]]);
    await next.ask(2);
    expect(demands).toEqual([5, 1, 2]);
    await stage.stop();
  });

  test("and has been answered in part stays owed for the rest", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({ whenUnused: "wait", handleDemand: (demand) => void demands.push(demand) });
    await down.ask(5);
    stage.emit([1, 2]);
    await settle();
    await down.cancel();
    const next = new ConsumerProbe(stage);
    await next.ask(5);
    expect(demands).toEqual([5, 2]);
    await stage.stop();
  });

  test("leaves that of the others alone", async () => {
    const demands: number[] = [];
    const { stage, down } = await above<number>({ handleDemand: (demand) => void demands.push(demand) });
    const other = new ConsumerProbe(stage);
    await down.ask(5);
    await other.ask(2);
    await down.cancel();
    stage.emit([1, 2, 3]);
    await settle();
    expect(demands).toEqual([5, 2]);
    expect(other.batches).toEqual([[1, 2]]);
    expect(stage.bufferedCount).toBe(1);
    await other.ask(4);
    // 7 were asked for, 3 came, 4 are owed: one is in the buffer, and 3 more are what is wanted.
    expect(demands).toEqual([5, 2]);
    await stage.stop();
  });

  test("is owed by the producers of a producerConsumer too, and is not asked for twice", async () => {
    const demands: number[] = [];
    const numbers = producer<number>({ whenUnused: "wait", handleDemand: (demand) => void demands.push(demand) });
    const first = consumer({ subscribeTo: [{ to: numbers, maxDemand: 10 }], handleEvents: () => undefined });
    await settle();
    await first.stop();
    const second = consumer({ subscribeTo: [{ to: numbers, maxDemand: 4 }], handleEvents: () => undefined });
    await settle();
    expect(demands).toEqual([10]);
    await second.stop();
    await numbers.stop();
  });
});

describe("events that were sent to a consumer and not handled", () => {
  test("are lost when it stops, and counted", async () => {
    const call = deferred();
    const numbers = producer<number>();
    const slow = consumer({ subscribeTo: [{ to: numbers, maxDemand: 4, minDemand: 2 }], handleEvents: () => call.promise });
    await settle();
    numbers.emit([1, 2, 3, 4]);
    await settle();
    const stopped = slow.stop();
    call.resolve();
    await stopped;
    expect(numbers.snapshot().output).toMatchObject({ emitted: 4, delivered: 4 });
    expect(slow.snapshot().input).toMatchObject({ received: 4, queued: 0, inCallback: 0, handled: 2, failed: 0, lost: 2 });
  });

  test("are lost when it crashes, and counted", async () => {
    const numbers = producer<number>();
    const crashing = consumer({
      subscribeTo: [{ to: numbers, maxDemand: 4, minDemand: 2 }],
      handleEvents() {
        throw new Error("crash");
      },
    });
    const { closed } = crashing;
    await settle();
    numbers.emit([1, 2, 3]);
    await closed;
    expect(crashing.snapshot().input).toMatchObject({ received: 3, queued: 0, inCallback: 0, handled: 0, failed: 2, lost: 1 });
  });

  test("and are on their way when it stops are lost too, once they arrive", async () => {
    const numbers = producer<number>();
    const printer = consumer({ subscribeTo: [numbers], handleEvents: () => undefined });
    await settle();
    numbers.emit([1, 2]);
    await Promise.resolve();
    const stopped = printer.stop();
    await stopped;
    await settle();
    const { output } = numbers.snapshot();
    const { input } = printer.snapshot();
    expect(input?.received).toBe(output?.delivered);
    expect((input?.handled ?? 0) + (input?.lost ?? 0)).toBe(input?.received);
  });

  test("but not when it cancels: they are handled, and the cancel resolves behind them", async () => {
    const call = deferred();
    const handled: number[][] = [];
    const numbers = producer<number>();
    const printer = consumer<number>({
      handleEvents(events) {
        handled.push([...events]);
        return call.promise;
      },
    });
    const subscription = printer.subscribe(numbers, { maxDemand: 4, minDemand: 2 });
    await settle();
    numbers.emit([1, 2, 3, 4]);
    await settle();
    let isCancelled = false;
    const cancelled = subscription.cancel().then(() => (isCancelled = true));
    await settle();
    expect(handled).toEqual([[1, 2]]);
    expect(isCancelled).toBe(false);
    call.resolve();
    await cancelled;
    expect(handled).toEqual([[1, 2], [3, 4]]);
    expect(printer.snapshot().input).toMatchObject({ received: 4, handled: 4, lost: 0 });
    await printer.stop();
  });
});
