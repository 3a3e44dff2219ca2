/** How long an end waits for a native side to close, in ms, where no `closeWithinMs` is given. */
export const CLOSE_WITHIN_MS = 1000;
/** The longest that a timer can keep, in ms: for who leaves it to another to keep the time. */
export const LONGEST_MS = 2_147_483_647;

/** Waits for a promise no longer than so many ms; then resolves, or rejects with the error that `late` makes. */
export function within(promise: PromiseLike<unknown>, ms: number, late?: () => Error): Promise<void> {
  return new Promise((resolve, reject) => {
    // The global timer, looked up at each call: a user's fake timers drive it.
    const timer = setTimeout(() => (late === undefined ? resolve() : reject(late())), ms);
    Promise.resolve(promise)
      .then(() => resolve(), reject)
      .finally(() => clearTimeout(timer));
  });
}
