/** Values that boundaries trip over. */

/** One of them, and what to call it: it may not like to be looked at. */
export interface OddValue {
  readonly name: string;
  readonly value: unknown;
}

/**
 * Events that are as good as any other, and look like something else: to an iterator, to `await`, to a test for truth. New
 * ones in each call.
 */
export function oddEvents(): readonly OddValue[] {
  const rejected = Promise.reject(new Error("an event like any other"));
  rejected.catch(() => undefined);
  const twice = Object.freeze({ isFrozen: true });
  return [
    { name: "undefined", value: undefined },
    { name: "null", value: null },
    { name: "NaN", value: NaN },
    { name: "0", value: 0 },
    { name: "an empty string", value: "" },
    { name: "false", value: false },
    { name: "an array", value: [1, 2] },
    { name: "an empty array", value: [] },
    { name: "an iterator result that is done", value: { done: true, value: undefined } },
    // oxlint-disable-next-line unicorn/no-thenable -- that it has one is the point
    { name: "a thenable", value: { then: (_: unknown, reject: (error: unknown) => void) => reject(new Error("a thenable was awaited")) } },
    { name: "a promise that rejects", value: rejected },
    { name: "an iterator", value: [1, 2][Symbol.iterator]() },
    { name: "an error", value: new Error("an event like any other") },
    { name: "a function", value: () => undefined },
    { name: "a frozen object", value: twice },
    { name: "the same object again", value: twice },
  ];
}

/** Errors that are none, or that do not like to be looked at. New ones in each call. */
export function oddErrors(): readonly OddValue[] {
  return [
    { name: "undefined", value: undefined },
    { name: "null", value: null },
    { name: "0", value: 0 },
    { name: "an empty string", value: "" },
    { name: "false", value: false },
    { name: "a string", value: "broken" },
    { name: "a plain object", value: { code: 7 } },
    { name: "a frozen error", value: Object.freeze(new Error("frozen")) },
    { name: "an object whose getters throw", value: hostile() },
  ];
}

function hostile(): object {
  const get = (): never => {
    throw new Error("it was looked at");
  };
  return Object.defineProperties({}, Object.fromEntries(["message", "stack", "name", "cause", "code", "then"].map((name) => [name, { get }])));
}
