import type { Measure } from "./measure.ts";

/** What became of a file. */
export type Outcome = Measured | DeadLetter;

export interface Measured extends Measure {
  readonly type: "measured";
  readonly path: string;
  /** The name of the worker. */
  readonly worker: string;
}

/** A file that nobody could measure, and why. */
export interface DeadLetter {
  readonly type: "dead";
  readonly path: string;
  /** The worker that gave it up; none where it went back to the queue too often. */
  readonly worker?: string;
  readonly attempts: number;
  readonly reason: string;
}

export const isMeasured = (outcome: Outcome): outcome is Measured => outcome.type === "measured";
export const isDead = (outcome: Outcome): outcome is DeadLetter => outcome.type === "dead";
