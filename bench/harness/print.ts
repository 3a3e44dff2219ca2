import type { Target } from "./case.ts";
import type { Verdict } from "./judge.ts";
import type { Result } from "./measure.ts";
import type { SectionReport } from "./run-section.ts";
import type { Summary } from "./statistics.ts";
import { formatTable } from "./table.ts";

/** Two tables: each case with its figures, each target with what was found of it. */
export function formatSection({ measurements, verdicts }: SectionReport): string {
  const tables = [formatResults(measurements[0] ?? [])];
  if (verdicts.length > 0) tables.push(formatVerdicts(verdicts));
  return tables.join("\n\n");
}

function formatResults(results: readonly Result[]): string {
  const figures = Object.keys(results[0]?.figures ?? {});
  const header = ["case", ...figures.map((figure) => `${figure}: median (min..max)`)];
  const rows = results.map(({ name, figures: found }) => [name, ...figures.map((figure) => formatSummary(found[figure]))]);
  return formatTable([header, ...rows]);
}

function formatSummary(summary: Summary | undefined): string {
  if (summary === undefined) return "-";
  return `${formatNumber(summary.median)} (${formatNumber(summary.min)}..${formatNumber(summary.max)})`;
}

function formatVerdicts(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ target, values, met }) => [
    formatTarget(target),
    values.map(formatNumber).join(", "),
    formatNumber(target.atMost),
    met ? "yes" : "no",
  ]);
  return formatTable([["target", "found", "at most", "met"], ...rows]);
}

function formatTarget(target: Target): string {
  return target.type === "ratio" ? `${target.ours} / ${target.peer}` : `${target.ours}: ${target.figure}`;
}

/** Three significant digits, but whole numbers from 100 on: 0.0667, 13.2, 4,679. */
function formatNumber(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
