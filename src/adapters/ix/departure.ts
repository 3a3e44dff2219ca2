/** How a chain of IxJS is left. */
import { inNextTurn, isThenable } from "../../core/index.ts";

/**
 * Calls `return`, and aborts when that has not settled a turn of the event loop later: it waits behind a `next()` that is
 * stuck. Not before, as an abort does harm in IxJS where nothing is stuck: a source that has ended throws out of the signal.
 *
 * @returns what `return` gave
 */
export function leave(iterator: AsyncIterator<unknown, unknown>, abort: () => void, ...reason: readonly [reason?: unknown]): unknown {
  if (iterator.return === undefined || iterator.return === null) {
    abort();
    return { value: undefined, done: true };
  }
  const result: unknown = iterator.return(...reason);
  if (isThenable(result)) {
    let hasSettled = false;
    const settled = (): void => void (hasSettled = true);
    result.then(settled, settled);
    inNextTurn(() => {
      if (!hasSettled) abort();
    });
  }
  return result;
}

/** Whether it is the `AbortError` of IxJS: behind an abort of ours it is no news. */
export function isAbortError(error: unknown): boolean {
  try {
    return Object.prototype.toString.call(error) === "[object AbortError]";
  } catch {
    return false;
  }
}
