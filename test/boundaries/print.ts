/** The matrix as text. */
import type { Cell, Verdict } from "./cell.ts";
import type { Fault } from "./fault.ts";
import type { Mismatch } from "./mismatch.ts";
import type { Options } from "./options.ts";
import type { OtherFault } from "./other-faults.ts";
import { Tally } from "./tally.ts";
import type { WayIn, WayOut } from "./ways.ts";

export interface Row {
  readonly wayIn: WayIn;
  readonly wayOut: WayOut;
  readonly verdicts: readonly Verdict[];
}

export function formatFailure({ wayIn, wayOut, fault }: Cell, mismatches: readonly Mismatch[]): string {
  const lines = mismatches.map(({ run, what, expected, got }) => `  ${run}: ${what}\n    expected ${expected}\n    got      ${got}`);
  return [`${nameOf(wayIn, wayOut)}, fault ${fault.code} (${fault.sentence})`, ...lines].join("\n");
}

export function formatList({ waysIn, waysOut, faults }: Options): string {
  const list = (title: string, lines: readonly string[]): string => `${title}\n${lines.map((line) => `  ${line}`).join("\n")}`;
  return [
    list("ways in", waysIn.map(({ name }) => name)),
    list("ways out", waysOut.map(({ name }) => name)),
    list("faults", faults.map(({ code, sentence, needs }) => `${code}  ${sentence}${needs === undefined ? "" : ` (where there is ${needs})`}`)),
  ].join("\n");
}

/** A line for each pair, a column for each fault. */
export function formatTable(rows: readonly Row[], faults: readonly Fault[]): string {
  const width = Math.max(...rows.map(({ wayIn, wayOut }) => nameOf(wayIn, wayOut).length));
  const keys = keysOf(rows);
  const codes = faults.map(({ code }) => String(code).padStart(2));
  const heads = [0, 1].map((digit) => `${" ".repeat(width)}  ${codes.map((code) => code[digit] ?? " ").join(" ")}`);
  const lines = rows.map(({ wayIn, wayOut, verdicts }) => `${nameOf(wayIn, wayOut).padEnd(width)}  ${verdicts.map((verdict) => signOf(verdict, keys)).join(" ")}`);
  const legend = ["  + passed", "  F failed", "    no such interface: not counted", ...[...keys].map(([reason, key]) => `  ${key} does not apply: ${reason}`)];
  return [...heads, ...lines, "", ...legend].join("\n");
}

/** A letter for each reason, in the order in which they come. */
function keysOf(rows: readonly Row[]): ReadonlyMap<string, string> {
  const reasons = new Set(rows.flatMap(({ verdicts }) => verdicts.flatMap((verdict) => (verdict.type === "unfit" ? [verdict.reason] : []))));
  return new Map([...reasons].map((reason, place) => [reason, String.fromCodePoint(97 + place)]));
}

function signOf(verdict: Verdict, keys: ReadonlyMap<string, string>): string {
  switch (verdict.type) {
    case "passed":
      return "+";
    case "failed":
      return "F";
    case "unfit":
      return keys.get(verdict.reason) ?? "?";
    case "none":
      return " ";
  }
}

export function formatSummary(tally: Tally, ms: number): string {
  const cells = tally.passed + tally.failed + tally.unfitCount;
  const share = (100 * tally.unfitShare).toFixed(1);
  const reasons = [...tally.unfit].toSorted(([, a], [, b]) => b - a).map(([reason, count]) => `  ${String(count).padStart(4)}  ${reason}`);
  return [
    "",
    `${cells} cells, ${tally.runs} runs in ${(ms / 1000).toFixed(1)} s; ${tally.none} more would be about an interface that the pair does not have.`,
    `${tally.unfitCount} cells do not apply: ${share} % (at most ${100 * Tally.MOST_UNFIT} %).`,
    ...reasons,
  ].join("\n");
}

export function formatOthers(others: readonly OtherFault[]): string {
  const lines = others.map(({ code, sentence, count }) => `  ${String(code).padStart(2)}  ${String(count).padStart(3)} ${count === 1 ? "test " : "tests"}  ${sentence}`);
  return ["", "The other faults are tests of their adapter or of the core.", ...lines, ""].join("\n");
}

function nameOf(wayIn: WayIn, wayOut: WayOut): string {
  return `${wayIn.name} > ${wayOut.name}`;
}
