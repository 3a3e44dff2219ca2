import { LONGEST_MS } from "./deadline.ts";
import { BadOptionError } from "./errors.ts";

/** Says what is wrong with a value (as in "a string"), or `undefined` when it is right. */
export type Check = (value: unknown) => string | undefined;

/** Throws when a check refuses the value of an option. */
export function checkOption(name: string, value: unknown, check: Check): void {
  const expected = check(value);
  if (expected !== undefined) throw new BadOptionError(name, expected, value);
}

/** Throws for an option that is unknown, or whose value its check refuses. `undefined` counts as not given. */
export function checkOptions(owner: string, given: unknown, checks: Readonly<Record<string, Check>>): void {
  checkPlain(owner, given);
  for (const name of Object.keys(given)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) {
      throw new BadOptionError(`the options of ${owner}`, `among ${Object.keys(checks).join(", ")}`, name);
    }
    const value = (given as Record<string, unknown>)[name];
    if (value !== undefined) checkOption(name, value, check);
  }
}

/** Throws for options that are no plain object: what is taken apart before all of it is checked. */
export function checkPlain(owner: string, given: unknown): asserts given is object {
  if (!isPlainObject(given)) throw new BadOptionError(`the options of ${owner}`, "a plain object", given);
}

/** Refuses options that their owner, built on a stage, gives to that stage itself. */
export function checkAbsent(owner: string, given: object, ...names: readonly string[]): void {
  for (const name of names) {
    if ((given as Record<string, unknown>)[name] !== undefined) throw new BadOptionError(`the options of ${owner}`, `without ${name}, which is its own`, name);
  }
}

/** No instance of anything, of whatever realm: a signal or a promise in the place of options would be ignored. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** An integer within both bounds. */
export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): Check {
  const expected =
    most === Number.MAX_SAFE_INTEGER ? `an integer of at least ${least}` : `an integer from ${least} to ${most}`;
  return (value) => (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most ? undefined : expected);
}

/** A duration that timers can keep: more than 2^31 - 1 ms would fire at once. */
export const milliseconds: Check = integer(0, LONGEST_MS);

/** A bound: an integer of at least 1, or `Infinity`. */
export const bound: Check = (value) =>
  value === Infinity ? undefined : integer(1)(value) && "an integer of at least 1, or Infinity";

/** One of these values, compared as `includes` does. */
export function oneOf(...values: readonly unknown[]): Check {
  const expected = `one of ${values.map((value) => JSON.stringify(value)).join(", ")}`;
  return (value) => (values.includes(value) ? undefined : expected);
}

/** A function, of whatever kind. */
export const isFunction: Check = (value) => (typeof value === "function" ? undefined : "a function");
export const isString: Check = (value) => (typeof value === "string" ? undefined : "a string");
/** True or false. */
export const isBoolean: Check = (value) => (typeof value === "boolean" ? undefined : "a boolean");
export const isList: Check = (value) => (Array.isArray(value) ? undefined : "a list");
export const anything: Check = () => undefined;

/** An `ExitReason`. */
export const isReason: Check = (value) =>
  typeof value === "object" && value !== null && "type" in value && (value.type === "normal" || value.type === "shutdown" || (value.type === "error" && "error" in value))
    ? undefined
    : "{ type: 'normal' }, { type: 'shutdown' } or { type: 'error', error }";

/** By shape: an `AbortSignal` of another realm or a polyfill counts. */
export const isSignal: Check = (value) =>
  typeof value === "object" && value !== null && "aborted" in value && "addEventListener" in value && typeof value.addEventListener === "function"
    ? undefined
    : "an AbortSignal";
