import { accessSync, constants, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { BenchError } from "./harness/case.ts";
import { describeMachine } from "./harness/machine.ts";
import { formatSection } from "./harness/print.ts";
import { runSection, type SectionReport } from "./harness/run-section.ts";
import { jobs } from "./jobs/index.ts";
import { parseOptions, type Options } from "./options.ts";

interface JobReport {
  readonly name: string;
  readonly sections: readonly SectionReport[];
}

/** Returns whether every target is met. */
async function main(options: Options): Promise<boolean> {
  const date = new Date().toISOString();
  const machine = describeMachine();
  // Before the minutes of measuring, not after them.
  if (options.json !== undefined) checkWritable(options.json);
  console.log(`Node ${machine.node}, ${machine.cpu}, ${machine.cores} cores, ${date}`);

  const reports: JobReport[] = [];
  for (const job of options.jobs) {
    const sections: SectionReport[] = [];
    for (const section of job.sections) {
      // Without any of the named peers there is nothing to compare.
      if (!section.cases.some(({ by }) => options.peers?.includes(by) ?? true)) continue;
      console.log(`\n${section.name}: ${section.title}\n`);
      const report = await runSection(job, section, options);
      console.log(formatSection(report));
      sections.push(report);
    }
    reports.push({ name: job.name, sections });
  }

  if (options.json !== undefined) {
    const { quick, peers } = options;
    const figures = { date, machine, options: { quick, peers: peers ?? "all" }, jobs: reports };
    writeFileSync(options.json, `${JSON.stringify(figures, undefined, 2)}\n`);
  }
  const verdicts = reports.flatMap(({ sections }) => sections.flatMap((section) => section.verdicts));
  const met = verdicts.filter((verdict) => verdict.met);
  console.log("\nA ratio is our minimum over the median of the peer; more than one where a miss was measured again.");
  console.log(`${met.length} of ${verdicts.length} targets met`);
  return met.length === verdicts.length;
}

function checkWritable(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch {
    throw new BenchError(`expected --json to name a file in a folder that can be written, got: ${file}`);
  }
}

try {
  const options = parseOptions(process.argv.slice(2), jobs);
  const allMet = await main(options);
  if (options.check && !allMet) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
