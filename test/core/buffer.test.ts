import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Buffer, type BufferKeep } from "../../src/core/buffer.ts";

describe("a buffer", () => {
  test("hands on a list uncopied when it is taken as it came", () => {
    const buffer = new Buffer<number>(10, "first");
    const list = [1, 2, 3];
    buffer.add(list);
    expect(buffer.take(3)).toBe(list);
  });

  test("gives the oldest events first, across the lists in which they came", () => {
    const buffer = new Buffer<number>(10, "first");
    buffer.add([1, 2, 3]);
    buffer.add([4, 5]);
    expect(buffer.take(2)).toEqual([1, 2]);
    expect(buffer.take(2)).toEqual([3, 4]);
    expect(buffer.take(2)).toEqual([5]);
    expect(buffer.take(2)).toEqual([]);
    expect(buffer.isEmpty).toBe(true);
  });

  test("adds the rest of a list that was partly delivered", () => {
    const buffer = new Buffer<number>(10, "first");
    buffer.add([1, 2, 3, 4], 2);
    expect(buffer.size).toBe(2);
    expect(buffer.take(9)).toEqual([3, 4]);
  });

  test("takes no empty list in", () => {
    const buffer = new Buffer<number>(10, "first");
    buffer.add([]);
    buffer.add([1], 1);
    expect(buffer.push([])).toBe(0);
    expect(buffer.isEmpty).toBe(true);
  });

  test("adds a list whole, whatever its limit", () => {
    const buffer = new Buffer<number>(2, "first");
    buffer.add([1, 2, 3]);
    expect(buffer.size).toBe(3);
  });

  test("gives one event at a time, across lists and up to a note", () => {
    const buffer = new Buffer<number | undefined, string>(9, "first");
    buffer.add([1, undefined]);
    buffer.add([3]);
    buffer.mark("note");
    buffer.add([4]);
    const values = [buffer.takeOne(), buffer.takeOne(), buffer.takeOne(), buffer.takeOne()];
    expect(values).toEqual([{ value: 1, done: false }, { value: undefined, done: false }, { value: 3, done: false }, undefined]);
    expect([buffer.size, buffer.takeNote()]).toEqual([1, "note"]);
    expect([buffer.takeOne(), buffer.takeOne(), buffer.isEmpty]).toEqual([{ value: 4, done: false }, undefined, true]);
  });

  test("keeps the first events of those that do not fit", () => {
    const buffer = new Buffer<number>(3, "first");
    expect(buffer.push([1, 2])).toBe(0);
    expect(buffer.push([3, 4, 5])).toBe(2);
    expect(buffer.take(9)).toEqual([1, 2, 3]);
  });

  test("keeps the last events of those that do not fit", () => {
    const buffer = new Buffer<number>(3, "last");
    expect(buffer.push([1, 2])).toBe(0);
    expect(buffer.push([3, 4, 5])).toBe(2);
    expect(buffer.take(9)).toEqual([3, 4, 5]);
  });

  test("keeps the last events of a list that is longer than its limit", () => {
    const buffer = new Buffer<number>(2, "last");
    buffer.push([1]);
    expect(buffer.push([2, 3, 4, 5])).toBe(3);
    expect(buffer.take(9)).toEqual([4, 5]);
  });

  test("is exactly full at its limit, discards nothing, and copies nothing", () => {
    const buffer = new Buffer<number>(3, "first");
    const list = [1, 2, 3];
    expect(buffer.push(list)).toBe(0);
    expect(buffer.size).toBe(3);
    expect(buffer.take(3)).toBe(list);
  });

  test("puts events back before all others", () => {
    const buffer = new Buffer<number>(9, "first");
    buffer.add([1, 2, 3, 4]);
    const taken = buffer.take(3);
    buffer.putBack(taken.slice(1));
    expect(buffer.size).toBe(3);
    expect(buffer.take(9)).toEqual([2, 3, 4]);
  });

  test("reaches a note when the events before it are gone, and not before", () => {
    const buffer = new Buffer<number, string>(9, "first");
    buffer.add([1, 2]);
    buffer.mark("note");
    buffer.add([3]);
    expect(buffer.takeNote()).toBeUndefined();
    expect(buffer.take(9)).toEqual([1, 2]);
    expect(buffer.take(9)).toEqual([]);
    expect(buffer.takeNote()).toBe("note");
    expect(buffer.takeNote()).toBeUndefined();
    expect(buffer.take(9)).toEqual([3]);
  });

  test("does not count notes as events", () => {
    const buffer = new Buffer<number, string>(1, "first");
    buffer.mark("note");
    expect(buffer.size).toBe(0);
    expect(buffer.isEmpty).toBe(false);
    expect(buffer.push([1])).toBe(0);
  });

  test("reaches a note the sooner when the events before it are discarded", () => {
    const buffer = new Buffer<number, string>(3, "last");
    buffer.push([1, 2]);
    buffer.mark("first");
    buffer.push([3]);
    buffer.mark("second");
    expect(buffer.push([4, 5])).toBe(2);
    expect(buffer.takeNote()).toBe("first");
    expect(buffer.take(9)).toEqual([3]);
    expect(buffer.takeNote()).toBe("second");
    expect(buffer.take(9)).toEqual([4, 5]);
  });

  test("reaches notes in their order when the events before them are discarded", () => {
    const buffer = new Buffer<number, string>(3, "last");
    buffer.push([1]);
    buffer.mark("first");
    buffer.push([2]);
    buffer.mark("second");
    buffer.push([3]);
    buffer.push([4, 5]);
    expect([buffer.takeNote(), buffer.takeNote(), buffer.take(9)]).toEqual(["first", "second", [3, 4, 5]]);
  });

  test("remembers the most events that were ever in it", () => {
    const buffer = new Buffer<number>(9, "first");
    buffer.add([1, 2, 3]);
    buffer.take(2);
    buffer.add([4]);
    expect(buffer.greatest).toBe(3);
  });

  test("throws its events away and gives its notes back when it is cleared", () => {
    const buffer = new Buffer<number, string>(9, "first");
    buffer.add([1, 2]);
    buffer.mark("note");
    buffer.take(1);
    expect(buffer.clear()).toEqual(["note"]);
    expect([buffer.size, buffer.isEmpty]).toEqual([0, true]);
    buffer.add([7, 8]);
    expect(buffer.take(9)).toEqual([7, 8]);
  });
});

/** What a buffer must do, on an array of events and notes. */
class Model {
  readonly entries: (number | string)[] = [];
  greatest = 0;
  readonly #limit: number;
  readonly #keep: BufferKeep | undefined;

  constructor(limit: number, keep: BufferKeep | undefined) {
    this.#limit = limit;
    this.#keep = keep;
  }

  get size(): number {
    return this.entries.filter((entry) => typeof entry === "number").length;
  }

  add(events: readonly number[]): number {
    let discarded = 0;
    for (const event of events) {
      if (this.#keep !== undefined && this.size === this.#limit) {
        discarded += 1;
        if (this.#keep === "first") continue;
        const oldest = this.entries.findIndex((entry) => typeof entry === "number");
        this.entries.splice(oldest, 1);
      }
      this.entries.push(event);
    }
    this.greatest = Math.max(this.greatest, this.size);
    return discarded;
  }

  take(most: number): number[] {
    const events: number[] = [];
    while (events.length < most && typeof this.entries[0] === "number") events.push(this.entries.shift() as number);
    return events;
  }

  takeNote(): string | undefined {
    return typeof this.entries[0] === "string" ? (this.entries.shift() as string) : undefined;
  }
}

type Step =
  | { readonly do: "add"; readonly count: number; readonly from: number }
  | { readonly do: "take"; readonly most: number; readonly back: number }
  | { readonly do: "mark" | "takeNote" | "takeOne" | "clear" };

const steps = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("add" as const), count: fc.nat(9), from: fc.nat(9) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("take" as const), most: fc.nat(9), back: fc.nat(9) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("mark" as const, "takeNote" as const, "takeOne" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("clear" as const, "takeNote" as const) }) },
  ),
  { maxLength: 60, size: "max" },
);

test.each(["first", "last", undefined] as const)("a buffer with bufferKeep %s does what its model does, whatever comes and goes", { timeout: 30_000 }, (keep) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), steps, (limit, script) => {
      const buffer = new Buffer<number, string>(limit, keep ?? "first");
      const model = new Model(limit, keep);
      let next = 0;
      for (const step of script) {
        if (step.do === "add") {
          const events = Object.freeze(Array.from({ length: step.count }, () => (next += 1)));
          const from = Math.min(step.from, step.count);
          const discarded = model.add(events.slice(from));
          if (keep === undefined) buffer.add(events, from);
          else expect(buffer.push(events, from)).toBe(discarded);
        } else if (step.do === "take") {
          const taken = buffer.take(step.most);
          expect(taken).toEqual(model.take(step.most));
          const back = taken.slice(Math.max(0, taken.length - step.back));
          buffer.putBack(back);
          model.entries.unshift(...back);
        } else if (step.do === "mark") {
          next += 1;
          buffer.mark(`note ${next}`);
          model.entries.push(`note ${next}`);
        } else if (step.do === "takeOne") {
          const [value] = model.take(1);
          expect(buffer.takeOne()).toEqual(value === undefined ? undefined : { value, done: false });
        } else if (step.do === "takeNote") {
          expect(buffer.takeNote()).toBe(model.takeNote());
        } else {
          expect(buffer.clear()).toEqual(model.entries.filter((entry) => typeof entry === "string"));
          model.entries.length = 0;
        }
        expect([buffer.size, buffer.isEmpty]).toEqual([model.size, model.entries.length === 0]);
        expect(buffer.greatest).toBe(model.greatest);
        if (keep !== undefined) expect(buffer.size).toBeLessThanOrEqual(limit);
      }
    }),
    { numRuns: 300 },
  );
});

test("a note that events were discarded around stays between what comes back and what is left", () => {
  const buffer = new Buffer<number, string>(5, "last");
  buffer.push([1, 2]);
  buffer.mark("note");
  buffer.push([3, 4, 5]);
  expect(buffer.push([6, 7, 8])).toBe(3);
  buffer.putBack([0], 1);
  expect([buffer.size, buffer.times, buffer.take(10)]).toEqual([6, 1, [0]]);
  expect([buffer.isAtNote, buffer.take(10), buffer.takeNote()]).toEqual([true, [], "note"]);
  expect([buffer.times, buffer.take(10), buffer.isEmpty]).toEqual([0, [4, 5, 6, 7, 8], true]);
});
