/** What the probes expect, and what they say when it does not come. */
import type { ExitReason } from "../core/index.ts";

/** How many lines of a history are kept. */
const MOST_LINES = 50;

/**
 * Something did not come as a probe expected it. The message is a sentence and the history; where two values were compared
 * they are `expected` and `actual`, of which a test runner shows the difference.
 */
export class ExpectationError extends Error {
  override readonly name = "ExpectationError";
  /** What was said on the wire until then, the oldest first, as text. */
  readonly history: readonly string[];
  /** What should have come. */
  readonly expected: unknown;
  /** What came. */
  readonly actual: unknown;

  constructor(sentence: string, history: readonly string[], values?: { readonly expected: unknown; readonly actual: unknown }) {
    super([sentence, ...history].join("\n  "));
    this.history = history;
    this.expected = values?.expected;
    this.actual = values?.actual;
  }
}

/** What was said on a wire. It becomes text when somebody wants to read it: nobody looks into an event before. */
export class WireHistory {
  readonly #lines: (() => string)[] = [];

  note(line: () => string): void {
    if (this.#lines.push(line) > MOST_LINES) this.#lines.shift();
  }

  get lines(): readonly string[] {
    return this.#lines.map((line) => line());
  }

  /** *expected who to do that, got: something else*, and what was said. */
  unmet(who: string, expected: string, got: string, values?: { readonly expected: unknown; readonly actual: unknown }): ExpectationError {
    return new ExpectationError(`expected ${who} to ${expected}, got: ${got}`, this.lines, values);
  }
}

/** The same type, and the same error or reason: by identity, as errors and reasons travel. */
export function isSameReason(one: ExitReason, other: ExitReason): boolean {
  if (one.type === "error") return other.type === "error" && Object.is(one.error, other.error);
  if (one.type === "shutdown") return other.type === "shutdown" && Object.is(one.reason, other.reason);
  return other.type === "normal";
}
