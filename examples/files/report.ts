import Table from "cli-table3";

import { megabytes, percent, seconds, whole } from "../program/format.ts";
import type { Result } from "./job.ts";
import { noFiles, type Sum, type Tally } from "./tally.ts";

const SHOWN_EXTENSIONS = 10;

const PICTURE = `
               ┌──▶ worker ──┐                ┌──▶ checksums
  queue ───────┼──▶ worker ──┼──▶ outcomes ───┼──▶ dead letters
               └──▶ worker ──┘                └──▶ tally
`;

const STYLE = { head: [], border: [], compact: true };

/** What was found, and who did how much of it, for a terminal. */
export function report(result: Result, out: string): string {
  const { tally, found, ms } = result;
  const bytes = process.resourceUsage().maxRSS * 1024;
  const parts = [extensionTable(tally), PICTURE, workerTable(result)];
  if (tally.dead > 0) parts.push("", deathTable(tally));
  parts.push(
    `${whole(found)} files found = ${whole(tally.total.files)} measured + ${whole(tally.dead)} dead letters, in ${seconds(ms)}, peak memory ${megabytes(bytes)}`,
    `written to ${out}: SHA256SUMS and dead-letters.jsonl`,
  );
  return parts.join("\n");
}

function extensionTable({ byExtension, total }: Tally): string {
  const table = new Table({ head: ["extension", "files", "MB", "gzipped", "ratio"], colAligns: ["left", "right", "right", "right", "right"], style: STYLE });
  const row = (name: string, sum: Sum): void => void table.push([name, ...cells(sum), percent(sum.gzipped / (sum.bytes || 1))]);
  const sorted = [...byExtension].toSorted(([, a], [, b]) => b.bytes - a.bytes);
  for (const [extension, sum] of sorted.slice(0, SHOWN_EXTENSIONS)) row(extension || "(none)", sum);
  const others = sorted.slice(SHOWN_EXTENSIONS);
  if (others.length > 0) row(`${whole(others.length)} others`, sumUp(others.map(([, sum]) => sum)));
  row("all", total);
  return table.toString();
}

function workerTable({ tally, crew, workers }: Result): string {
  const table = new Table({
    head: ["worker", "at once", "files", "MB", "gzipped", "share", "restarts"],
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    style: STYLE,
  });
  for (const { name, concurrency } of crew) {
    const sum = tally.byWorker.get(name) ?? noFiles();
    const { restarts } = workers.find((child) => child.name === name) ?? { restarts: 0 };
    table.push([name, concurrency, ...cells(sum), percent(sum.files / (tally.total.files || 1)), restarts]);
  }
  return table.toString();
}

function deathTable({ deaths }: Tally): string {
  const table = new Table({ head: ["dead letters", "files", "attempts", "the first of them"], colAligns: ["left", "right", "right", "left"], style: STYLE });
  const sorted = [...deaths.values()].toSorted((a, b) => b.files - a.files);
  for (const { reason, files, first } of sorted) table.push([reason, whole(files), first.attempts, shortened(first.path)]);
  return table.toString();
}

const cells = ({ files, bytes, gzipped }: Sum): string[] => [whole(files), (bytes / 1e6).toFixed(1), (gzipped / 1e6).toFixed(1)];

/** The end of a path tells more than its beginning. */
const shortened = (path: string): string => (path.length > 60 ? `…${path.slice(-59)}` : path);

function sumUp(sums: readonly Sum[]): Sum {
  const all = noFiles();
  for (const { files, bytes, gzipped } of sums) {
    all.files += files;
    all.bytes += bytes;
    all.gzipped += gzipped;
  }
  return all;
}
