import { systemReason } from "../program/failure.ts";
import { measure } from "./measure.ts";
import type { Outcome } from "./outcome.ts";
import { GaveUp, withRetries, type RetryPolicy } from "./retry.ts";

/** What a worker does with a file. It rejects only when it is told to stop, or has a defect. */
export type Attempt = (path: string, worker: string, signal: AbortSignal) => Promise<Outcome>;

/** Measures a file, as often as the policy allows. That a file cannot be read is an outcome, too: no reason for a worker to crash. */
export function attempting(policy: RetryPolicy, maxBytes: number): Attempt {
  return async (path, worker, signal) => {
    try {
      const found = await withRetries(policy, signal, () => measure(path, maxBytes, signal));
      return { type: "measured", path, worker, ...found };
    } catch (error) {
      if (!(error instanceof GaveUp)) throw error;
      return { type: "dead", path, worker, attempts: error.attempts, reason: systemReason(error.cause) };
    }
  };
}

/** Crashes at every `every`th file, to show what that costs. */
export function crashing(attempt: Attempt, every: number): Attempt {
  let begun = 0;
  return (path, worker, signal) => {
    begun++;
    if (begun % every === 0) throw new Error(`${worker} crashes, as it was told to`);
    return attempt(path, worker, signal);
  };
}
