/** The timers that are running: those that were set through the globals, as the library and its peers do. */

const running = new Map<unknown, number>();

/** Puts the count in front of the global timers; returns what takes it away. */
export function countTimers(): () => void {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis;
  globalThis.setTimeout = ((callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = setTimeout(() => {
      running.delete(timer);
      callback(...args);
    }, ms);
    running.set(timer, ms ?? 0);
    return timer;
  }) as typeof setTimeout;
  globalThis.setInterval = ((callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => {
    const timer = setInterval(callback, ms, ...args);
    running.set(timer, ms ?? 0);
    return timer;
  }) as typeof setInterval;
  globalThis.clearTimeout = (timer) => {
    running.delete(timer);
    clearTimeout(timer);
  };
  globalThis.clearInterval = (timer) => {
    running.delete(timer);
    clearInterval(timer);
  };
  return () => Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
}

/** How long each of them was set for, in ms; after that they are forgotten. */
export function takeRunningTimers(): readonly number[] {
  const all = [...running.values()];
  running.clear();
  return all;
}
