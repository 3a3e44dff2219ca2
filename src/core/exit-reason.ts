import type { ExitReason } from "./protocol.ts";

/** A shutdown, with the reason that was given for it, if one was. */
export function shutdown(reason?: unknown): ExitReason {
  return reason === undefined ? { type: "shutdown" } : { type: "shutdown", reason };
}

/** What a native side is told at an end, and a `stop` that follows from it: the error, the reason of the stop, or nothing. */
export function causeOf(reason: ExitReason): unknown {
  if (reason.type === "normal") return undefined;
  return reason.type === "error" ? reason.error : reason.reason;
}
