import type { Target } from "./case.ts";
import type { SectionReport } from "./run-section.ts";
import type { Summary } from "./statistics.ts";
import { formatTable } from "./table.ts";

/** Two tables: each case with its figures, each target with what was found of it. */
export function formatSection(report: SectionReport): string {
  const tables = [formatTable(caseRows(report))];
  if (report.verdicts.length > 0) tables.push(formatTable(targetRows(report)));
  return tables.join("\n\n");
}

/** A heading, and each case with its figures; behind the first figure how many times that of the first case it is. */
export function caseRows({ measurements: [results = []] }: SectionReport): string[][] {
  const names = Object.keys(results[0]?.figures ?? {});
  const [main = ""] = names;
  const base = results[0]?.figures[main]?.median ?? Number.NaN;
  const isCompared = results.length > 1 && base > 0;
  const header = ["case", ...names.map((figure) => `${figure}: median (min..max)`)];
  if (isCompared) header.splice(2, 0, "x the first");
  const rows = results.map(({ name, figures: found }) => {
    const row = [name, ...names.map((figure) => formatSummary(found[figure]))];
    if (isCompared) row.splice(2, 0, formatNumber((found[main]?.median ?? Number.NaN) / base));
    return row;
  });
  return [header, ...rows];
}

/** A heading, and each target with what was found of it. */
export function targetRows({ verdicts }: SectionReport): string[][] {
  const rows = verdicts.map(({ target, values, met }) => [
    formatTarget(target),
    values.map(formatNumber).join(", "),
    formatNumber(target.atMost),
    met ? "yes" : "no",
  ]);
  return [["target", "found", "at most", "met"], ...rows];
}

function formatSummary(summary: Summary | undefined): string {
  if (summary === undefined) return "-";
  return `${formatNumber(summary.median)} (${formatNumber(summary.min)}..${formatNumber(summary.max)})`;
}

function formatTarget(target: Target): string {
  return target.type === "ratio" ? `${target.ours} / ${target.peer}` : `${target.ours}: ${target.figure}`;
}

/** Three significant digits, but whole numbers from 100 on: 0.0667, 13.2, 4,679. */
function formatNumber(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
