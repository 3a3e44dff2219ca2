import { accessSync, constants, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { Guard } from "./guard.ts";
import { BenchError } from "./harness/case.ts";
import { describeMachine, peerVersions } from "./harness/machine.ts";
import { formatSection } from "./harness/print.ts";
import { runSection, type SectionReport } from "./harness/run-section.ts";
import { jobs } from "./jobs/index.ts";
import { writeMarkdown, type Run } from "./markdown.ts";
import { parseOptions, type Guarding, type Measuring } from "./options.ts";

/** Beside the source, as it is committed; this file is run from `build/bench`. */
const RECORDED = new URL("../../bench/guard.json", import.meta.url);

/** Returns whether every target is met. */
async function measureJobs(options: Measuring): Promise<boolean> {
  const { json, markdown, quick, peers } = options;
  // Before the minutes of measuring, not after them.
  if (json !== undefined) checkWritable("--json", json);
  if (markdown !== undefined) checkWritable("--markdown", markdown);
  const date = new Date().toISOString();
  const machine = describeMachine();
  console.log(`Node ${machine.node}, ${machine.cpu}, ${machine.cores} cores, ${date}`);

  const reports: { name: string; sections: SectionReport[] }[] = [];
  for (const job of options.jobs) {
    const sections: SectionReport[] = [];
    for (const section of job.sections) {
      // Without any of the named peers there is nothing to compare.
      if (!section.cases.some(({ by }) => peers?.includes(by) ?? true)) continue;
      console.log(`\n${section.name}: ${section.title}\n`);
      const report = await runSection(job, section, options);
      console.log(formatSection(report));
      sections.push(report);
    }
    reports.push({ name: job.name, sections });
  }

  const run: Run = { date, machine, versions: peerVersions(), quick, jobs: reports };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...run, peers: peers ?? "all" }, undefined, 2)}\n`);
  if (markdown !== undefined) writeMarkdown(markdown, run);
  console.log("\nA ratio is our minimum over the median of the peer; more than one where a miss was measured again.");
  return areMet(reports.flatMap(({ sections }) => sections));
}

/** Returns whether each ratio is as good as it was recorded, or nearly so. */
async function guardRatios({ record }: Guarding): Promise<boolean> {
  const guard = new Guard(jobs, RECORDED);
  const tell = (line: string): void => console.log(line);
  if (record) {
    await guard.record(tell);
    return true;
  }
  const isHeld = areMet(await guard.check(tell));
  console.log("A ratio is our minimum over that of the peer, in time of the CPU; it may be 30 % above the recorded one.");
  return isHeld;
}

function areMet(sections: readonly SectionReport[]): boolean {
  const verdicts = sections.flatMap((section) => section.verdicts);
  const met = verdicts.filter((verdict) => verdict.met);
  console.log(`${met.length} of ${verdicts.length} targets met`);
  return met.length === verdicts.length;
}

function checkWritable(option: string, file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch {
    throw new BenchError(`expected ${option} to name a file in a folder that can be written, got: ${file}`);
  }
}

try {
  const options = parseOptions(process.argv.slice(2), jobs);
  if (options.command === "guard") {
    if (!(await guardRatios(options))) process.exitCode = 1;
  } else {
    const allMet = await measureJobs(options);
    if (options.check && !allMet) process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
