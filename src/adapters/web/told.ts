import { StoppedError, causeOf, type ExitReason } from "../../core/index.ts";

/** What a stream is told at an end that is not normal: the error, or the reason of the stop; a stop without one has a name at least. */
export function toldAt(reason: ExitReason, stage: string): unknown {
  const cause = causeOf(reason);
  return cause === undefined && reason.type === "shutdown" ? new StoppedError(stage) : cause;
}
