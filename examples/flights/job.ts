import { createGzip } from "node:zlib";

import { pipeline, type Snapshot } from "sluice";
import { fromReadable, intoWritable, throughDuplex } from "sluice/node";

import { dataset } from "../program/dataset.ts";
import { Failure, Interrupted, systemReason } from "../program/failure.ts";
import { seconds, whole } from "../program/format.ts";
import { openOutput } from "../program/output.ts";
import { readAirports, type Airport } from "./airports.ts";
import { counting } from "./counting.ts";
import { DelayTable, type Delays } from "./delay-table.ts";
import { openFlights } from "./flights-file.ts";
import { flights } from "./flights.ts";
import { join } from "./join.ts";
import type { Options } from "./options.ts";
import { noProgress, showProgress } from "./progress.ts";

/** As many as the picture in report.ts has room for. */
const COUNTING_STAGES = 4;

export interface Result {
  readonly rows: readonly Delays[];
  readonly flights: number;
  readonly ms: number;
  /** In the order of the flow. */
  readonly stages: readonly Snapshot[];
}

/**
 * Reads the flights, counts them in several stages at once, joins the totals with the names of the
 * airports, and writes the table to a file. Throws a Failure, and leaves no file, when it cannot.
 */
export async function countDelays({ input, out, limit, maxDemand, quiet }: Options, signal: AbortSignal): Promise<Result> {
  const started = performance.now();
  const file = await openFlights(input);
  const total = Math.min(file.rows, limit);
  let read = 0;

  await using progress = quiet ? noProgress : showProgress(total, process.stderr);
  await using source = flights(file, {
    limit,
    onRead(count) {
      read = count;
      progress.show(count);
    },
  });
  await using output = await openOutput(out);
  const airports = readAirports(dataset("airports.csv"));
  const table = new DelayTable();

  const totals = Array.from({ length: COUNTING_STAGES }, (_, index) => counting(source, `totals ${index + 1}`, maxDemand));
  const names = fromReadable<Airport>(airports, { name: "airports", timing: true });
  const lines = join(table, names, totals);
  const gzip = throughDuplex<string, Buffer>(createGzip(), { name: "gzip", timing: true });
  const written = intoWritable<Buffer>(output.stream, { name: "file", timing: true });

  const stages = [source, ...totals, names, lines, gzip, written];
  const ended = Promise.all(stages.map((stage) => stage.closed));

  try {
    // Those before the join end with it: a stage that nobody reads any more stops.
    await pipeline(lines, gzip, written, { signal });
    await output.publish();
  } catch (error) {
    // An abort is answered at once; the output can be removed when all have let go of their files.
    const ends = await ended;
    if (signal.aborted) {
      throw new Interrupted(`interrupted: ${whole(read)} of ${whole(total)} flights read in ${seconds(performance.now() - started)}, nothing written`);
    }
    // An error goes down the stream as an error, the same object in each stage, and up as a cancel: the first that ended with it is its cause.
    const cause = stages.find((_, index) => ends[index]?.type === "error");
    if (cause === names) throw new Failure(`cannot read the airports: ${systemReason(error)}`, { cause: error });
    if (cause === written) throw output.failure(error);
    throw error;
  }

  return {
    rows: table.rows(),
    flights: read,
    ms: performance.now() - started,
    stages: stages.map((stage) => stage.snapshot()),
  };
}
