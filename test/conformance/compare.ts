import { isDeepStrictEqual } from "node:util";
import type { Expectation, Log } from "./trace.ts";

/**
 * An expectation as it is compared: without texts, and without the order between different partners.
 * What concerns one partner keeps its order.
 */
export function comparable(expectation: Expectation): Readonly<Record<string, unknown>> {
  const { handleSubscribe, handled, handleCancel, logs, order: _order, ...rest } = expectation;
  return withoutTexts({
    ...rest,
    ...(handleSubscribe && { handleSubscribe: handleSubscribe.toSorted() }),
    ...(handled && { handled: groupBy(handled, ([from]) => from) }),
    ...(handleCancel && { handleCancel: groupBy(handleCancel, ([name]) => name) }),
    ...(logs && { logs: groupBy(logs, subjectOf) }),
  });
}

/** True if both lists of steps are the same to whoever does not compare the order between different partners. */
export function sameSteps(some: readonly Expectation[], others: readonly Expectation[]): boolean {
  return isDeepStrictEqual(some.map(comparable), others.map(comparable));
}

/** The same value without the English messages of the original. */
export function withoutTexts<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "message" ? undefined : inner))) as Value;
}

/** The same value with one class for all bad options: Sluice has one where GenStage has several. */
export function withOneBadOption<Value>(value: Value): Value {
  const isBad = (inner: unknown): boolean => typeof inner === "string" && BAD_OPTIONS.includes(inner);
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "error" && isBad(inner) ? "bad_opts" : inner))) as Value;
}

const BAD_OPTIONS = ["bad_opts", "bad_specs", "ArgumentError", "UndefinedFunctionError", "FunctionClauseError"];

function subjectOf({ kind, from = "" }: Log): string {
  return `${kind} ${from}`;
}

function groupBy<Entry>(entries: readonly Entry[], keyOf: (entry: Entry) => string): Record<string, Entry[]> {
  const groups: Record<string, Entry[]> = {};
  for (const entry of entries) (groups[keyOf(entry)] ??= []).push(entry);
  return groups;
}
