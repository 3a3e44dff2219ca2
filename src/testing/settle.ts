import { atNextTurn, isIdle } from "../core/scheduler.ts";

/** How many turns of the event loop must pass with nothing to do. */
const QUIET_TURNS = 3;

/**
 * Resolves when all stages are quiet: no message waits, and none came of the promises that have settled meanwhile. It looks
 * at no clock, so it works under fake timers; a callback that waits for a timer counts as quiet.
 */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; ) {
    await new Promise<void>((resolve) => atNextTurn(resolve));
    quiet = isIdle() ? quiet + 1 : 0;
  }
}
