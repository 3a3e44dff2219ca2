import type { Case, Figures, LimitTarget } from "../harness/case.ts";
import { BenchError } from "../harness/case.ts";

const GROWTH = "growth, MB";
const HEAP = "heap, MB";

/** Does a job with so many events and returns their sum; `passed` is told how many have come by, at most a list at a time. */
export type WatchedRun = (events: number, passed: (count: number) => void) => Promise<number>;

export interface HeapCase {
  readonly name: string;
  readonly by: string;
  readonly load: () => Promise<WatchedRun>;
  /** The sum that so many events must give. */
  readonly expected: (events: number) => number;
  /** How many events the run has: the heap after all of them is compared with the heap after a tenth. */
  readonly events: number;
}

/** What a job keeps of the events that have passed: the live heap after a tenth of them, and how much more it is after all. */
export function heapCase({ name, by, load, expected, events }: HeapCase): Case {
  return {
    name,
    by,
    prepare: async () => {
      const run = await load();
      return () => watch(run, events, expected(events));
    },
  };
}

/** Holds for every run. */
export function growthTarget(ours: string, atMost: number): LimitTarget {
  return { type: "limit", figure: GROWTH, ours, atMost, oursBy: "max" };
}

async function watch(run: WatchedRun, events: number, expected: number): Promise<Figures> {
  const marks = [events / 10, events];
  const heaps: number[] = [];
  let count = 0;
  // While the job runs: what its end lets go of has been kept all the same.
  const sum = await run(events, (more) => {
    count += more;
    while (count >= (marks[heaps.length] ?? Infinity)) heaps.push(liveHeap());
  });
  if (sum !== expected) throw new BenchError(`expected the result to be ${expected}, got: ${sum}`);
  const [early = Number.NaN, late = Number.NaN] = heaps;
  return { [HEAP]: early / 1e6, [GROWTH]: (late - early) / 1e6 };
}

function liveHeap(): number {
  if (globalThis.gc === undefined) throw new BenchError("expected node to run with --expose-gc, got: no gc function");
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
