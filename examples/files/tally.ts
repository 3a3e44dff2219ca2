import { extname } from "node:path";

import { consumer, type Consumer, type Producer } from "sluice";

import type { DeadLetter, Measured, Outcome } from "./outcome.ts";

/** What some files add up to. */
export interface Sum {
  files: number;
  bytes: number;
  gzipped: number;
}

/** Dead letters with one reason, and the first of them. */
export interface Deaths {
  files: number;
  readonly reason: string;
  readonly first: DeadLetter;
}

/** Adds outcomes up: its size depends on how many workers, extensions and reasons there are, not on how many files. */
export class Tally {
  readonly total: Sum = noFiles();
  readonly byWorker: Map<string, Sum> = new Map();
  readonly byExtension: Map<string, Sum> = new Map();
  readonly deaths: Map<string, Deaths> = new Map();
  dead = 0;

  add(outcome: Outcome): void {
    if (outcome.type === "dead") this.#addDead(outcome);
    else this.#addMeasured(outcome);
  }

  #addMeasured(file: Measured): void {
    for (const sum of [this.total, sumOf(this.byWorker, file.worker), sumOf(this.byExtension, extname(file.path))]) {
      sum.files++;
      sum.bytes += file.bytes;
      sum.gzipped += file.gzipped;
    }
  }

  #addDead(letter: DeadLetter): void {
    this.dead++;
    const known = this.deaths.get(letter.reason);
    if (known === undefined) this.deaths.set(letter.reason, { files: 1, reason: letter.reason, first: letter });
    else known.files++;
  }
}

/** Fills the tally, and says so after each list. */
export function tallying(outcomes: Producer<Outcome>, tally: Tally, onChange: () => void): Consumer<Outcome> {
  return consumer({
    name: "tally",
    subscribeTo: [outcomes],
    handleEvents(list) {
      for (const outcome of list) tally.add(outcome);
      onChange();
    },
  });
}

function sumOf(sums: Map<string, Sum>, key: string): Sum {
  let sum = sums.get(key);
  if (sum === undefined) sums.set(key, (sum = noFiles()));
  return sum;
}

export const noFiles = (): Sum => ({ files: 0, bytes: 0, gzipped: 0 });
