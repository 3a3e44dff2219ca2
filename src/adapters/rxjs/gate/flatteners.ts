/** The operators of RxJS that subscribe to inner observables, and what `tracked` must know of each. */

export interface Flattener {
  /** What becomes of a value that comes while the operator is busy: it waits, ends the one before, or is dropped. */
  readonly when: "merge" | "switch" | "exhaust";
  /** Where the inner observables come from: the first argument makes one of each value, the values are some, the first argument is one. */
  readonly inner: "made" | "value" | "given";
  /** How many may be active at once, by its arguments. */
  readonly limit: (args: readonly unknown[]) => unknown;
  /** What an inner observable emits comes in again. */
  readonly isRecursive?: true;
}

export type FlattenerName =
  | "mergeMap"
  | "flatMap"
  | "mergeMapTo"
  | "mergeAll"
  | "mergeScan"
  | "expand"
  | "concatMap"
  | "concatMapTo"
  | "concatAll"
  | "switchMap"
  | "switchMapTo"
  | "switchAll"
  | "switchScan"
  | "exhaustMap"
  | "exhaustAll"
  | "exhaust";

const one = (): number => 1;

/** It may stand behind a deprecated result selector. */
const secondOrThird = (args: readonly unknown[]): unknown => (typeof args[1] === "number" ? args[1] : args[2]);

const merging: Flattener = { when: "merge", inner: "made", limit: secondOrThird };
const concatenating: Flattener = { when: "merge", inner: "made", limit: one };
const switching: Flattener = { when: "switch", inner: "made", limit: one };
const exhausting: Flattener = { when: "exhaust", inner: "made", limit: one };

export const FLATTENERS: Readonly<Record<FlattenerName, Flattener>> = {
  mergeMap: merging,
  flatMap: merging,
  mergeMapTo: { ...merging, inner: "given" },
  mergeAll: { ...merging, inner: "value", limit: (args) => args[0] },
  mergeScan: { ...merging, limit: (args) => args[2] },
  expand: { ...merging, limit: (args) => args[1], isRecursive: true },
  concatMap: concatenating,
  concatMapTo: { ...concatenating, inner: "given" },
  concatAll: { ...concatenating, inner: "value" },
  switchMap: switching,
  switchMapTo: { ...switching, inner: "given" },
  switchAll: { ...switching, inner: "value" },
  switchScan: switching,
  exhaustMap: exhausting,
  exhaustAll: { ...exhausting, inner: "value" },
  exhaust: { ...exhausting, inner: "value" },
};
