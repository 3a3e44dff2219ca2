/** How long the event loop keeps timers and immediates waiting. */
// Not the global ones: they are counted.
import { setImmediate as immediate, setTimeout as timeout } from "node:timers";

/**
 * The longest gaps, in ms: of the wall clock, or of the processor where that is less, as a process that does not run keeps
 * nobody waiting by its own fault.
 */
export class LoopDelay {
  timer = 0;
  immediate = 0;
  #isOver = false;

  start(): void {
    this.#watch(timeout, (gap) => (this.timer = Math.max(this.timer, gap)));
    this.#watch(immediate, (gap) => (this.immediate = Math.max(this.immediate, gap)));
  }

  stop(): void {
    this.#isOver = true;
  }

  #watch(next: (callback: () => void, ms?: number) => unknown, see: (gap: number) => void): void {
    let wall = performance.now();
    let cpu = process.cpuUsage();
    const look = (): void => {
      const { user, system } = process.cpuUsage(cpu);
      see(Math.min(performance.now() - wall, (user + system) / 1000));
      if (this.#isOver) return;
      wall = performance.now();
      cpu = process.cpuUsage();
      next(look, 0);
    };
    next(look, 0);
  }
}
