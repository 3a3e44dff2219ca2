import { existsSync, readFileSync, writeFileSync } from "node:fs";

import type { Machine } from "./harness/machine.ts";
import { caseRows, targetRows } from "./harness/print.ts";
import type { SectionReport } from "./harness/run-section.ts";

/** What was measured, when, where, and against what. */
export interface Run {
  readonly date: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly quick: boolean;
  readonly jobs: readonly { readonly name: string; readonly sections: readonly SectionReport[] }[];
}

/**
 * Writes the tables of a run into a page: in the place of those of the last run with the same major version of Node, or
 * behind all else. The rest of the page stays.
 */
export function writeMarkdown(file: string, run: Run): void {
  const page = existsSync(file) ? readFileSync(file, "utf8") : "# Benchmarks\n";
  writeFileSync(file, replaceTables(page, run));
}

/** The page with the tables of the run. */
export function replaceTables(page: string, run: Run): string {
  const [major] = run.machine.node.split(".");
  const start = `<!-- node ${major}: written by npm run bench -- --markdown -->`;
  const end = `<!-- end of node ${major} -->`;
  const block = `${start}\n\n${tablesOf(run)}\n\n${end}`;
  const from = page.indexOf(start);
  const to = page.indexOf(end);
  if (from >= 0 && to > from) return page.slice(0, from) + block + page.slice(to + end.length);
  return `${page.trimEnd()}\n\n${block}\n`;
}

function tablesOf({ date, machine, versions, quick, jobs }: Run): string {
  const sections = jobs.flatMap((job) => job.sections);
  const verdicts = sections.flatMap((section) => section.verdicts);
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const where =
    `${date.slice(0, 10)}, ${machine.cpu}, ${machine.cores} cores, ${machine.platform}, V8 ${machine.v8}; ${peers.join(", ")}. ` +
    `${quick ? "A quick run: only the peers that have a target. " : ""}${verdicts.filter(({ met }) => met).length} of ${verdicts.length} targets are met.`;
  return [`## Node ${machine.node}`, where, ...sections.flatMap(sectionOf)].join("\n\n");
}

function sectionOf(report: SectionReport): string[] {
  const parts = [`### ${report.name}`, `${report.title}; ${report.runs} ${report.runs === 1 ? "run" : "runs"}.`, markdownTable(caseRows(report))];
  if (report.verdicts.length > 0) parts.push(markdownTable(targetRows(report)));
  return parts;
}

function markdownTable([header = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `|${header.map((_, column) => (column === 0 ? "---" : "---:")).join("|")}|`;
  return [line(header), rule, ...rows.map(line)].join("\n");
}
