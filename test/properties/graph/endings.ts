/** How a stage may end, and when it must: what its own callbacks, its owner, its consumers and its cancel modes say. */
import { SluiceError, type ExitReason } from "sluice";
import { hasCode, type Box } from "./box.ts";
import type { Input } from "./input.ts";

/** The reason for which a consumer must have ended, now that all its events are handled; `undefined` if it may go on. */
export function endsOf({ inputs }: Box): ExitReason | undefined {
  for (const input of inputs) {
    const { plan, closedWith: reason, isOwn, isCrossed } = input;
    if (reason === undefined || isHarmless(reason) || isCrossed) continue;
    if (plan.cancel === "permanent") return reason;
    if (reason.type === "error" && (plan.cancel === "transient" || (plan.cancel === "last" && !isOwn))) return reason;
  }
  const last = inputs.filter(({ plan }) => plan.cancel === "last");
  if (last.length === 0 || last.some(({ isClosed }) => !isClosed)) return undefined;
  const latest = last.toSorted(byClosing).at(-1);
  return latest === undefined || latest.isOwn || isHarmless(latest.closedWith) ? undefined : latest.closedWith;
}

/** Whether something gave the stage this end. */
export function isAllowed(box: Box, end: ExitReason): boolean {
  const { causes, plan, inputs } = box;
  if (causes.some((cause) => isSame(cause, end))) return true;
  if (end.type === "error" && end.error instanceof SluiceError) {
    if (end.error.code === "SLUICE_BUFFER_FULL" && plan.bufferKeep === undefined) return true;
    if (end.error.code === "SLUICE_UNKNOWN_PARTITION" && plan.dispatcher.hash === "is unknown") return true;
  }
  // Its last consumer has left.
  if (end.type === "shutdown" && box.producer !== undefined && plan.whenUnused === "stop") return true;
  return inputs.some((input) => isEndBy(input, end, inputs));
}

function isEndBy({ plan, wire, isOwn, isCrossed }: Input, end: ExitReason, inputs: readonly Input[]): boolean {
  // Not what the subscription closed with: that may be the end of the stage itself.
  const reason = wire.end?.reason;
  if (reason === undefined || isHarmless(reason) || !isSame(reason, end)) return false;
  switch (plan.cancel) {
    case "permanent":
      return true;
    case "transient":
      return end.type === "error";
    case "last":
      return (!isOwn || isCrossed) && (end.type === "error" || areOver(inputs, end));
    case "temporary":
      return false;
  }
}

/** All that count for the cancel mode `last` have ended; for a normal end none of them by a shutdown. */
function areOver(inputs: readonly Input[], end: ExitReason): boolean {
  return inputs.every(({ plan, wire, isOwn }) => {
    if (plan.cancel !== "last" || isOwn) return true;
    const reason = wire.end?.reason;
    return reason !== undefined && (end.type !== "normal" || reason.type !== "shutdown");
  });
}

function isHarmless(reason: ExitReason | undefined): boolean {
  return reason?.type === "error" && hasCode(reason.error, "SLUICE_ALREADY_SUBSCRIBED");
}

/** The same kind of end, by the same cause. */
export function isSame(one: ExitReason, other: ExitReason): boolean {
  if (one.type === "error") return other.type === "error" && one.error === other.error;
  if (one.type === "shutdown") return other.type === "shutdown" && one.reason === other.reason;
  return other.type === "normal";
}

function byClosing(one: Input, other: Input): number {
  return (one.closedAt ?? 0) - (other.closedAt ?? 0);
}
