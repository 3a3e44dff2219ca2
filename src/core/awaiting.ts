/** How a callback's promise is awaited while the mailbox waits. */

export type Awaiting = (promise: unknown, onValue: (value: unknown) => void, onError: (error: unknown) => void) => Promise<void>;

/**
 * A function that awaits and has the name of a stage: so the name stands in the stack of an error that a callback throws
 * behind an `await` of its own (`at async evens`).
 *
 * Measured: 25 to 45 ns a promise more than `then`. Calls that run beside the mailbox do without, for them it is a seventh.
 */
export function awaitingAs(name: string): Awaiting {
  const awaiting: Awaiting = async (promise, onValue, onError) => {
    let value: unknown;
    try {
      value = await promise;
    } catch (error) {
      onError(error);
      return;
    }
    onValue(value);
  };
  return Object.defineProperty(awaiting, "name", { value: name });
}
