/** A callback that is stuck. */
export function never(): Promise<never> {
  return new Promise(() => undefined);
}

/** What has become of a promise until now: its value, its error, or nothing yet. */
export interface Outcome<Value> {
  value?: Value;
  error?: unknown;
}

/** Watches a promise without waiting for it. */
export function watch<Value>(promise: PromiseLike<Value>): Outcome<Value> {
  const outcome: Outcome<Value> = {};
  promise.then(
    (value) => void (outcome.value = value),
    (error: unknown) => void (outcome.error = error),
  );
  return outcome;
}
