/** How a chain of IxJS is left. */
import { inNextTurn } from "../../core/index.ts";

/**
 * Calls `return`, and aborts when that has not settled a turn of the event loop later: it waits behind a `next()` that is
 * stuck. Not before, as an abort does harm in IxJS where nothing is stuck: a source that has ended throws out of the signal.
 *
 * @returns what `return` gave; an answer to the abort is no failure
 * @throws what `return` throws in the call
 */
export function leave(iterator: AsyncIterator<unknown, unknown>, controller: AbortController | undefined, cause: unknown, ...given: readonly [reason?: unknown]): Promise<IteratorResult<unknown, unknown>> {
  if (iterator.return === undefined || iterator.return === null) {
    controller?.abort(cause);
    return Promise.resolve(LEFT);
  }
  return departure(iterator.return(...given), controller, cause);
}

async function departure(result: PromiseLike<IteratorResult<unknown, unknown>>, controller: AbortController | undefined, cause: unknown): Promise<IteratorResult<unknown, unknown>> {
  let hasSettled = false;
  inNextTurn(() => {
    if (!hasSettled) controller?.abort(cause);
  });
  try {
    return await result;
  } catch (error) {
    if (!isEcho(error, controller?.signal)) throw error;
    return LEFT;
  } finally {
    hasSettled = true;
  }
}

const LEFT: IteratorReturnResult<undefined> = { value: undefined, done: true };

/** Whether an error is only the answer to our abort: the reason, or the `AbortError` of IxJS. */
export function isEcho(error: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && (error === signal.reason || isAbortError(error));
}

function isAbortError(error: unknown): boolean {
  try {
    return Object.prototype.toString.call(error) === "[object AbortError]";
  } catch {
    return false;
  }
}
