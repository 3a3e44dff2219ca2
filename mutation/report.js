import { existsSync, readFileSync } from "node:fs";
import { stateOf } from "./units.js";

/** A line for each unit, and where wanted what survived. */
export function printReport(units, { survivors }) {
  const rows = [["unit", "mutants", "killed", "timeout", "survived", "no test", "error", "ignored", "score"]];
  const sum = {};
  for (const unit of units) {
    const mutants = mutantsOf(unit);
    if (mutants === undefined) continue;
    const counts = {};
    for (const { status } of mutants) for (const of of [counts, sum]) of[status] = (of[status] ?? 0) + 1;
    rows.push(rowOf(unit.name, counts));
    if (survivors) for (const mutant of mutants) if (mutant.status === "Survived" || mutant.status === "NoCoverage") console.info(lineOf(mutant));
  }
  rows.push(rowOf("all", sum));
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows) console.info(row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  "));
}

function rowOf(name, { Killed = 0, Timeout = 0, Survived = 0, NoCoverage = 0, RuntimeError = 0, CompileError = 0, Ignored = 0 }) {
  const detected = Killed + Timeout;
  const valid = detected + Survived + NoCoverage;
  const score = valid === 0 ? "" : `${((100 * detected) / valid).toFixed(1)} %`;
  return [name, ...[valid, Killed, Timeout, Survived, NoCoverage, RuntimeError + CompileError, Ignored].map(String), score];
}

/** All mutants of a unit that has been run, in the order of the sources. */
export function mutantsOf(unit) {
  const path = `${stateOf(unit)}.report.json`;
  if (!existsSync(path)) return undefined;
  const { files } = JSON.parse(readFileSync(path, "utf8"));
  // A report keeps what earlier runs found in files that the unit has no more.
  const isOf = (file) => unit.mutate.some((pattern) => (pattern.endsWith("/**/*.ts") ? file.startsWith(pattern.slice(0, -7)) : file === pattern));
  const own = Object.entries(files).filter(([file]) => isOf(file));
  return own.flatMap(([file, { source, mutants }]) =>
    mutants
      .map((mutant) => ({ ...mutant, file, original: textAt(source, mutant.location) }))
      .toSorted((one, other) => one.location.start.line - other.location.start.line || one.location.start.column - other.location.start.column),
  );
}

function textAt(source, { start, end }) {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines.at(-1).slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join("\n");
}

function lineOf({ file, location, mutatorName, original, replacement, status }) {
  const short = (text) => text.replaceAll(/\s+/g, " ").slice(0, 100);
  return `${file}:${location.start.line}:${location.start.column} ${mutatorName}${status === "NoCoverage" ? " (no test)" : ""}: ${short(original)} -> ${short(replacement ?? "")}`;
}
