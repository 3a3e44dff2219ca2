import { expect } from "vitest";

/** Matches one value only, by identity: an error that has been copied or wrapped is another one. */
export function same(value: unknown): unknown {
  return expect.toSatisfy((other) => Object.is(other, value), "is the same");
}

/** The message by which a stage tells its neighbours that it has failed. */
export function downWith(error: unknown): unknown {
  return { type: "cancel", kind: "down", reason: { type: "error", error: same(error) } };
}

/** The message by which a stage tells its neighbours that it has been stopped. */
export function downByShutdown(reason?: unknown): unknown {
  return { type: "cancel", kind: "down", reason: reason === undefined ? { type: "shutdown" } : { type: "shutdown", reason: same(reason) } };
}

export const downNormally: unknown = { type: "cancel", kind: "down", reason: { type: "normal" } };
