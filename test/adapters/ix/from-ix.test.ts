import { from, range as ixRange, never } from "ix/asynciterable";
import { buffer, finalize, map, retry, take } from "ix/asynciterable/operators";
import { from as fromSync } from "ix/iterable";
import { describe, expect, test } from "vitest";
import { BadOptionError, setReporter, type Report } from "sluice";
import { fromIx } from "sluice/ix";
import { ConsumerProbe, settle } from "sluice/testing";
import { range } from "../../core/support/range.ts";
import { Numbers, Stuck } from "./sources.ts";

const boom = new Error("boom");

describe("fromIx", () => {
  test("makes a producer of an AsyncIterableX, of what is piped, and of an IterableX", async () => {
    for (const source of [from(range(3)), ixRange(0, 3), from(range(9)).pipe(take(3)), fromSync(range(3))]) {
      const probe = new ConsumerProbe(fromIx<number>(source));
      await probe.ask(9);
      expect(probe.events).toEqual([0, 1, 2]);
      expect(probe.end).toEqual({ type: "normal" });
    }
  });

  test("calls next once for each demanded event, through operators, and touches nothing before", async () => {
    const source = new Numbers();
    await using stage = fromIx(source.pipe(map((n: number) => n)));
    const probe = new ConsumerProbe(stage);
    await settle();
    expect([source.opened, source.nexts]).toEqual([0, 0]);
    await probe.ask(1);
    expect(source.nexts).toBe(1);
    await probe.ask(4);
    expect(source.nexts).toBe(5);
  });

  test("fails with the error itself, behind what came before", async () => {
    const probe = new ConsumerProbe(
      fromIx(
        new Numbers().pipe(
          map((n: number) => {
            if (n === 2) throw boom;
            return n;
          }),
        ),
      ),
    );
    await probe.ask(9);
    expect(probe.events).toEqual([0, 1]);
    expect(probe.end).toEqual({ type: "error", error: boom });
  });

  test("gets a next of IxJS that is stuck to settle by the signal of the stage, and reports nothing", async () => {
    const source = new Numbers(Infinity, 2);
    const reports: Report[] = [];
    let isFinal = false;
    const stage = fromIx(source.pipe(map((n: number) => n), finalize(() => void (isFinal = true))), { handleReport: (report) => void reports.push(report) });
    const probe = new ConsumerProbe(stage);
    await probe.ask(3);
    expect(isFinal).toBe(false);
    await stage.stop(boom);
    await settle();
    expect(isFinal).toBe(true);
    expect(source.signal?.aborted).toBe(true);
    expect(reports).toEqual([]);
  });

  test("tells the reporter for all of what else comes late", async () => {
    const reports: Report[] = [];
    let fail: ((error: unknown) => void) | undefined;
    const before = setReporter((report) => void reports.push(report));
    const stage = fromIx({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<number>>((_, reject) => (fail = reject)) }) }, { name: "late" });
    await new ConsumerProbe(stage).ask(1);
    await stage.stop();
    fail?.(boom);
    await settle();
    setReporter(before);
    expect(reports).toContainEqual({ kind: "late-failure", stage: "late", error: boom });
  });

  test("aborts nothing that is not stuck: an Observable that has ended would throw out of the signal", async () => {
    const stage = fromIx<number>(
      from({
        subscribe(observer: { next(n: number): void; complete(): void }) {
          for (const n of range(3)) observer.next(n);
          observer.complete();
          return { unsubscribe: () => undefined };
        },
      } as unknown as AsyncIterable<number>),
    );
    await new ConsumerProbe(stage).ask(1);
    await stage.stop();
    await settle();
    expect(stage.snapshot().state).toBe("ended");
  });

  test("gives no signal when it is not to: then what is stuck stays so, and the stage ends all the same", async () => {
    const source = new Numbers(Infinity, 0);
    const stage = fromIx(source, { preventAbort: true });
    await new ConsumerProbe(stage).ask(1);
    await stage.stop();
    expect(source.signal).toBeUndefined();
    expect(source.returns).toEqual([undefined]);
  });

  test("retry without a count takes the abort for a failure, and tries again without end", async () => {
    // The stuck source, which ends the attempts that would not end.
    let attempts = 0;
    const source = {
      [Symbol.asyncIterator]: (signal?: AbortSignal) => ({
        next: () => {
          attempts += 1;
          if (attempts === 1000) return new Promise<never>(() => undefined);
          return new Promise<never>((_, reject) => {
            if (signal?.aborted === true) reject(signal.reason as Error);
            else signal?.addEventListener("abort", () => reject(signal.reason as Error));
          });
        },
      }),
    };
    for (const preventAbort of [false, true]) {
      attempts = 0;
      const stage = fromIx<unknown>(retry()(source), { preventAbort });
      await new ConsumerProbe(stage).ask(1);
      await stage.stop();
      await settle();
      expect(attempts).toBe(preventAbort ? 1 : 1000);
    }
  });

  test("calls return with the reason, once, and leaves alone what nobody has touched", async () => {
    const source = new Numbers();
    const stage = fromIx(source);
    await new ConsumerProbe(stage).ask(1);
    await stage.stop(boom);
    await stage.stop("again");
    expect(source.returns).toEqual([boom]);

    const untouched = new Numbers();
    await fromIx(untouched).stop();
    expect([untouched.opened, untouched.returns]).toEqual([0, []]);
  });

  test("returns an iterator that nobody has touched: it may hold something", async () => {
    const iterator = { ...new Numbers()[Symbol.asyncIterator](), returned: 0, [Symbol.asyncIterator]: () => iterator };
    iterator.return = () => {
      iterator.returned += 1;
      return Promise.resolve({ value: undefined, done: true });
    };
    await fromIx(iterator).stop();
    expect(iterator.returned).toBe(1);
  });

  test("refuses what is not iterable, and wrong options", () => {
    // @ts-expect-error -- a number
    expect(() => fromIx(5)).toThrow(BadOptionError);
    expect(() => fromIx(from([1]), { preventAbort: 1 as unknown as boolean })).toThrow("expected preventAbort to be a boolean, got: 1");
    expect(() => fromIx(from([[1]]), { lists: 1 as unknown as true })).toThrow("expected lists to be a boolean, got: 1");
    expect(() => fromIx(from([[1]]), { lists: true, closeWithinMs: -1 })).toThrow(BadOptionError);
    // @ts-expect-error -- unknown
    expect(() => fromIx(from([1]), { nothing: 1 })).toThrow(BadOptionError);
    // @ts-expect-error -- unknown
    expect(() => fromIx(from([[1]]), { lists: true, nothing: 1 })).toThrow(BadOptionError);
  });
});

describe("fromIx with lists", () => {
  test("moves a list as it came, and reads as long as more is demanded than came", async () => {
    const source = new Numbers(7);
    const lists: (readonly number[])[] = [];
    const chain = source.pipe(
      buffer(3),
      map((list) => {
        lists.push(list);
        return list;
      }),
    );
    await using stage = fromIx(chain, { lists: true });
    const probe = new ConsumerProbe(stage);
    await probe.ask(3);
    expect(probe.batches[0]).toBe(lists[0]);
    expect(lists).toHaveLength(1);
    await probe.ask(1);
    expect(stage.bufferedCount).toBe(2);
    await probe.ask(2);
    expect(lists).toHaveLength(2);
    await probe.ask(9);
    expect(probe.events).toEqual(range(7));
    expect(probe.end).toEqual({ type: "normal" });
  });

  test("fails with what is no list, and returns the iterator", async () => {
    const source = new Numbers();
    const probe = new ConsumerProbe(fromIx(source as unknown as AsyncIterable<number[]>, { lists: true }));
    await probe.ask(1);
    expect(probe.end).toMatchObject({ type: "error", error: { code: "SLUICE_BAD_PARTNER", message: expect.stringContaining("got: 0") as string } });
    expect(source.returns).toHaveLength(1);
  });

  test("aborts what is stuck, and reports nothing", async () => {
    const reports: Report[] = [];
    const source = new Numbers(Infinity, 2);
    const stage = fromIx(source.pipe(buffer(5)), { lists: true, handleReport: (report) => void reports.push(report) });
    await new ConsumerProbe(stage).ask(1);
    await stage.stop(boom);
    await settle();
    expect(source.signal?.aborted).toBe(true);
    expect(reports).toEqual([]);
  });

  test("ends with never, when it is stopped", async () => {
    const stage = fromIx<number>(never(), { lists: true });
    await new ConsumerProbe(stage).ask(1);
    await stage.stop();
    expect(await stage.closed).toEqual({ type: "shutdown", reason: undefined });
  });

  test("asks for no more when a list comes while a stop waits for a callback", async () => {
    const source = new Stuck();
    let called: (() => void) | undefined;
    const stage = fromIx<number>(source, { lists: true, handleInfo: () => new Promise<void>((resolve) => (called = resolve)) });
    const down = new ConsumerProbe(stage);
    await down.ask(3);
    stage.info("wait");
    await settle();
    const stopped = stage.stop();
    source.bring([1]);
    await settle();
    expect([source.nexts, down.events]).toEqual([2, [0]]);
    called?.();
    await stopped;
    expect([source.nexts, source.returned]).toEqual([2, 1]);
  });
});
