import type { ExitReason } from "./protocol.ts";

/** A shutdown, with the reason that was given for it, if one was. */
export function shutdown(reason?: unknown): ExitReason {
  return reason === undefined ? { type: "shutdown" } : { type: "shutdown", reason };
}

/** What is handed on to a `stop` that follows from an end. */
export function causeOf(reason: ExitReason): unknown {
  if (reason.type === "normal") return undefined;
  return reason.type === "error" ? reason.error : reason.reason;
}
