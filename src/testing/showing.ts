/** Values as text, for expectations and histories: short, and never an exception. */
import { show } from "../core/errors.ts";
import type { Cancel, ExitReason } from "../core/index.ts";

/** How many members of a list or an object are shown, and how deep. */
const MOST_MEMBERS = 12;
const MOST_DEPTH = 3;

/** A value as one would write it down. */
export function shown(value: unknown, depth = 0): string {
  try {
    if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : show(value);
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (Array.isArray(value)) return depth === MOST_DEPTH ? show(value) : `[${members(value, (each) => shown(each, depth + 1))}]`;
    const prototype: unknown = Object.getPrototypeOf(value);
    if ((prototype !== Object.prototype && prototype !== null) || depth === MOST_DEPTH) return show(value);
    const entries = Object.entries(value);
    return entries.length === 0 ? "{}" : `{ ${members(entries, ([name, each]) => `${name}: ${shown(each, depth + 1)}`)} }`;
  } catch {
    return "a value that cannot be shown";
  }
}

function members<Member>(all: readonly Member[], text: (member: Member) => string): string {
  const texts = Array.from(all.slice(0, MOST_MEMBERS), text).join(", ");
  return all.length > MOST_MEMBERS ? `${texts}, and ${all.length - MOST_MEMBERS} more` : texts;
}

/** A reason, without what it has not. */
export function reasonShown(reason: ExitReason): string {
  if (reason.type === "error") return `error: ${shown(reason.error)}`;
  return reason.type === "shutdown" && reason.reason !== undefined ? `shutdown: ${shown(reason.reason)}` : reason.type;
}

/** The last message of one side of a wire. */
export function endShown({ kind, reason }: Cancel): string {
  return `${kind} (${reasonShown(reason)})`;
}
