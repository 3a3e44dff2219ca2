import { consumer, type Consumer, type Producer } from "sluice";

import type { Quake } from "./quakes.ts";

/** Writes a line for each quake: a client like any other, and one that is never slow. */
export function log(feed: Producer<Quake>, write: (line: string) => void): Consumer<Quake> {
  return consumer({
    name: "log",
    subscribeTo: [feed],
    handleEvents(list) {
      for (const quake of list) write(line(quake));
    },
  });
}

/** 2018-02-01 07:34  2.4  ████      12km SSW of Volcano, Hawaii */
export function line({ time, magnitude, where }: Quake): string {
  const when = new Date(time).toISOString().slice(0, 16).replace("T", " ");
  const bar = "█".repeat(Math.max(0, Math.round(2 * magnitude)));
  return `${when}  ${magnitude.toFixed(1).padStart(4)}  ${bar.padEnd(16)}  ${where}\n`;
}
