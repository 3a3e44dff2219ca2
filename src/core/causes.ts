import type { ExitReason } from "./protocol.ts";

/**
 * Tells a child that ended because of a sibling from one that ended by itself: errors travel by identity, and so does the
 * reason of a shutdown. Primitive errors have no identity; each of them counts.
 */
export class Causes {
  /** When each was first seen, as a number that grows. */
  readonly #seen = new WeakMap<object, number>();
  #now = 0;

  /** A moment, to be compared with what comes later. */
  now(): number {
    this.#now += 1;
    return this.#now;
  }

  /** Whether this end, of a child that has run since `since`, is the consequence of an end that was counted meanwhile. Otherwise it is counted. */
  isConsequence(reason: ExitReason, since: number): boolean {
    const cause = identityOf(reason);
    if (cause === undefined) return false;
    const seen = this.#seen.get(cause);
    if (seen !== undefined && seen > since) return true;
    this.#seen.set(cause, this.now());
    return false;
  }
}

function identityOf(reason: ExitReason): object | undefined {
  if (reason.type === "normal") return undefined;
  if (reason.type === "shutdown") return reason;
  const { error } = reason;
  return (typeof error === "object" && error !== null) || typeof error === "function" ? error : undefined;
}
