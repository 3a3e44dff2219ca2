import { getEventListeners } from "node:events";
import { consumer, fromIterable, pipeline, producer, producerConsumer, type Consumer, type Producer } from "sluice";
import { settle } from "sluice/testing";
import { describe, expect, test } from "vitest";
import { deferred } from "../support/deferred.ts";
import { watch } from "./outcome.ts";
import { same } from "./same.ts";

const sink = (got: unknown[] = []) => (from: Producer<unknown>): Consumer<unknown> => consumer({ subscribeTo: [from], handleEvents: (events) => void got.push(...events) });

describe("a pipeline resolves", () => {
  test("when all have ended normally", async () => {
    const got: unknown[] = [];
    const doubler = producerConsumer<number, number>({ handleEvents: (events) => events.map((n) => n * 2) });
    expect(await pipeline(fromIterable([1, 2, 3]), doubler, sink(got))).toBeUndefined();
    expect(got).toEqual([2, 4, 6]);
    expect(await doubler.closed).toEqual({ type: "normal" });
  });

  test("not before the last of them has released what it holds", async () => {
    const closing = deferred();
    const running = watch(pipeline(fromIterable([1]), consumer<number>({ handleEvents: () => undefined, handleStop: () => closing.promise })).then(() => "resolved"));
    await settle();
    expect(running).toEqual({});
    closing.resolve();
    await settle();
    expect(running.value).toBe("resolved");
  });

  test("when the consumer has had enough: those before it are stopped", async () => {
    const numbers = producer<number>({ handleDemand: (demand) => Array.from({ length: demand }, () => 0) });
    await pipeline(numbers, consumer<number>({ handleEvents: (_, __, self) => self.complete() }));
    expect(await numbers.closed).toMatchObject({ type: "shutdown" });
  });
});

describe("at the first error a pipeline", () => {
  const error = new Error("bad row");
  const failing: readonly (readonly [place: string, run: () => { readonly running: Promise<void>; readonly others: readonly Producer<number>[] }])[] = [
    [
      "producer",
      () => {
        const middle = producerConsumer<number, number>({ handleEvents: (events) => events });
        const first = producer<number>({ handleDemand: () => Promise.reject(error) });
        return { running: pipeline(first, middle, sink()), others: [middle] };
      },
    ],
    [
      "producerConsumer",
      () => {
        const numbers = producer<number>();
        numbers.emit([1]);
        return { running: pipeline(numbers, producerConsumer<number, number>({ handleEvent: () => Promise.reject(error) }), sink()), others: [numbers] };
      },
    ],
    [
      "consumer",
      () => {
        const numbers = producer<number>();
        const middle = producerConsumer<number, number>({ handleEvents: (events) => events });
        numbers.emit([1]);
        return { running: pipeline(numbers, middle, consumer<number>({ handleEvents: () => Promise.reject(error) })), others: [numbers, middle] };
      },
    ],
  ];

  test.each(failing)("of its %s rejects with that error, and has stopped the others", async (_, run) => {
    const { running, others } = run();
    await expect(running).rejects.toBe(error);
    for (const other of others) {
      expect(other.snapshot().state).toBe("ended");
      expect(await other.closed).not.toEqual({ type: "normal" });
    }
  });

  test("waits for the others before it rejects", async () => {
    const closing = deferred();
    const numbers = producer<number>({ handleStop: () => closing.promise });
    numbers.emit([1]);
    const running = watch(pipeline(numbers, consumer<number>({ handleEvents: () => Promise.reject(error) })));
    await settle();
    expect(numbers.snapshot().state).toBe("stopping");
    expect(running).toEqual({});
    closing.resolve();
    await settle();
    expect(running).toEqual({ error: same(error) });
  });

  test("rejects with the first of two", async () => {
    const second = new Error("while closing");
    const numbers = producer<number>({ handleStop: () => Promise.reject(second), handleReport: () => undefined });
    numbers.emit([1]);
    await expect(pipeline(numbers, consumer<number>({ handleEvents: () => Promise.reject(error) }))).rejects.toBe(error);
  });

  test("rejects with the failure of a clean-up after a normal end", async () => {
    await expect(pipeline(fromIterable([1]), consumer<number>({ handleEvents: () => undefined, handleStop: () => Promise.reject(error) }))).rejects.toBe(error);
  });
});

describe("an abort", () => {
  test("rejects a pipeline with the reason of the signal, and stops all stages with it", async () => {
    const controller = new AbortController();
    const reason = new Error("time is up");
    const numbers = producer<number>();
    const printer = consumer<number>({ handleEvents: () => undefined });
    const running = watch(pipeline(numbers, printer, { signal: controller.signal }));
    await settle();
    controller.abort(reason);
    await settle();
    expect(running.error).toBe(reason);
    expect(await numbers.closed).toEqual({ type: "shutdown", reason: same(reason) });
    expect(await printer.closed).toEqual({ type: "shutdown", reason: same(reason) });
  });

  test("before the start rejects with the reason, and no source is touched", async () => {
    let opened = 0;
    let built = 0;
    const numbers = fromIterable(() => {
      opened += 1;
      return [1];
    });
    const build = (from: Producer<number>): Consumer<number> => {
      built += 1;
      return consumer({ subscribeTo: [from], handleEvents: () => undefined });
    };
    await expect(pipeline(numbers, build, { signal: AbortSignal.abort("early") })).rejects.toBe("early");
    await settle();
    expect({ opened, built }).toEqual({ opened: 0, built: 0 });
    expect(numbers.snapshot().state).toBe("ended");
  });

  test("leaves no listener on its signal, whatever the end", async () => {
    const { signal } = new AbortController();
    await pipeline(fromIterable([1]), sink(), { signal });
    await expect(pipeline(producer<number>({ handleDemand: () => Promise.reject(new Error("bad")) }), sink(), { signal })).rejects.toThrow("bad");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("a part that throws while it is built", () => {
  test("stops those before it, and the pipeline rejects with its error", async () => {
    const error = new Error("no such table");
    const numbers = producer<number>();
    const middle = producerConsumer<number, number>({ handleEvents: (events) => events });
    const running = pipeline(numbers, middle, () => {
      throw error;
    });
    await expect(running).rejects.toBe(error);
    expect(await numbers.closed).toMatchObject({ type: "shutdown" });
    expect(await middle.closed).toMatchObject({ type: "shutdown" });
  });

  test("and a part that is no stage does the same", async () => {
    const numbers = producer<number>();
    await expect(pipeline(numbers, (() => 3) as never)).rejects.toMatchObject({ code: "SLUICE_BAD_OPTION", message: "expected part 2 of the pipeline to be a consumer, got: 3" });
    expect(await numbers.closed).toMatchObject({ type: "shutdown" });
  });

  test("waits for those before it to release what they hold", async () => {
    const closing = deferred();
    const running = watch(
      pipeline(producer<number>({ handleStop: () => closing.promise }), () => {
        throw new Error("no such table");
      }),
    );
    await settle();
    expect(running).toEqual({});
    closing.resolve();
    await settle();
    expect(running.error).toMatchObject({ message: "no such table" });
  });
});
