import type { Target } from "./case.ts";
import type { Result } from "./measure.ts";
import type { Summary } from "./statistics.ts";

/** A missed target is measured again, and is failed when it misses in two of three. */
const MISSES_TO_FAIL = 2;
const MEETS_TO_PASS = 2;

/** A target and what each measurement of it found: a ratio, or the figure that has a limit. */
export interface Verdict {
  readonly target: Target;
  readonly values: readonly number[];
  readonly met: boolean;
}

/** What `results` say of the target; nothing when a case of it was left out. */
export function valueOf(target: Target, results: readonly Result[]): number | undefined {
  const ours = figureOf(target.ours, target.figure, results);
  if (target.type === "limit") return ours?.[target.oursBy ?? "median"];
  const peer = figureOf(target.peer, target.figure, results);
  return ours && peer && ours.min / peer[target.peerBy ?? "median"];
}

function figureOf(name: string, figure: string, results: readonly Result[]): Summary | undefined {
  return results.find((result) => result.name === name)?.figures[figure];
}

/** True when one more measurement can still change the verdict: one miss, not yet made good twice. */
export function isUndecided(target: Target, values: readonly number[]): boolean {
  const misses = countMisses(target, values);
  return misses > 0 && misses < MISSES_TO_FAIL && values.length - misses < MEETS_TO_PASS;
}

/** Met at once, or after one miss in two more measurements. */
export function judge(target: Target, values: readonly number[]): Verdict {
  const misses = countMisses(target, values);
  return { target, values, met: misses === 0 || values.length - misses >= MEETS_TO_PASS };
}

/** NaN is a miss. */
function countMisses(target: Target, values: readonly number[]): number {
  return values.filter((value) => !(value <= target.atMost)).length;
}
