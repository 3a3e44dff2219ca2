/** The error with which IxJS answers an abort. */

/** Whether it is the `AbortError` of IxJS: with the signal of a stage that has ended it is no news. */
export function isAbortError(error: unknown): boolean {
  try {
    return Object.prototype.toString.call(error) === "[object AbortError]";
  } catch {
    return false;
  }
}
