/* The main job without a single stage: what `npm start` is measured against. The same decoder and the same totals. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";

import { parse } from "csv-parse/sync";

import type { Airport } from "../examples/flights/airports.ts";
import { csvLine, DelayTable, HEADER } from "../examples/flights/delay-table.ts";
import { openFlights } from "../examples/flights/flights-file.ts";
import { Totals } from "../examples/flights/totals.ts";
import { dataset } from "../examples/program/dataset.ts";

/** `--quiet` is taken for the sake of the same command line. */
const { input, out } = parseArgs({
  options: {
    input: { type: "string", default: dataset("flights-3m.parquet") },
    out: { type: "string", default: "out/delays.csv.gz" },
    quiet: { type: "boolean" },
  },
}).values;

const totals = new Totals();
const file = await openFlights(input);
for (let group = 0; group < file.rowGroups; group++) {
  const { rows, origin, delay } = await file.readRowGroup(group);
  for (let row = 0; row < rows; row++) {
    const minutes = delay[row] ?? null;
    totals.addFlight(origin[row] ?? "", minutes === null ? null : Number(minutes));
  }
}
await file.close();

const table = new DelayTable();
for (const total of totals.list()) table.add(total);
for (const airport of parse<Airport>(readFileSync(dataset("airports.csv")), { columns: true })) table.add(airport);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, gzipSync([HEADER, ...table.rows().map(csvLine)].join("")));
