/**
 * How many runs the properties make, and from which seed.
 *
 * PROPERTY_RUNS is the sum over all campaigns. PROPERTY_SEED repeats the runs of a test file; with PROPERTY_PATH, as a
 * failure prints it, and the name of the failed test it repeats that one run.
 */
const DEFAULT_RUNS = 1_000;

const total = integerOf("PROPERTY_RUNS") ?? DEFAULT_RUNS;

export const seed: number = integerOf("PROPERTY_SEED") ?? Math.floor(Math.random() * 0x7fff_ffff);
export const path: string | undefined = process.env["PROPERTY_PATH"];

/** The shares of the campaigns, in per cent. */
const SHARES = { graphs: 25, demand: 15, broadcast: 15, partition: 15, models: 20, flows: 5, owners: 5 } as const;

/** How many runs one of `parts` equal parts of a campaign makes. */
export function runsOf(campaign: keyof typeof SHARES, parts = 1): number {
  return Math.max(1, Math.round((total * SHARES[campaign]) / 100 / parts));
}

/** Says at the start of a test file what can be repeated. */
export function announce(file: string, runs: number): void {
  console.info(`${file}: ${runs} runs, PROPERTY_SEED=${seed}`);
}

function integerOf(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`expected ${name} to be an integer, got: ${text}`);
  return value;
}
