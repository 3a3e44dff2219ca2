import { afterEach, describe, expect, test, vi } from "vitest";
import { CaseTime } from "../../src/testing/ways/case-time.ts";
import { CountedSignal } from "../../src/testing/ways/counted-signal.ts";

afterEach(() => void vi.useRealTimers());

describe("the time of a case", () => {
  test("passes when it is told to, and lets timers fire in the order in which they are due", async () => {
    const fired = await CaseTime.run(async (time) => {
      const heard: string[] = [];
      setTimeout((text: string) => heard.push(text), 20, "later");
      setTimeout(() => heard.push("sooner"), 10);
      setTimeout(() => heard.push("as soon"), 10);
      time.pass(9);
      expect(heard).toEqual([]);
      time.pass(1);
      expect(heard).toEqual(["sooner", "as soon"]);
      time.pass(100);
      return heard;
    });
    expect(fired).toEqual(["sooner", "as soon", "later"]);
  });

  test("knows what waits, and fires the next of it", async () => {
    await CaseTime.run(async (time) => {
      const heard: number[] = [];
      const cleared = setTimeout(() => heard.push(0), 5);
      setTimeout(() => heard.push(1), 10_000);
      const interval = setInterval(() => heard.push(2), 7000);
      clearTimeout(cleared);
      clearTimeout(undefined);
      expect(time.pending).toBe(2);
      expect([time.passNext(), time.passNext(), time.passNext()]).toEqual([true, true, true]);
      expect(heard).toEqual([2, 1, 2]);
      clearInterval(interval);
      expect([time.pending, time.passNext()]).toEqual([0, false]);
    });
  });

  test("has timers with the methods of Node's", async () => {
    await CaseTime.run(async (time) => {
      const heard: number[] = [];
      const timer = setTimeout(() => heard.push(1), 10).unref().ref();
      time.pass(5);
      timer.refresh();
      time.pass(5);
      expect([heard, timer.hasRef()]).toEqual([[], true]);
      time.pass(5);
      expect(heard).toEqual([1]);
      clearTimeout(Number(setTimeout(() => heard.push(2), 1)));
      time.pass(1);
      expect(heard).toEqual([1]);
    });
  });

  test("ends with the case, whether that fails or not", async () => {
    const real = setTimeout;
    await expect(CaseTime.run(() => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    expect(setTimeout).toBe(real);
    vi.useFakeTimers();
    const fake = setTimeout;
    await CaseTime.run(async () => expect(setTimeout).not.toBe(fake));
    expect(setTimeout).toBe(fake);
  });

  test("is that of one case: two that are run at once run one after the other", async () => {
    const order: string[] = [];
    const run = (name: string): Promise<void> =>
      CaseTime.run(async () => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
      });
    await Promise.all([run("one"), run("other")]);
    expect(order).toEqual(["one begins", "one ends", "other begins", "other ends"]);
  });
});

describe("a counted signal", () => {
  test("knows how many listen, and is a signal like any other", () => {
    const counted = new CountedSignal();
    const heard: unknown[] = [];
    const listen = (): void => void heard.push(counted.signal.reason);
    counted.signal.addEventListener("abort", listen, { once: true });
    counted.signal.addEventListener("abort", listen, { once: true });
    counted.signal.addEventListener("abort", () => undefined);
    expect(counted.count).toBe(2);
    counted.signal.removeEventListener("abort", listen);
    expect(counted.count).toBe(1);
    counted.signal.addEventListener("abort", listen, { once: true });
    expect(AbortSignal.any([counted.signal]).aborted).toBe(false);
    counted.abort("enough");
    expect([heard, counted.count, counted.signal.aborted]).toEqual([["enough"], 0, true]);
  });
});
