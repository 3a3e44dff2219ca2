import Table from "cli-table3";
import type { Snapshot } from "sluice";

import { megabytes, percent, seconds, whole } from "../program/format.ts";
import { minutes, type Delays } from "./delay-table.ts";
import type { Result } from "./job.ts";

const SHOWN_ROWS = 10;

const PICTURE = `\
               ┌──▶ totals 1 ──┐
  flights ─────┼──▶ totals 2 ──┤
               ├──▶ totals 3 ──┼──▶ join ──▶ gzip ──▶ file
               └──▶ totals 4 ──┤
  airports ────────────────────┘
`;

/** What the job found and how its stages spent their time, for a terminal. */
export function report(result: Result, out: string): string {
  const { rows, flights, ms, stages } = result;
  const bytes = process.resourceUsage().maxRSS * 1024;
  return [
    delayTable(rows.slice(0, SHOWN_ROWS)),
    `${whole(rows.length)} airports, written to ${out}`,
    "",
    PICTURE,
    stageTable(stages),
    `${whole(flights)} flights read in ${seconds(ms)}: ${whole((1000 * flights) / ms)} events a second, peak memory ${megabytes(bytes)}`,
  ].join("\n");
}

function delayTable(rows: readonly Delays[]): string {
  const table = new Table({
    head: ["origin", "airport", "flights", "delayed", "mean delay"],
    colAligns: ["left", "left", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) {
    table.push([row.origin, row.airport, whole(row.flights), whole(row.delayed), minutes(row.meanDelay)]);
  }
  return table.toString();
}

function stageTable(stages: readonly Snapshot[]): string {
  const table = new Table({
    head: ["stage", "events in", "events out", "greatest buffer", "busy", "starved", "blocked"],
    colAligns: ["left", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, input, output, timeMs } of stages) {
    const { busy, starved, blocked } = timeMs ?? { busy: 0, starved: 0, blocked: 0 };
    const life = busy + starved + blocked || 1;
    table.push([
      name,
      input === undefined ? "" : whole(input.received),
      output === undefined ? "" : whole(output.emitted),
      output === undefined ? "" : whole(output.maxBuffered),
      percent(busy / life),
      percent(starved / life),
      percent(blocked / life),
    ]);
  }
  return table.toString();
}
