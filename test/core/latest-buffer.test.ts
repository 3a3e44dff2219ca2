import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LatestBuffer } from "../../src/core/latest-buffer.ts";

interface Price {
  readonly share: string;
  readonly price: number;
}

const price = (share: string, amount: number): Price => ({ share, price: amount });
const byShare = ({ share }: Price): string => share;

describe("a buffer of the latest by key", () => {
  test("puts a newer event in the place of the older of its key, and counts the older as discarded", () => {
    const buffer = new LatestBuffer<Price>(10, byShare);
    expect(buffer.push([price("a", 1), price("b", 1), price("a", 2)])).toBe(1);
    expect(buffer.size).toBe(2);
    expect(buffer.take(5)).toEqual([price("a", 2), price("b", 1)]);
    expect(buffer.size).toBe(0);
  });

  test("drops the key that waits longest for one that is beyond its limit", () => {
    const buffer = new LatestBuffer<Price>(2, byShare);
    expect(buffer.push([price("a", 1), price("b", 1), price("c", 1)])).toBe(1);
    expect(buffer.push([price("a", 2)])).toBe(1);
    expect(buffer.take(5)).toEqual([price("c", 1), price("a", 2)]);
  });

  test("has forgotten a key when its event has gone", () => {
    const buffer = new LatestBuffer<Price>(10, byShare);
    buffer.push([price("a", 1)]);
    expect(buffer.takeOne()).toEqual({ value: price("a", 1), done: false });
    expect(buffer.push([price("a", 2)])).toBe(0);
    expect(buffer.take(1)).toEqual([price("a", 2)]);
    buffer.push([price("a", 3)]);
    buffer.clear();
    expect(buffer.push([price("a", 4)])).toBe(0);
    expect(buffer.take(1)).toEqual([price("a", 4)]);
  });

  test("does not change an event that it has put back: that has been on its way already", () => {
    const buffer = new LatestBuffer<Price>(10, byShare);
    buffer.push([price("a", 1), price("b", 1)]);
    const taken = buffer.take(2);
    buffer.putBack(taken);
    expect(buffer.push([price("a", 2)])).toBe(0);
    expect(buffer.take(1)).toEqual([price("a", 1)]);
    expect(buffer.push([price("a", 3)])).toBe(1);
    expect(buffer.take(5)).toEqual([price("b", 1), price("a", 3)]);
    expect(buffer.push([price("a", 4)])).toBe(0);
  });

  test("takes keys as a Map does: NaN is one key, 0 and -0 are one", () => {
    const buffer = new LatestBuffer<number>(10, (n) => n);
    expect(buffer.push([Number.NaN, Number.NaN, 0, -0])).toBe(2);
    expect(buffer.take(5)).toEqual([Number.NaN, -0]);
  });

  test("keeps notes where they are", () => {
    const buffer = new LatestBuffer<Price, string>(2, byShare);
    buffer.push([price("a", 1)]);
    buffer.mark("note");
    buffer.push([price("b", 1), price("a", 2)]);
    expect(buffer.take(5)).toEqual([price("a", 2)]);
    expect(buffer.takeNote()).toBe("note");
    expect(buffer.take(5)).toEqual([price("b", 1)]);
  });

  test("does what a list of the latest would do, whatever is pushed and taken", () => {
    const step = fc.oneof(
      fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.integer()), { maxLength: 6 }),
      fc.nat({ max: 4 }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step), (limit, steps) => {
        const buffer = new LatestBuffer<Price>(limit, byShare);
        let model: Price[] = [];
        for (const each of steps) {
          if (typeof each === "number") {
            expect(buffer.take(each)).toEqual(model.slice(0, each));
            model = model.slice(each);
          } else {
            const events = each.map(([share, amount]) => price(share, amount));
            const before = model.length + events.length;
            for (const event of events) {
              const place = model.findIndex(({ share }) => share === event.share);
              if (place >= 0) model[place] = event;
              else model.push(event);
              if (model.length > limit) model.shift();
            }
            expect(buffer.push(events)).toBe(before - model.length);
          }
          expect(buffer.size).toBe(model.length);
        }
      }),
    );
  });
});
