import { consumer, producer, producerConsumer, type Stage } from "sluice";
import { settle } from "sluice/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { deferred } from "../support/deferred.ts";
import { never, watch } from "./outcome.ts";
import { above } from "./neighbours.ts";
import { same } from "./same.ts";

describe("await using", () => {
  const stages: readonly (readonly [role: string, start: (handleStop: () => unknown) => Stage])[] = [
    ["producer", (handleStop) => producer<number>({ handleStop })],
    ["producerConsumer", (handleStop) => producerConsumer<number, number>({ handleStop, handleEvents: (events) => events })],
    ["consumer", (handleStop) => consumer<number>({ handleStop, handleEvents: () => undefined })],
  ];

  test.each(stages)("stops a %s at the end of the block, and waits for it", async (_, start) => {
    const stopping = deferred();
    let stage: Stage | undefined;
    const block = watch(
      (async () => {
        await using mine = start(() => stopping.promise);
        stage = mine;
        return "left";
      })(),
    );
    await settle();
    expect(stage?.snapshot().state).toBe("stopping");
    expect(block).toEqual({});
    stopping.resolve();
    await settle();
    expect(block.value).toBe("left");
    expect(await stage?.closed).toEqual({ type: "shutdown" });
  });

  test("does not throw the error that the stage has ended with", async () => {
    const error = new Error("crash");
    const stage = await (async () => {
      await using numbers = producer<number>({
        handleDemand() {
          throw error;
        },
      });
      await expect(numbers[Symbol.asyncIterator]().next()).rejects.toBe(error);
      return numbers;
    })();
    expect(await stage.closed).toEqual({ type: "error", error: same(error) });
  });

  test("does not throw the failure of the clean-up, which is reported", async () => {
    const reports: unknown[] = [];
    const cleanup = new Error("disk full");
    await (async () => {
      await using _ = producer({ handleStop: () => Promise.reject(cleanup), handleReport: (report) => void reports.push(report) });
    })();
    expect(reports).toEqual([expect.objectContaining({ kind: "cleanup-failed", error: same(cleanup) })]);
  });

  test("does nothing to a stage that has ended", async () => {
    const numbers = producer<number>();
    numbers.complete();
    await numbers.closed;
    await numbers[Symbol.asyncDispose]();
    expect(await numbers.closed).toEqual({ type: "normal" });
  });
});

describe("await using waits no longer than stopWithinMs", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("for a callback that is stuck", async () => {
    const { stage, down } = await above<number>({ handleDemand: never, stopWithinMs: 100 });
    await down.ask(1);
    const disposed = watch(stage[Symbol.asyncDispose]().then(() => "disposed"));
    await settle();
    await vi.advanceTimersByTimeAsync(99);
    await settle();
    expect(disposed).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(disposed.value).toBe("disposed");
  });

  test("for a handleStop that is stuck", async () => {
    const { stage } = await above<number>({ handleStop: never, stopWithinMs: 100 });
    const disposed = watch(stage[Symbol.asyncDispose]().then(() => "disposed"));
    await settle();
    await vi.advanceTimersByTimeAsync(100);
    await settle();
    expect(disposed.value).toBe("disposed");
  });

  test("for both of them together", async () => {
    const { stage, down } = await above<number>({ handleDemand: never, handleStop: never, stopWithinMs: 100 });
    await down.ask(1);
    const disposed = watch(stage[Symbol.asyncDispose]().then(() => "disposed"));
    await settle();
    await vi.advanceTimersByTimeAsync(100);
    await settle();
    expect(disposed.value).toBe("disposed");
  });
});
