import { integer, type Check } from "../options.ts";
import { Queue } from "../queue.ts";

/** OTP's limit on restarts. */
export interface IntensityOptions {
  /** The most restarts within `withinMs`; one more, and the supervisor gives up. `Infinity`: never. Default 3. */
  readonly maxRestarts?: number | undefined;
  /** The time in which restarts are counted, in ms. Default 5,000. */
  readonly withinMs?: number | undefined;
}

export const INTENSITY_CHECKS: { readonly maxRestarts: Check; readonly withinMs: Check } = {
  maxRestarts: (value) => (value === Infinity || integer(0)(value) === undefined ? undefined : "an integer of at least 0, or Infinity"),
  withinMs: integer(1),
};

/** Counts restarts, and says when there are too many of them. */
export class RestartIntensity {
  readonly maxRestarts: number;
  readonly withinMs: number;
  /** When the restarts of the last `withinMs` were, the oldest first. */
  readonly #times = new Queue<number>();

  constructor({ maxRestarts = 3, withinMs = 5000 }: IntensityOptions) {
    this.maxRestarts = maxRestarts;
    this.withinMs = withinMs;
  }

  /** Counts a restart that is about to happen; returns whether it may. */
  allow(): boolean {
    if (this.maxRestarts === Infinity) return true;
    // The global clock at call time: fake timers fake it, too.
    const now = performance.now();
    while (this.#times.length > 0 && now - this.#times.peek() > this.withinMs) this.#times.shift();
    if (this.#times.length >= this.maxRestarts) return false;
    this.#times.push(now);
    return true;
  }
}
