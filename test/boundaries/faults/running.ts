/** What the runs of many faults share. */
import type { Pair } from "../fault.ts";
import type { Ending, Script } from "../source.ts";
import { turns } from "../turns.ts";

/** The paces of a source: at once, and, where it can wait, with a turn of the event loop before each step. */
export function paces({ wayIn }: Pair): readonly { readonly pace: string; readonly isSlow: boolean }[] {
  const atOnce = { pace: "at once", isSlow: false };
  return wayIn.canWait ? [atOnce, { pace: "slowly", isSlow: true }] : [atOnce];
}

export function failing(error: unknown): Extract<Ending, { readonly type: "fail" }> {
  return { type: "fail", error };
}

export const STUCK: Ending = Object.freeze({ type: "stuck" });

/** A source that does not end by itself before its user has left. */
export function endless({ wayIn }: Pair, count: number): Script {
  return wayIn.canWait ? { count, ending: STUCK } : { count: Infinity };
}

/** A user who takes a while for the first event, so that more waits for him. */
export function holdingFirst({ wayOut }: Pair): (event: unknown, index: number) => unknown {
  return (_, index) => (index === 0 && wayOut.canWait ? turns(6) : undefined);
}

/** Whether an error says by its name and its code what is wrong. */
export function isNamed(error: unknown): boolean {
  return error instanceof Error && error.message !== "" && (error.name !== "Error" || "code" in error);
}
