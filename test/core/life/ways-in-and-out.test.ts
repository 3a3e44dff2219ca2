import { fromIterable, producer, type Report } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { deferred } from "../support/deferred.ts";
import { never, watch } from "./outcome.ts";
import { downNormally, downWith, same } from "./same.ts";

/** The core's own way in, `fromIterable`, and its own way out, a loop, keep the rules that all adapters keep. */

/** An iterator that counts how often it is released. */
class Native implements AsyncIterableIterator<number, undefined> {
  released = 0;
  readonly nexts: (() => Promise<IteratorResult<number, undefined>>)[] = [];
  onReturn: () => Promise<unknown> = () => Promise.resolve();
  #value = 0;

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<number, undefined>> {
    const scripted = this.nexts.shift();
    return scripted === undefined ? Promise.resolve({ done: false, value: (this.#value += 1) }) : scripted();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.released += 1;
    await this.onReturn();
    return { done: true, value: undefined };
  }
}

const end = (): Promise<IteratorResult<number, undefined>> => Promise.resolve({ done: true, value: undefined });

describe("a way in releases its native side once", () => {
  test("when it is stopped", async () => {
    const native = new Native();
    const numbers = fromIterable(native);
    await new ConsumerProbe(numbers).ask(2);
    await Promise.all([numbers.stop(), numbers.stop()]);
    await numbers.stop();
    expect(native.released).toBe(1);
  });

  test("when its last consumer leaves", async () => {
    const native = new Native();
    const numbers = fromIterable(native);
    const probe = new ConsumerProbe(numbers);
    await probe.ask(2);
    await probe.cancel();
    expect(native.released).toBe(1);
    expect(await numbers.closed).toMatchObject({ type: "shutdown" });
  });

  test("and awaits that before it has ended", async () => {
    const releasing = deferred();
    const native = new Native();
    native.onReturn = () => releasing.promise;
    const numbers = fromIterable(native);
    await new ConsumerProbe(numbers).ask(1);
    const stopped = watch(numbers.stop().then(() => "stopped"));
    await settle();
    expect(native.released).toBe(1);
    expect(stopped).toEqual({});
    releasing.resolve();
    await settle();
    expect(stopped.value).toBe("stopped");
  });

  test("but not when it has ended by itself: it has released what it held", async () => {
    const native = new Native();
    native.nexts.push(end);
    const numbers = fromIterable(native);
    const probe = new ConsumerProbe(numbers);
    await probe.ask(1);
    expect(probe.ends).toEqual([downNormally]);
    expect(native.released).toBe(0);
  });

  test("nor when it has failed by itself", async () => {
    const error = new Error("connection lost");
    const native = new Native();
    native.nexts.push(() => Promise.reject(error));
    const numbers = fromIterable(native);
    const probe = new ConsumerProbe(numbers);
    await probe.ask(1);
    expect(probe.ends).toEqual([downWith(error)]);
    expect(native.released).toBe(0);
  });

  test("nor when it was never opened", async () => {
    const native = new Native();
    let opened = 0;
    const numbers = fromIterable({
      [Symbol.asyncIterator]() {
        opened += 1;
        return native;
      },
    });
    const probe = new ConsumerProbe(numbers);
    await settle();
    await numbers.stop();
    expect(probe.end).toEqual({ type: "shutdown" });
    expect(opened).toBe(0);
    expect(native.released).toBe(0);
  });

  test("but when it was never read and is an iterator itself: a cursor is open from the start", async () => {
    const native = new Native();
    const numbers = fromIterable(native);
    const probe = new ConsumerProbe(numbers);
    await settle();
    await numbers.stop();
    expect(probe.end).toEqual({ type: "shutdown" });
    expect(native.released).toBe(1);
  });

  test("and a failure of the release is reported, for a stop is a stop", async () => {
    const cleanup = new Error("disk full");
    const reports: Report[] = [];
    const native = new Native();
    native.onReturn = () => Promise.reject(cleanup);
    const numbers = fromIterable(native, { name: "numbers", handleReport: (report) => void reports.push(report) });
    await new ConsumerProbe(numbers).ask(1);
    await numbers.stop("enough");
    expect(await numbers.closed).toEqual({ type: "shutdown", reason: "enough" });
    expect(reports).toEqual([{ kind: "cleanup-failed", stage: "numbers", error: same(cleanup) }]);
  });
});

describe("the release of a native side is awaited", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const open = async (options: object): Promise<{ numbers: ReturnType<typeof fromIterable<number>>; reports: readonly Report[] }> => {
    const reports: Report[] = [];
    const native = new Native();
    native.onReturn = never;
    const numbers = fromIterable<number>(native, { handleReport: (report) => void reports.push(report), ...options });
    await new ConsumerProbe(numbers).ask(1);
    return { numbers, reports };
  };

  test.each([
    ["for closeWithinMs, which is 1,000", {}, 1_000],
    ["for the closeWithinMs that was given", { closeWithinMs: 30 }, 30],
    ["inside stopWithinMs, when that is less", { closeWithinMs: 30, stopWithinMs: 20 }, 20],
  ])("%s", async (_, options, ms) => {
    const { numbers, reports } = await open(options);
    const stopped = watch(numbers.stop().then(() => "stopped"));
    await settle();
    await vi.advanceTimersByTimeAsync(ms - 1);
    await settle();
    expect(stopped).toEqual({});
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(stopped.value).toBe("stopped");
    expect(reports[0]).toMatchObject({ kind: "cleanup-failed", error: { code: "SLUICE_TIMEOUT" } });
    expect(await numbers.closed).toEqual({ type: "shutdown" });
  });
});

describe("a way out is a consumer:", () => {
  test("leaving it cancels the subscription, and the unused stage stops", async () => {
    const native = new Native();
    for await (const n of fromIterable(native)) if (n === 2) break;
    expect(native.released).toBe(1);
  });

  test("leaving it leaves a used stage alone", async () => {
    const cancels: unknown[] = [];
    const numbers = producer<number>({ whenUnused: "wait", handleCancel: (info) => void cancels.push(info) });
    numbers.emit([1, 2]);
    for await (const _ of numbers) break;
    expect(cancels).toEqual([{ kind: "cancel", reason: { type: "shutdown" } }]);
    expect(numbers.snapshot().state).toBe("running");
    await numbers.stop();
  });

  test("its failure is a cancel with that error", async () => {
    const error = new Error("write failed");
    const cancels: unknown[] = [];
    const numbers = producer<number>({ handleCancel: (info) => void cancels.push(info) });
    numbers.emit([1]);
    const reader = numbers[Symbol.asyncIterator]();
    await reader.next();
    await expect(reader.throw?.(error)).rejects.toBe(error);
    expect(cancels).toEqual([{ kind: "cancel", reason: { type: "error", error: same(error) } }]);
    await numbers.stop();
  });

  test("its abort is a cancel with the reason of the signal", async () => {
    const controller = new AbortController();
    const cancels: unknown[] = [];
    const numbers = producer<number>({ handleCancel: (info) => void cancels.push(info) });
    const next = watch(numbers.batches({ signal: controller.signal }).next());
    await settle();
    controller.abort("time is up");
    await settle();
    expect(next.error).toBe("time is up");
    expect(cancels).toEqual([{ kind: "cancel", reason: { type: "shutdown", reason: "time is up" } }]);
    await numbers.stop();
  });
});
