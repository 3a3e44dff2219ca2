import { integerOf, parseOptions } from "../program/command-line.ts";
import { dataset } from "../program/dataset.ts";

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

/** Reads the command line: the options, or `"help"`. Throws a Failure that says what is wrong with it. */
export function readOptions(args: readonly string[]): Options | "help" {
  const given = parseOptions(args, {
    input: { type: "string" },
    out: { type: "string" },
    limit: { type: "string" },
    "max-demand": { type: "string" },
    quiet: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  if (given.help === true) return "help";
  return {
    input: given.input ?? dataset("flights-3m.parquet"),
    out: given.out ?? "out/delays.csv.gz",
    limit: given.limit === undefined ? Infinity : integerOf("--limit", given.limit),
    maxDemand: given["max-demand"] === undefined ? 1000 : integerOf("--max-demand", given["max-demand"]),
    quiet: given.quiet === true,
  };
}
