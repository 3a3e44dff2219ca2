import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { BenchError, type Job } from "../harness/case.ts";
import { peakTarget, programCase, secondsTarget, type ProgramCase } from "../measures/program.ts";

const OUTPUT = "delays.csv.gz";

/** The header and 229 airports. */
const LINES = 230;
const FIRST = /^ORD,.*,166341,41079,9\.27$/;

async function check(folder: string): Promise<void> {
  const lines = gunzipSync(await readFile(join(folder, OUTPUT))).toString().trimEnd().split("\n");
  const first = lines[1] ?? "nothing";
  if (!FIRST.test(first)) throw new BenchError(`expected the first airport to match ${FIRST.source}, got: ${first}`);
  if (lines.length !== LINES) throw new BenchError(`expected the output to have ${LINES} lines, got: ${lines.length}`);
}

function program(name: string, by: string, path: string): ProgramCase {
  const args = (folder: string): string[] => ["--quiet", "--out", join(folder, OUTPUT)];
  return { name, by, program: new URL(path, import.meta.url), args, check };
}

/** The main job, `npm start`, against a bare loop over the same decoder. */
export const flights: Job = {
  name: "flights",
  sections: [
    {
      name: "flights",
      title: "3,000,000 flights from a Parquet file to the delays of 229 airports",
      runs: 5,
      cases: [
        programCase(program("npm start", "sluice", "../../examples/flights/main.js")),
        programCase(program("bare loop", "loops", "../flights-loop.js")),
      ],
      targets: [secondsTarget("npm start", "bare loop", 1.6), peakTarget("npm start", 350)],
    },
  ],
};
