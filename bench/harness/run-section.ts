import type { Case, Job, Section, Target } from "./case.ts";
import { isUndecided, judge, valueOf, type Verdict } from "./judge.ts";
import { measure, type Result } from "./measure.ts";

const RUNS = 7;
const QUICK_RUNS = 3;

export interface SectionOptions {
  readonly quick: boolean;
  /** Measure a missed target again before it counts as failed. */
  readonly check: boolean;
  /** The peers to measure; all when left out. */
  readonly peers: readonly string[] | undefined;
}

/** All that was measured for a section: the first measurement, then those of missed targets. */
export interface SectionReport {
  readonly name: string;
  readonly title: string;
  readonly runs: number;
  readonly measurements: readonly (readonly Result[])[];
  readonly verdicts: readonly Verdict[];
}

export async function runSection(job: Job, section: Section, options: SectionOptions): Promise<SectionReport> {
  const runs = Math.min(section.runs ?? RUNS, options.quick ? QUICK_RUNS : Infinity);
  const measurements = [await measure(job, section, selectCases(section, options), runs)];
  const found = new Map<Target, number[]>(section.targets.map((target) => [target, []]));
  collect(found, measurements[0] ?? []);
  for (;;) {
    const undecided = options.check ? [...found.keys()].filter((target) => isUndecided(target, found.get(target) ?? [])) : [];
    if (undecided.length === 0) break;
    const results = await measure(job, section, casesOf(section, undecided), runs);
    measurements.push(results);
    collect(new Map(undecided.map((target) => [target, found.get(target) ?? []])), results);
  }
  const verdicts = [...found].filter(([, values]) => values.length > 0).map(([target, values]) => judge(target, values));
  return { name: section.name, title: section.title, runs, measurements, verdicts };
}

/** Ours, and of the peers those that were asked for, with `--quick` only those that have a target, or say so. */
function selectCases(section: Section, { quick, peers }: SectionOptions): Case[] {
  const withTarget = new Set(section.targets.map((target) => (target.type === "ratio" ? target.peer : target.ours)));
  return section.cases.filter(
    ({ name, by, isQuick = false }) => by === "sluice" || ((peers?.includes(by) ?? true) && (!quick || isQuick || withTarget.has(name))),
  );
}

function casesOf(section: Section, targets: readonly Target[]): Case[] {
  const names = new Set(targets.flatMap((target) => (target.type === "ratio" ? [target.ours, target.peer] : [target.ours])));
  return section.cases.filter(({ name }) => names.has(name));
}

function collect(found: ReadonlyMap<Target, number[]>, results: readonly Result[]): void {
  for (const [target, values] of found) {
    const value = valueOf(target, results);
    if (value !== undefined) values.push(value);
  }
}
