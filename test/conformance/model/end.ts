import type { Reason } from "../trace.ts";
import type { Link } from "./partners.ts";

/** Thrown where the stage ends: by the end of a producer, by a stop, or by a crash. */
export class StageEnd extends Error {
  readonly reason: Reason;
  /** The subscription that caused the end, if one did. */
  readonly by: Link | undefined;

  constructor(reason: Reason, by?: Link) {
    super("the stage ends");
    this.reason = reason;
    this.by = by;
  }
}

/** A callback or a dispatcher that throws. */
export function crash(error: string): StageEnd {
  return new StageEnd({ error });
}

/** `normal`, `shutdown` or the pair (shutdown, x): what a transient subscription survives. */
export function isOrderly(reason: Reason): boolean {
  return reason === "normal" || isShutdown(reason);
}

export function isShutdown(reason: Reason): boolean {
  return reason === "shutdown" || (typeof reason === "object" && "shutdown" in reason);
}
