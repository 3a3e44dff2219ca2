/** A dispatcher broke its contract: a sentence, and the calls until then. */
export class ContractViolation extends Error {
  override readonly name = "ContractViolation";
  /** The last calls and what came of them, the oldest first, as text. */
  readonly history: readonly string[];
  /** With `{ seed, runs: 1 }` the contract draws the same numbers again. Only of a random case. */
  readonly seed: number | undefined;

  constructor(sentence: string, history: readonly string[], seed?: number) {
    super([seed === undefined ? sentence : `${sentence} (seed ${seed})`, ...history].join("\n  "));
    this.history = history;
    this.seed = seed;
  }
}

/** How many lines of a history are kept. */
const MOST_LINES = 60;

/** What has been done so far, and the errors that tell of it. */
export class History {
  /** How many lines there ever were. */
  noted = 0;
  readonly #lines: string[] = [];
  readonly #seed: number | undefined;

  constructor(seed?: number) {
    this.#seed = seed;
  }

  note(line: string): void {
    this.noted += 1;
    if (this.#lines.push(line) > MOST_LINES) this.#lines.shift();
  }

  violation(what: string, expected: string, got: unknown): ContractViolation {
    return new ContractViolation(`expected ${what} to ${expected}, got: ${String(got)}`, [...this.#lines], this.#seed);
  }
}

/** A short text of what a dispatcher or its user gave. */
export function describe(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value !== "object" || value === null) return String(value);
  const entries = Object.entries(value);
  return entries.length === 0 ? "no options" : `{ ${entries.map(([name, each]) => `${name}: ${typeof each === "function" ? "a function" : String(each)}`).join(", ")} }`;
}
