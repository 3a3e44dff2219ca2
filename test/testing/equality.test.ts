import { describe, expect, test } from "vitest";
import { isEqual } from "../../src/testing/equality.ts";

class Point {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
}

class Secret {
  readonly #word: string;
  constructor(word: string) {
    this.#word = word;
  }
  get length(): number {
    return this.#word.length;
  }
}

class NotFound extends Error {
  readonly path: string;
  constructor(path: string) {
    super("not found");
    this.path = path;
  }
}

function ring(value: number): object {
  const one: { value: number; next?: unknown } = { value };
  one.next = [one];
  return one;
}

const symbol = Symbol("s");
const sparse: unknown[] = [];
sparse.length = 1;
const hostile = { get x(): never { throw new Error("touched"); } };
const promise = Promise.resolve(1);
const run = (): void => undefined;

const equal: readonly (readonly [string, unknown, unknown])[] = [
  ["NaN", NaN, NaN],
  ["arrays in arrays", [[1], [2, [3]]], [[1], [2, [3]]]],
  ["objects, whatever the order of their keys", { a: 1, b: { c: [2] } }, { b: { c: [2] }, a: 1 }],
  ["objects without a prototype", Object.assign(Object.create(null), { a: 1 }), Object.assign(Object.create(null), { a: 1 })],
  ["symbols as keys", { [symbol]: 1 }, { [symbol]: 1 }],
  ["instances of a class that show what they hold", new Point(1), new Point(1)],
  ["dates", new Date(5), new Date(5)],
  ["invalid dates", new Date(NaN), new Date(NaN)],
  ["regular expressions", /a/g, /a/g],
  ["bytes, wherever they lie", Uint8Array.of(1, 2), Uint8Array.of(0, 1, 2, 3).subarray(1, 3)],
  ["buffers", Buffer.from("ab"), Buffer.from("ab")],
  ["array buffers", Uint8Array.of(1).buffer, Uint8Array.of(1).buffer],
  ["maps, whatever their order", new Map<unknown, unknown>([[{ k: 1 }, [1]], ["b", 2]]), new Map<unknown, unknown>([["b", 2], [{ k: 1 }, [1]]])],
  ["sets, whatever their order", new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
  ["errors that say the same", new NotFound("/a"), new NotFound("/a")],
  ["errors with equal causes", new Error("x", { cause: { code: 1 } }), new Error("x", { cause: { code: 1 } })],
  ["boxed primitives", Object(1n) as unknown, Object(1n) as unknown],
  ["structures that hold themselves", ring(1), ring(1)],
  ["the same promise", [promise], [promise]],
  ["the same function", run, run],
  ["the same object with a getter that throws", hostile, hostile],
];

const unequal: readonly (readonly [string, unknown, unknown])[] = [
  ["0 and -0", 0, -0],
  ["null and undefined", null, undefined],
  ["a number and its text", 1, "1"],
  ["lists of another length", [1], [1, undefined]],
  ["a hole and undefined", [undefined], sparse],
  ["a list and an object with the same keys", ["a"], { 0: "a" }],
  ["a list with something added", Object.assign([1], { extra: true }), [1]],
  ["a missing key and undefined", {}, { a: undefined }],
  ["two keys with undefined", { a: undefined }, { b: undefined }],
  ["an instance and a plain object", new Point(1), { x: 1 }],
  ["instances that keep what they hold private", new Secret("a"), new Secret("b")],
  ["two promises", Promise.resolve(1), Promise.resolve(1)],
  ["two functions", () => 1, () => 1],
  ["two weak maps", new WeakMap(), new WeakMap()],
  ["dates", new Date(5), new Date(6)],
  ["regular expressions with other flags", /a/g, /a/],
  ["bytes", Uint8Array.of(1), Uint8Array.of(2)],
  ["bytes of another kind", Uint8Array.of(1), Int8Array.of(1)],
  ["maps with other values", new Map([["a", 1]]), new Map([["a", 2]])],
  ["sets that match one member twice", new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
  ["errors with other messages", new Error("a"), new Error("b")],
  ["errors with other causes", new Error("x", { cause: 1 }), new Error("x", { cause: 2 })],
  ["errors of another class", new TypeError("a"), new Error("a")],
  ["errors with other properties", new NotFound("/a"), new NotFound("/b")],
  ["boxed primitives", Object(1) as unknown, Object(2) as unknown],
  ["structures that hold themselves, with other values", ring(1), ring(2)],
  ["objects with a getter that throws", hostile, { ...Object.getOwnPropertyDescriptors(hostile), get x(): never { throw new Error("touched"); } }],
];

describe("equal are", () => {
  test.each(equal)("%s", (_, one, other) => {
    expect([isEqual(one, other), isEqual(other, one)]).toEqual([true, true]);
  });
});

describe("unequal are", () => {
  test.each(unequal)("%s", (_, one, other) => {
    expect([isEqual(one, other), isEqual(other, one)]).toEqual([false, false]);
  });
});

test("a hostile proxy is equal to itself only, and throws nothing", () => {
  const proxy = new Proxy({}, { getPrototypeOf: () => { throw new Error("touched"); } });
  expect([isEqual(proxy, proxy), isEqual(proxy, {}), isEqual({}, proxy)]).toEqual([true, false, false]);
});
