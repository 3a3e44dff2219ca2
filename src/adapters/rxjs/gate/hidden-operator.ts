/** What cannot be behind a gate, and what to use instead. */
import { SluiceError } from "../../../core/index.ts";

/** An operator does something of its own, later: nobody can know whose output that is, nor that none will come. */
export function hiddenOperator(): SluiceError {
  return new SluiceError(
    "SLUICE_BAD_PARTNER",
    "expected the operators to emit only while an event is fed or a tracked inner observable emits, got: an asynchronous operator between them. " +
      "Give the one that flattens what it waits for (mergeMap, concatMap, switchMap, exhaustMap, ...) to `tracked`, give each event a copy of the operators by `each`, " +
      "or put what depends on time (delay, debounceTime, bufferTime, merge, ...) on the push side: before `fromObservable`, or behind `toObservable`",
  );
}

/**
 * Nothing would make room for the value that waits: what is active are parts of the input, which end with it, and no more of
 * that is fed. Or a part has come that no event may ever reach: a window, as it is there before the first one.
 */
export function noRoomForParts(limit: number): SluiceError {
  return new SluiceError(
    "SLUICE_BAD_PARTNER",
    `expected a tracked operator to have room for all parts of its input, got: groups or windows, and a limit of ${limit}. Flatten those by RxJS's own mergeMap, without a limit`,
  );
}

/** `retry()` and `repeat()` without a count would go on for ever. */
export function leftTooLate(times: number, end: { readonly error: unknown } | { readonly error?: undefined }): SluiceError {
  const isError = "error" in end;
  return new SluiceError(
    "SLUICE_BAD_PARTNER",
    `expected the operators to leave an input that has ended, got: ${times} subscriptions after its end. Give \`${isError ? "retry" : "repeat"}\` a count`,
    isError ? { cause: end.error } : undefined,
  );
}
