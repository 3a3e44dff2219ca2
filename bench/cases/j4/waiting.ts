/** How many calls run at a time. */
export const AT_ONCE = 16;

/** What the handler of an event waits for: a microtask, or a turn of the event loop. */
export type Wait = "promise" | "setImmediate";

/** A process sees one of the two only, so a call of it stays monomorphic. */
export const waiting = (wait: Wait): (() => Promise<void>) =>
  wait === "promise" ? () => Promise.resolve() : () => new Promise((resolve) => setImmediate(resolve));
