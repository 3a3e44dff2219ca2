import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DemandWindow } from "../../src/core/demand-window.ts";

describe("a demand window", () => {
  test("has GenStage's defaults: 1000, and half of it", () => {
    const window = new DemandWindow({});
    expect([window.max, window.min]).toEqual([1000, 500]);
  });

  test.each([
    [1, 0],
    [2, 1],
    [3, 1],
    [10, 5],
    [11, 5],
  ])("asks again at half of maxDemand, rounded down: %i gives %i", (maxDemand, minDemand) => {
    expect(new DemandWindow({ maxDemand }).min).toBe(minDemand);
  });

  test.each([
    [0, "expected maxDemand to be an integer of at least 1, got: 0"],
    [-1, "expected maxDemand to be an integer of at least 1, got: -1"],
    [1.5, "expected maxDemand to be an integer of at least 1, got: 1.5"],
    [Number.NaN, "expected maxDemand to be an integer of at least 1, got: NaN"],
    [Infinity, "expected maxDemand to be an integer of at least 1, got: Infinity"],
    [2 ** 53, "expected maxDemand to be an integer of at least 1, got: 9007199254740992"],
  ])("refuses a maxDemand of %d", (maxDemand, message) => {
    expect(() => new DemandWindow({ maxDemand })).toThrow(message);
  });

  test.each([
    [10, "expected minDemand to be an integer from 0 to 9, got: 10"],
    [11, "expected minDemand to be an integer from 0 to 9, got: 11"],
    [-1, "expected minDemand to be an integer from 0 to 9, got: -1"],
    [0.5, "expected minDemand to be an integer from 0 to 9, got: 0.5"],
  ])("refuses a minDemand of %d below a maxDemand of 10", (minDemand, message) => {
    expect(() => new DemandWindow({ maxDemand: 10, minDemand })).toThrow(message);
  });

  test.each([
    [0, 10],
    [5, 5],
    [9, 1],
  ])("cuts batches of at most max - min: with a minDemand of %i of 10 they hold %i", (minDemand, size) => {
    expect(new DemandWindow({ maxDemand: 10, minDemand }).batchSize).toBe(size);
  });

  test("asks for maxDemand first", () => {
    const window = new DemandWindow({ maxDemand: 10 });
    expect(window.outstanding).toBe(0);
    expect(window.open()).toBe(10);
    expect(window.outstanding).toBe(10);
  });

  test("does not ask while more than minDemand is left", () => {
    const window = new DemandWindow({ maxDemand: 10, minDemand: 3 });
    window.open();
    expect(window.handled(6)).toBe(0);
    expect(window.outstanding).toBe(4);
  });

  test("asks for the rest to maxDemand once minDemand is left", () => {
    const window = new DemandWindow({ maxDemand: 10, minDemand: 3 });
    window.open();
    expect(window.handled(6)).toBe(0);
    expect(window.handled(1)).toBe(7);
    expect(window.outstanding).toBe(10);
  });

  test("asks for the rest to maxDemand when less than minDemand is left", () => {
    const window = new DemandWindow({ maxDemand: 10, minDemand: 3 });
    window.open();
    expect(window.handled(9)).toBe(9);
    expect(window.outstanding).toBe(10);
  });

  test("asks for one after each event where only one may be in flight", () => {
    const window = new DemandWindow({ maxDemand: 1 });
    expect([window.open(), window.handled(1), window.handled(1)]).toEqual([1, 1, 1]);
  });

  test("keeps what is outstanding between minDemand and maxDemand, whatever is handled in which portions", () => {
    const portions = fc.array(fc.nat(40), { maxLength: 100 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(39), portions, (maxDemand, least, counts) => {
        const minDemand = Math.min(least, maxDemand - 1);
        const window = new DemandWindow({ maxDemand, minDemand });
        let asked = window.open();
        let handled = 0;
        for (const count of counts) {
          const portion = Math.min(count, window.outstanding);
          const left = asked - handled - portion;
          const more = window.handled(portion);
          handled += portion;
          asked += more;
          // Asks exactly when it must, exactly what is missing: never later, never more (P2, P15).
          expect(more).toBe(left <= minDemand ? maxDemand - left : 0);
          expect(window.outstanding).toBe(asked - handled);
          expect(window.outstanding).toBeGreaterThan(minDemand);
          expect(window.outstanding).toBeLessThanOrEqual(maxDemand);
        }
      }),
    );
  });
});
