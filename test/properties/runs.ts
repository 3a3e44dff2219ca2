/**
 * How many runs the properties make, and from which seed.
 *
 * PROPERTY_RUNS is how many runs each property makes: over random graphs, again over graphs of each dispatcher alone, and
 * again over the models. PROPERTY_SEED repeats the runs of a file; with PROPERTY_PATH, as a failure prints it, and the name
 * of the failed test it repeats that one run.
 */
const DEFAULT_RUNS = 300;

/** Runs that cost as much as some hundred others (thousands of events, a garbage collection) are made once for so many. */
export const COSTLY = 10;

const perProperty = integerOf("PROPERTY_RUNS") ?? DEFAULT_RUNS;
const path = process.env["PROPERTY_PATH"];

export const seed: number = integerOf("PROPERTY_SEED") ?? Math.floor(Math.random() * 0x7fff_ffff);

/** What a test with so many runs may take at most, in ms: far more than it does. */
export const timeout: number = 60_000 + 50 * perProperty;

/** How many runs one of `parts` equal parts of a property makes; once for `each`. */
export function runsOf({ parts = 1, each = 1 }: { readonly parts?: number; readonly each?: number } = {}): number {
  return Math.max(1, Math.ceil(perProperty / parts / each));
}

/** For fast-check. */
export function parametersOf(numRuns: number, from: number = seed): { readonly numRuns: number; readonly seed: number; readonly path?: string } {
  return { numRuns, seed: from, ...(path !== undefined && path !== "" && { path }) };
}

/** Says at the start of a test file what can be repeated. */
export function announce(what: string, runs: number): void {
  console.info(`${what}: ${runs} runs, PROPERTY_SEED=${seed}`);
}

function integerOf(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`expected ${name} to be an integer, got: ${text}`);
  return value;
}
