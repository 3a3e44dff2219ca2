import { BenchError, type Case, type Figures, type LimitTarget } from "../harness/case.ts";
import { quantile } from "../harness/statistics.ts";
import { Probe, waitsWithin } from "./loop-delay.ts";
import type { WatchedRun } from "./heap.ts";

const FIRST = "p99 wait in the first quarter, ms";
const LAST = "p99 wait in the last quarter, ms";
const GROWTH = "growth of the median wait, ms";

const QUARTERS = 4;

export interface SteadyCase {
  readonly name: string;
  readonly load: () => Promise<WatchedRun>;
  readonly expected: (events: number) => number;
  readonly events: number;
}

/** Whether a timer waits longer the more events have passed: its waits in the first quarter of a long run, and in the last. */
export function steadyDelayCase({ name, load, expected, events }: SteadyCase): Case {
  return {
    name,
    by: "sluice",
    prepare: async () => {
      const run = await load();
      await run(events / 10, () => undefined);
      return () => watch(run, events, expected(events));
    },
  };
}

export function steadyDelayTargets(ours: string, p99: number, growth: number): LimitTarget[] {
  return [
    { type: "limit", figure: LAST, ours, atMost: p99 },
    { type: "limit", figure: GROWTH, ours, atMost: growth },
  ];
}

async function watch(run: WatchedRun, events: number, expected: number): Promise<Figures> {
  const quarters: number[][] = [];
  let probe = new Probe();
  let count = 0;
  const sum = await run(events, (more) => {
    count += more;
    if (count < ((quarters.length + 1) * events) / QUARTERS || quarters.length === QUARTERS) return;
    quarters.push(probe.stop().flatMap(waitsWithin));
    if (quarters.length < QUARTERS) probe = new Probe();
  });
  if (sum !== expected) throw new BenchError(`expected the result to be ${expected}, got: ${sum}`);
  const [first = []] = quarters;
  const last = quarters.at(-1) ?? [];
  return { [FIRST]: quantile(first, 0.99), [LAST]: quantile(last, 0.99), [GROWTH]: quantile(last, 0.5) - quantile(first, 0.5) };
}
