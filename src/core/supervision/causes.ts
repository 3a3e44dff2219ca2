import { GaveUpError } from "../errors.ts";
import type { ExitReason } from "../protocol.ts";

/** A call of the supervisor's own that ended a child: what follows from it is no failure. */
export type ByHand = "restarted" | "stopped";

/** What is known of one cause. */
export interface Occurrence {
  /** When it was counted. */
  readonly at: number;
  readonly byHand: ByHand | undefined;
  /** When each child ended by it the last time. */
  readonly ends: Map<object, number>;
  /** Children that were excused though they were started after it. */
  readonly excused: Set<object>;
}

/**
 * Tells a child that ended because of a sibling from one that ended by itself: an error travels by identity, and so does the
 * `ExitReason` that holds a primitive one, or a shutdown, or a normal end.
 */
export class Causes {
  readonly #occurrences = new WeakMap<object, Occurrence>();
  #now = 0;

  /** A moment, to be compared with what comes later. */
  now(): number {
    this.#now += 1;
    return this.#now;
  }

  /**
   * Of which occurrence the end of a child that has run since `since` is the consequence; otherwise it is counted as one, if it
   * `costs` a restart: an end that costs nothing must not excuse others.
   */
  consequenceOf(reason: ExitReason, child: object, since: number, costs: boolean): Occurrence | undefined {
    const cause = identityOf(reason);
    const now = this.now();
    const known = this.#occurrences.get(cause);
    if (known !== undefined && isExcused(known, child, since)) {
      known.ends.set(child, now);
      return known;
    }
    if (costs) this.count(reason, child);
    return undefined;
  }

  /** Counts the end of a child. */
  count(reason: ExitReason, child: object, byHand?: ByHand): void {
    const at = this.now();
    this.#occurrences.set(identityOf(reason), { at, byHand, ends: new Map([[child, at]]), excused: new Set() });
  }
}

function isExcused({ at, ends, excused }: Occurrence, child: object, since: number): boolean {
  if (at > since) return true;
  // It was restarted between two siblings that heard of one crash at different times. Once: those who throw one object again
  // and again would excuse each other for ever.
  if (excused.has(child)) return false;
  for (const [other, end] of ends) {
    if (other !== child && end > since) {
      excused.add(child);
      return true;
    }
  }
  return false;
}

function identityOf(reason: ExitReason): object {
  if (reason.type !== "error") return reason;
  const { error } = reason;
  // A supervisor that gave up did so because of something.
  const cause: unknown = error instanceof GaveUpError && error.cause !== undefined ? error.cause : error;
  return (typeof cause === "object" && cause !== null) || typeof cause === "function" ? cause : reason;
}
