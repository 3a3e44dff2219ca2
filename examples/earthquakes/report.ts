import Table from "cli-table3";

import { percent, whole } from "../program/format.ts";
import type { Client } from "./client.ts";

/** Who got how much, for a terminal. */
export function report(clients: readonly Client[]): string {
  if (clients.length === 0) return "nobody listened";
  const table = new Table({
    head: ["client", "takes one in", "quakes sent", "superseded", "sent"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { name, paceMs, sent, superseded } of clients) {
    table.push([name, paceMs === 0 ? "no time" : `${whole(paceMs)} ms`, whole(sent), whole(superseded), percent(sent / (sent + superseded || 1))]);
  }
  return table.toString();
}
