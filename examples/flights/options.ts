import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { Failure } from "./failure.ts";

export interface Options {
  readonly input: string;
  readonly out: string;
  /** The most flights that are read; without it, all of them. */
  readonly limit: number;
  /** The most flights in flight to each of the counting stages. */
  readonly maxDemand: number;
  readonly quiet: boolean;
}

export const USAGE = `Counts the delays of flights by origin airport.

  npm start -- [options]

  --input FILE     a Parquet file with the columns origin and delay (default: 3,000,000 flights of vega-datasets)
  --out FILE       where the table goes, as gzipped CSV (default: out/delays.csv.gz)
  --limit N        read at most N flights
  --max-demand N   have at most N flights in flight to each counting stage (default: 1000)
  --quiet          show no progress
  --help           show this
`;

/** The file of that name in the package vega-datasets, which exports its code only. */
export function dataset(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.resolve("vega-datasets")));
}

/** Reads the command line: the options, or `"help"`. Throws a Failure that says what is wrong with it. */
export function readOptions(args: readonly string[]): Options | "help" {
  const given = parse(args);
  if (given.help === true) return "help";
  return {
    input: given.input ?? dataset("flights-3m.parquet"),
    out: given.out ?? "out/delays.csv.gz",
    limit: given.limit === undefined ? Infinity : positive("--limit", given.limit),
    maxDemand: given["max-demand"] === undefined ? 1000 : positive("--max-demand", given["max-demand"]),
    quiet: given.quiet === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        input: { type: "string" },
        out: { type: "string" },
        limit: { type: "string" },
        "max-demand": { type: "string" },
        quiet: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    // The first sentence names the option; those after it explain the conventions of command lines.
    const [sentence = ""] = String(error instanceof Error ? error.message : error).split(/\.\s|\n/);
    throw new Failure(`${sentence}; --help lists the options`, { cause: error });
  }
}

function positive(option: string, text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Failure(`expected ${option} to be an integer of at least 1, got: ${text}`);
  }
  return value;
}
