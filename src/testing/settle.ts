import { atNextTurn, isIdle } from "../core/scheduler.ts";

/** How many turns of the event loop must pass with nothing to do. */
const QUIET_TURNS = 3;

/**
 * Resolves when all stages are quiet: no message waits, and none came of the promises that have settled meanwhile. It looks
 * at no clock and waits for none: a callback that waits for a timer, or for the network, counts as quiet.
 *
 * It works under fake timers, whatever is faked: the turns of the event loop that stages and this function take are those of
 * `setImmediate` (or `MessageChannel`) and `queueMicrotask` at the time when Sluice was loaded. So load it before you fake. To
 * let time pass, move the clock, then settle: `vi.advanceTimersByTime(100); await settle();`.
 */
export async function settle(): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; ) {
    // Looked at in the turn itself, when all that came of the one before has run.
    const isQuiet = await new Promise<boolean>((resolve) => atNextTurn(() => resolve(isIdle())));
    quiet = isQuiet ? quiet + 1 : 0;
  }
}
