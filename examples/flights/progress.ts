import { SingleBar } from "cli-progress";
import { distinctUntilChanged, filter, from, map, sampleTime, type Observable } from "rxjs";
import { producer } from "sluice";
import { toObservable } from "sluice/rxjs";

import { whole } from "../program/format.ts";

/** Shows how many flights have been read. */
export interface Progress extends AsyncDisposable {
  show(count: number): void;
}

type Terminal = NodeJS.WritableStream & { readonly isTTY?: boolean };

export const noProgress: Progress = {
  show() {},
  async [Symbol.asyncDispose]() {},
};

/** A bar on a terminal, else a line for every tenth. */
export function showProgress(total: number, terminal: Terminal): Progress {
  // Only the latest count matters: should they come faster than they are shown, it replaces those before it.
  const counts = producer<number>({ name: "progress", bufferSize: 1, bufferKeep: "last" });
  const ended = (terminal.isTTY === true ? drawBar : printLines)(from(toObservable(counts)), total, terminal);
  return {
    show: (count) => counts.emit([count]),
    async [Symbol.asyncDispose]() {
      counts.complete();
      await ended;
    },
  };
}

function drawBar(counts: Observable<number>, total: number, terminal: Terminal): Promise<void> {
  const bar = new SingleBar({
    format: "{bar} {percentage} %, {value} of {total} flights",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    formatValue: (value, _options, type) => (type === "percentage" ? String(value) : whole(value)),
    hideCursor: true,
    clearOnComplete: true,
    stream: terminal,
  });
  bar.start(total, 0);
  return counts
    .pipe(sampleTime(100))
    .forEach((count) => bar.update(count))
    .finally(() => bar.stop());
}

function printLines(counts: Observable<number>, total: number, terminal: Terminal): Promise<void> {
  const lines = counts.pipe(
    map((count) => Math.floor((10 * count) / total)),
    distinctUntilChanged(),
    filter((tenths) => tenths > 0),
    map((tenths) => `${10 * tenths} % of ${whole(total)} flights\n`),
  );
  return lines.forEach((line) => void terminal.write(line));
}
