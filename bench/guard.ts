/**
 * Whether the work of a day has made Sluice slower: a ratio of each kind, to a peer or a loop in the same run, beside the
 * one that was recorded on a quiet machine.
 */
import { readFileSync, writeFileSync } from "node:fs";

import { BenchError, type Job, type Section, type Target } from "./harness/case.ts";
import { valueOf } from "./harness/judge.ts";
import { describeMachine, type Machine } from "./harness/machine.ts";
import { measure } from "./harness/measure.ts";
import { formatSection } from "./harness/print.ts";
import { runSection, type SectionReport } from "./harness/run-section.ts";
import { quantile } from "./harness/statistics.ts";
import { cpuTarget } from "./measures/speed.ts";

/** So much worse than recorded a ratio may be. */
const TOLERANCE = 1.3;
/** What is recorded is the median of so many measurements. */
const RECORDINGS = 3;
const RUNS = 3;

/** Ours and the peer, by the names of their cases, in a section of a job. */
type Guarded = readonly [section: string, pairs: readonly (readonly [ours: string, peer: string])[]];

const GUARDED: readonly Guarded[] = [
  ["J1", [["sluice 1000/500", "rxjs"], ["sluice 100/50", "rxjs"], ["sluice 10/5", "rxjs"], ["sluice 1/0", "rxjs"]]],
  [
    "for await",
    [
      ["read-ahead", "floor"],
      ["exact", "floor"],
      ["exact behind 10/5", "floor"],
      ["batches", "floor of lists"],
    ],
  ],
  ["J2", [["sluice 1000/500", "array loops"], ["sluice 10/5", "array loops"]]],
  ["J3 share", [["sluice 1000/500", "one async generator"], ["sluice 10/5", "one async generator"]]],
  ["J3 broadcast", [["sluice 1000/500", "rxjs Subject"], ["sluice 10/5", "rxjs Subject"]]],
  ["J5 Readable", [["for await", "Readable.from"], ["on data, window 1000", "Readable.from"]]],
  ["J5 Writable", [["intoWritable, at once", "write and drain, at once"]]],
  ["J5 WHATWG", [["for await", "ReadableStream.from, for await"]]],
  ["J5 Observable", [["out", "pushed lists"], ["in", "swapped array"]]],
];

interface Recorded {
  readonly date: string;
  readonly machine: Machine;
  /** By section, ours and peer: our minimum over that of the peer. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** The recorded ratios, read and written by one path. */
export class Guard {
  readonly #file: URL;
  readonly #sections: readonly { readonly job: Job; readonly section: Section }[];

  /** @throws BenchError when a case that is guarded is not there */
  constructor(jobs: readonly Job[], file: URL) {
    this.#file = file;
    this.#sections = GUARDED.map((guarded) => find(jobs, guarded));
  }

  /** Measures each ratio; one that misses is measured again, as with `--check`. Returns the reports, told as they come. */
  async check(tell: (line: string) => void): Promise<SectionReport[]> {
    const { ratios, date, machine } = this.#read();
    tell(`recorded ${date} with Node ${machine.node} on ${machine.cpu}`);
    const reports: SectionReport[] = [];
    for (const { job, section } of this.#sections) {
      const targets = section.targets.map((target) => {
        const recorded = ratios[keyOf(section, target)];
        if (recorded === undefined) throw new BenchError(`expected a recorded ratio of ${keyOf(section, target)}, got: none; run with --record`);
        return { ...target, atMost: recorded * TOLERANCE };
      });
      const report = await runSection(job, { ...section, targets }, { quick: true, check: true, peers: undefined });
      tell(`\n${section.name}\n\n${formatSection(report)}`);
      reports.push(report);
    }
    return reports;
  }

  /** Measures each ratio several times and writes the medians. */
  async record(tell: (line: string) => void): Promise<void> {
    const ratios: Record<string, number> = {};
    for (const { job, section } of this.#sections) {
      const found = section.targets.map((): number[] => []);
      for (let each = 0; each < RECORDINGS; each++) {
        const results = await measure(job, section, section.cases, RUNS);
        for (const [at, target] of section.targets.entries()) found[at]?.push(valueOf(target, results) ?? Number.NaN);
      }
      for (const [at, target] of section.targets.entries()) {
        const ratio = Number(quantile(found[at] ?? [], 0.5).toPrecision(3));
        ratios[keyOf(section, target)] = ratio;
        tell(`${keyOf(section, target)}: ${ratio}`);
      }
    }
    const recorded: Recorded = { date: new Date().toISOString(), machine: describeMachine(), ratios };
    writeFileSync(this.#file, `${JSON.stringify(recorded, undefined, 2)}\n`);
  }

  #read(): Recorded {
    try {
      return JSON.parse(readFileSync(this.#file, "utf8")) as Recorded;
    } catch (error) {
      throw new BenchError(`expected the recorded ratios to be readable; run with --record, got: ${String(error)}`);
    }
  }
}

/** The section of a job with the guarded cases only. The limits come with what was recorded. */
function find(jobs: readonly Job[], [name, pairs]: Guarded): { job: Job; section: Section } {
  const job = jobs.find(({ sections }) => sections.some((section) => section.name === name));
  const section = job?.sections.find((each) => each.name === name);
  const wanted = new Set(pairs.flat());
  const cases = section?.cases.filter((each) => wanted.has(each.name)) ?? [];
  if (job === undefined || section === undefined || cases.length < wanted.size) {
    throw new BenchError(`expected ${name} to have the cases ${[...wanted].join(", ")}, got: ${cases.map((each) => each.name).join(", ")}`);
  }
  // The time of the CPU, both by their minima: what is asked is whether the code got slower, and noise only ever adds.
  const targets = pairs.map(([ours, peer]) => cpuTarget(ours, peer, Infinity));
  return { job, section: { ...section, cases, targets } };
}

function keyOf({ name }: Section, target: Target): string {
  return `${name}: ${target.ours}${target.type === "ratio" ? ` / ${target.peer}` : ""}`;
}
