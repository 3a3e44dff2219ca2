import { setTimeout as sleep } from "node:timers/promises";

export interface RetryPolicy {
  /** The most attempts, the first one included. */
  readonly attempts: number;
  /** The pause before the second attempt, in ms; each further one is twice as long. */
  readonly pauseMs: number;
  /** Whether another attempt is worth it. */
  readonly isWorthwhile: (error: unknown) => boolean;
}

/** All attempts have failed, the last one with the cause. */
export class GaveUp extends Error {
  override readonly name = "GaveUp";
  readonly attempts: number;

  constructor(attempts: number, cause: unknown) {
    super(`gave up after ${attempts} attempts`, { cause });
    this.attempts = attempts;
  }
}

/**
 * Works until it succeeds, as the policy allows. Throws a GaveUp when it does not, and what an abort left unfinished throws
 * when the signal has aborted: that was no attempt.
 */
export async function withRetries<Result>(policy: RetryPolicy, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted) throw error;
      if (attempt === policy.attempts || !policy.isWorthwhile(error)) throw new GaveUp(attempt, error);
    }
    await sleep(policy.pauseMs * 2 ** (attempt - 1), undefined, { signal });
  }
}
