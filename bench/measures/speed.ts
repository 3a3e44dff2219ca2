import type { Case, RatioTarget, TimedRun } from "../harness/case.ts";
import { CheckedRun, type Counts, type Run } from "./calibrate.ts";

const FIGURE = "ns an event";
/** Of all threads of the process: on a crowded machine it tells more than the time that has passed. */
const CPU = "CPU, ns";

/** A timed run lasts at least so long. */
const LEAST_MS = 200;

/**
 * And is calibrated to more: the collection before a run takes the hidden classes of the ended stages along, and with them
 * the optimised code. Runs of 250 ms are 15 % slower for that at short lists, longer ones than this are not faster.
 */
const CALIBRATED_MS = 500;
/** For the same reason this share of a run goes before it, unmeasured: a broadcast at 10/5 takes 81 ns with it, 90 without; RxJS takes 96 and 98. */
const WARMING = 0.2;

export interface SpeedCase extends Counts {
  readonly name: string;
  readonly by: string;
  /** Imports the case; called in its own process only, so that no peer sees the code of another. */
  readonly load: () => Promise<Run>;
  /** The sum that so many events must give. */
  readonly expected: (events: number) => number;
  /** How many hops an event makes: the figure is that of one. Default 1. */
  readonly hops?: number;
}

/** How long a source event takes. */
export function speedCase(speed: SpeedCase): Case {
  return { name: speed.name, by: speed.by, prepare: () => prepare(speed) };
}

/** The minimum of ours over that of the peer, both in time of the CPU. */
export function cpuTarget(ours: string, peer: string, atMost: number): RatioTarget {
  return { type: "ratio", figure: CPU, ours, peer, atMost, peerBy: "min" };
}

/** The minimum of ours over the median of the peer. */
export function speedTarget(ours: string, peer: string, atMost: number): RatioTarget {
  return { type: "ratio", figure: FIGURE, ours, peer, atMost };
}

async function prepare({ load, expected, hops = 1, ...counts }: SpeedCase): Promise<TimedRun> {
  const run = new CheckedRun(await load(), expected);
  const events = await run.calibrate(CALIBRATED_MS, counts);
  const warming = Math.max(1, Math.ceil(events * WARMING));
  return async () => {
    await run.time(warming);
    let elapsed = 0;
    let rounds = 0;
    const before = process.cpuUsage();
    // More than one round only where the most events take less than the least time.
    do {
      elapsed += await run.time(events);
      rounds++;
    } while (elapsed < LEAST_MS);
    const { user, system } = process.cpuUsage(before);
    const hopsMade = rounds * events * hops;
    return { [FIGURE]: (elapsed * 1e6) / hopsMade, [CPU]: ((user + system) * 1000) / hopsMade };
  };
}
