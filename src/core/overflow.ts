/**
 * What becomes of the events of a source that cannot be asked to wait, when they come faster than they are demanded.
 *
 * Each policy has a bound, but for the one that says in its name that it has none, and each event that it costs is counted
 * (`snapshot().output.discarded`), reported, and told to `handleDiscarded`.
 */
import type { LatestBy } from "./buffer.ts";
import { BadOptionError } from "./errors.ts";
import { isLatestBy } from "./latest-by.ts";
import { checkOption, checkOptions, integer, isFunction, milliseconds } from "./options.ts";

/** Required where a source pushes: there is no default that would be right for all. */
export type Overflow<Event = unknown> =
  | { readonly type: "error" }
  | { readonly type: "dropNewest"; readonly size: number }
  | { readonly type: "dropOldest"; readonly size: number }
  | { readonly type: "latest" }
  | LatestBy<Event>
  | { readonly type: "sample"; readonly ms: number }
  | PauseResume
  | { readonly type: "unbounded" };

/** How a source is made to wait after all. */
export interface PauseResumeOptions {
  /** Asks the source to pause. What it sends all the same is kept, up to `bufferSize`; beyond that the stage fails. */
  readonly pause: () => void;
  /** Asks it to go on. It may send events in this call. */
  readonly resume: () => void;
  /** It is paused when so many events wait: an integer of at least 1. */
  readonly high: number;
  /** It goes on when no more than so many wait: an integer from 0, less than `high`. */
  readonly low: number;
}

/** The policy that {@link pauseResume} makes. */
export interface PauseResume extends PauseResumeOptions {
  readonly type: "pauseResume";
}

/** Nothing is dropped: the stage fails with `SLUICE_BUFFER_FULL` when more than its `bufferSize` (10,000) wait, behind them. */
export const error: Overflow = Object.freeze({ type: "error" });

/** Keeps the latest event. */
export const latest: Overflow = Object.freeze({ type: "latest" });

/** Keeps everything, whatever it costs: for sources that are known to be finite. */
export const unbounded: Overflow = Object.freeze({ type: "unbounded" });

/** Keeps the first `size` events that wait, and drops what comes then. @throws BadOptionError */
export function dropNewest(size: number): Overflow {
  checkOption("the size of dropNewest", size, integer(1));
  return { type: "dropNewest", size };
}

/** Keeps the last `size` events that wait, and drops those before. @throws BadOptionError */
export function dropOldest(size: number): Overflow {
  checkOption("the size of dropOldest", size, integer(1));
  return { type: "dropOldest", size };
}

/**
 * Lets one event pass in each `ms` milliseconds: the latest, at the end of the time, which begins with the first event. One
 * that nobody has demanded by then waits, and gives way to the next. The last event passes when the source completes.
 *
 * @throws BadOptionError
 */
export function sample(ms: number): Overflow {
  checkOption("the ms of sample", ms, milliseconds);
  return { type: "sample", ms };
}

/** Makes the source wait. A source that is paused when the stage ends stays so. @throws BadOptionError */
export function pauseResume(options: PauseResumeOptions): Overflow {
  checkOptions("pauseResume", options, { pause: isFunction, resume: isFunction, high: integer(1), low: integer(0) });
  const { pause, resume, high, low } = options;
  for (const [name, value] of Object.entries({ pause, resume })) checkOption(name, value, isFunction);
  checkOption("high", high, integer(1));
  checkOption("low", low, integer(0, high - 1));
  return { type: "pauseResume", pause, resume, high, low };
}

const TYPES: ReadonlySet<unknown> = new Set(["error", "dropNewest", "dropOldest", "latest", "sample", "pauseResume", "unbounded"]);

/** @throws BadOptionError */
export function checkOverflow(value: unknown): void {
  const isPolicy = typeof value === "object" && value !== null && "type" in value && (TYPES.has(value.type) || isLatestBy(value));
  if (!isPolicy) throw new BadOptionError("overflow", "error, dropNewest(n), dropOldest(n), latest, latestBy(key), sample(ms), pauseResume(…) or unbounded", value);
}
