import type { Case, LimitTarget, TimedRun } from "../harness/case.ts";
import { quantile } from "../harness/statistics.ts";
import { CheckedRun } from "./calibrate.ts";
import type { SpeedCase } from "./speed.ts";

const P99 = "p99 wait, ms";
const GREATEST = "greatest gap, ms";

const SATURATED_MS = 2000;
/** The pipeline is built anew so often: rarely enough not to be seen in the 99th percentile. */
const ROUND_MS = 500;
const PROBE_EVERY_MS = 1;

/** How long a timer waits while the job saturates the CPU for two seconds. */
export function loopDelayCase({ name, by, load, expected }: SpeedCase): Case {
  return { name, by, prepare: async () => prepare(new CheckedRun(await load(), expected)) };
}

/** The medians of the runs, so that one outlier of the machine does not decide. */
export function loopDelayTargets(ours: string, p99: number, greatest?: number): LimitTarget[] {
  const targets: LimitTarget[] = [{ type: "limit", figure: P99, ours, atMost: p99 }];
  if (greatest !== undefined) targets.push({ type: "limit", figure: GREATEST, ours, atMost: greatest });
  return targets;
}

async function prepare(run: CheckedRun): Promise<TimedRun> {
  const events = await run.calibrate(ROUND_MS);
  return async () => {
    const probe = new Probe();
    let elapsed = 0;
    do elapsed += await run.time(events);
    while (elapsed < SATURATED_MS);
    const gaps = probe.stop();
    return { [P99]: quantile(gaps.flatMap(waitsWithin), 0.99), [GREATEST]: quantile(gaps, 1) };
  };
}

/** Notes the time between the ticks of an interval timer. */
export class Probe {
  readonly #gaps: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#note(), PROBE_EVERY_MS);
  }

  /** A timer that never ticked waited for the whole run. */
  stop(): number[] {
    clearInterval(this.#timer);
    this.#note();
    return this.#gaps;
  }

  #note(): void {
    const now = performance.now();
    this.#gaps.push(now - this.#last);
    this.#last = now;
  }
}

/**
 * Corrected for coordinated omission: in a gap of g ms a tick was due every ms,
 * so it counts as waits of g, g - 1, ...
 */
export function waitsWithin(gap: number): number[] {
  const waits: number[] = [];
  for (let wait = gap; wait > 0; wait -= PROBE_EVERY_MS) waits.push(wait);
  return waits;
}
