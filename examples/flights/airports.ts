import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";

import { parse } from "csv-parse";

/** A record of airports.csv, which has more columns than these. */
export interface Airport {
  readonly iata: string;
  readonly name: string;
}

/** The records of a CSV file of airports, as a plain Node stream of objects. */
export function readAirports(path: string): Readable {
  const records = parse({ columns: true });
  // An error destroys both streams with it; whoever reads the records sees it there.
  pipeline(createReadStream(path), records, () => {});
  return records;
}
