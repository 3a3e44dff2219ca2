/** What was expected of a cell, and what came. */
import { inspect } from "node:util";

export interface Mismatch {
  /** Which of the runs of the cell. */
  readonly run: string;
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

/** A value in a message: short, and never throwing. */
export function show(value: unknown): string {
  try {
    const text = inspect(value, { depth: 3, breakLength: Infinity, compact: true, maxArrayLength: 24 }).replace(/\n\s+at .*/g, "");
    return text.length > 400 ? `${text.slice(0, 400)}...` : text;
  } catch {
    return "a value that cannot be shown";
  }
}
