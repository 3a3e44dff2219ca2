/** Waiting without a clock: by turns of the event loop, with a deadline that no case that is right comes near. */
import { setImmediate as nextTurn } from "node:timers/promises";

/** What a cell may take, unless it is about a deadline. Those that are known to hang need not be waited for so long. */
export const DEADLINE_MS: number = Number(process.env["MATRIX_DEADLINE_MS"] ?? 1000);

export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await nextTurn();
}

/** Resolves when it holds (true), or when the deadline is over (false). */
export async function until(holds: () => boolean, ms: number = DEADLINE_MS): Promise<boolean> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) return false;
    await nextTurn();
  }
  return true;
}

/** Whether a promise settles within the deadline. */
export async function settledWithin(promise: Promise<unknown>, ms: number = DEADLINE_MS): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, ms, false)));
  const settled = (): boolean => true;
  try {
    return await Promise.race([promise.then(settled, settled), late]);
  } finally {
    clearTimeout(timer);
  }
}
