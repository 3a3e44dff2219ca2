/** One cell of the matrix: a way in, a way out, a fault. */
import { Pair, type Fault } from "./fault.ts";
import type { Mismatch } from "./mismatch.ts";
import type { Watch } from "./watch.ts";
import type { WayIn, WayOut } from "./ways.ts";

export interface Cell {
  readonly wayIn: WayIn;
  readonly wayOut: WayOut;
  readonly fault: Fault;
}

export type Verdict =
  | { readonly type: "passed"; readonly runs: number }
  | { readonly type: "failed"; readonly mismatches: readonly Mismatch[] }
  /** It does not apply to the pair, for a reason. */
  | { readonly type: "unfit"; readonly reason: string }
  /** The pair does not have the interface that the fault is about: it does not count. */
  | { readonly type: "none" };

export interface RunOptions {
  readonly watch: Watch;
  /** How many events the runs of very many have. */
  readonly long: number;
}

export async function runCell({ wayIn, wayOut, fault }: Cell, { watch, long }: RunOptions): Promise<Verdict> {
  if (!has(wayIn, wayOut, fault)) return { type: "none" };
  const reason = fault.unfit?.(wayIn, wayOut);
  if (reason !== undefined) return { type: "unfit", reason };
  const pair = new Pair(wayIn, wayOut, watch, long);
  await fault.run(pair);
  if (pair.runs === 0) throw new Error(`expected fault ${fault.code} to make runs of ${wayIn.name} > ${wayOut.name}, or to say why not`);
  if (pair.mismatches.length > 0) return { type: "failed", mismatches: pair.mismatches };
  return { type: "passed", runs: pair.runs };
}

/** Whether the pair has the interface that the fault is about. */
export function has({ hasIterator, hasMark }: WayIn, wayOut: WayOut, { needs }: Fault): boolean {
  switch (needs) {
    case "an iterator in":
      return hasIterator === true;
    case "a reader out":
      return wayOut.iterate !== undefined;
    case "a high-water mark":
      return hasMark === true || wayOut.hasMark === true;
    default:
      return true;
  }
}
