import { LONGEST_MS } from "../deadline.ts";
import { checkOptions } from "../options.ts";
import { throwUncaught } from "../scheduler.ts";

/** A pause before a restart, which grows as long as a child does not stay up. */
export interface BackoffOptions {
  /** Before the first restart, in ms. Default 100. */
  readonly initialMs?: number | undefined;
  /** The longest pause; a child that has been up for so long begins anew. Default 30,000. */
  readonly maxMs?: number | undefined;
  /** By how much each pause is longer than the one before. Default 2. */
  readonly factor?: number | undefined;
  /**
   * Whether a pause is shortened at random, to between half and all of it, so that those who failed together do not come back
   * together. Or a source of random numbers from 0 to 1 (excluded). Default true.
   */
  readonly jitter?: boolean | (() => number) | undefined;
}

const positive = (value: unknown): string | undefined =>
  typeof value === "number" && value > 0 && value <= LONGEST_MS ? undefined : "a number of ms above 0 that timers can keep";

/** How long to wait before a restart. */
export class Backoff {
  readonly maxMs: number;
  readonly #initialMs: number;
  readonly #factor: number;
  readonly #random: () => number;

  /** @throws BadOptionError */
  constructor(options: BackoffOptions) {
    checkOptions("backoff", options, {
      initialMs: positive,
      maxMs: positive,
      factor: (value) => (typeof value === "number" && value >= 1 && value < Infinity ? undefined : "a number of at least 1"),
      jitter: (value) => (typeof value === "boolean" || typeof value === "function" ? undefined : "a boolean or a function"),
    });
    const { initialMs = 100, maxMs = 30_000, factor = 2, jitter = true } = options;
    this.maxMs = maxMs;
    this.#initialMs = initialMs;
    this.#factor = factor;
    this.#random = jitter === true ? Math.random : jitter === false ? () => 1 : jitter;
  }

  /** The pause before the restart of a child that has ended `failures` times in a row, from 1; in ms. */
  delay(failures: number): number {
    const longest = Math.min(this.maxMs, this.#initialMs * this.#factor ** (failures - 1));
    return longest * (0.5 + 0.5 * this.#draw());
  }

  /** A source of the user's that fails, or leaves its range, means the whole pause. */
  #draw(): number {
    try {
      const random = this.#random();
      return random >= 0 && random <= 1 ? random : 1;
    } catch (error) {
      throwUncaught(error);
      return 1;
    }
  }
}
