import { MultiBar } from "cli-progress";

import { whole } from "../program/format.ts";
import { noFiles, type Tally } from "./tally.ts";
import type { WorkerOptions } from "./workers.ts";

/** Shows how many files have been done, and by whom. */
export interface Progress extends Disposable {
  show(tally: Tally): void;
}

type Terminal = NodeJS.WritableStream & { readonly isTTY?: boolean };

export const noProgress: Progress = {
  show() {},
  [Symbol.dispose]() {},
};

/** On a terminal a bar for each worker, its share of what is done; else a line for every 1,000 files. */
export function showProgress(crew: readonly WorkerOptions[], terminal: Terminal): Progress {
  return terminal.isTTY === true ? drawBars(crew, terminal) : printLines(terminal);
}

function drawBars(crew: readonly WorkerOptions[], terminal: Terminal): Progress {
  const bars = new MultiBar({
    format: "{name}, {concurrency} at once  {bar}  {count} files",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    hideCursor: true,
    clearOnComplete: true,
    stream: terminal,
  });
  const rows = crew.map(({ name, concurrency }) => ({ name, bar: bars.create(1, 0, { name, concurrency, count: 0 }) }));
  return {
    show({ total, byWorker }) {
      for (const { name, bar } of rows) {
        const { files } = byWorker.get(name) ?? noFiles();
        bar.setTotal(Math.max(1, total.files));
        bar.update(files, { count: whole(files) });
      }
    },
    [Symbol.dispose]: () => bars.stop(),
  };
}

function printLines(terminal: Terminal): Progress {
  let shown = 0;
  return {
    show({ total, dead }) {
      const thousands = Math.floor((total.files + dead) / 1000);
      if (thousands === shown) return;
      shown = thousands;
      terminal.write(`${whole(1000 * thousands)} files\n`);
    },
    [Symbol.dispose]() {},
  };
}
