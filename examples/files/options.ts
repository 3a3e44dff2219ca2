import { integerOf, parseOptions } from "../program/command-line.ts";
import type { WorkerOptions } from "./workers.ts";

export interface Options {
  /** The folder whose files are measured. */
  readonly root: string;
  /** The folder for what is found. */
  readonly out: string;
  readonly crew: readonly WorkerOptions[];
  /** How often a file is tried. */
  readonly attempts: number;
  /** Larger files are dead letters. */
  readonly maxBytes: number;
  /** A worker crashes at every so many files; never without it. */
  readonly crashEvery?: number | undefined;
  readonly quiet: boolean;
}

export const USAGE = `Hashes every file below a folder and finds out how small gzip makes it.

  npm run example:files -- [options]

  --root FOLDER    whose files (default: node_modules)
  --out FOLDER     where SHA256SUMS and dead-letters.jsonl go (default: out)
  --workers LIST   how many files each worker has at work at once (default: 1,2,8)
  --attempts N     try a file at most N times (default: 3)
  --max-bytes N    a file with more is a dead letter (default: 4000000)
  --crash N        let a worker crash at every Nth file, to see what it costs
  --quiet          show no progress
  --help           show this
`;

/** Reads the command line: the options, or `"help"`. Throws a Failure that says what is wrong with it. */
export function readOptions(args: readonly string[]): Options | "help" {
  const given = parseOptions(args, {
    root: { type: "string", default: "node_modules" },
    out: { type: "string", default: "out" },
    workers: { type: "string", default: "1,2,8" },
    attempts: { type: "string", default: "3" },
    "max-bytes": { type: "string", default: "4000000" },
    crash: { type: "string" },
    quiet: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  });
  if (given.help === true) return "help";
  return {
    root: given.root,
    out: given.out,
    crew: given.workers.split(",").map((text, index) => ({ name: `worker ${index + 1}`, concurrency: integerOf("--workers", text) })),
    attempts: integerOf("--attempts", given.attempts),
    maxBytes: integerOf("--max-bytes", given["max-bytes"], 0),
    crashEvery: given.crash === undefined ? undefined : integerOf("--crash", given.crash, 2),
    quiet: given.quiet,
  };
}
