/** Where a stage's time goes. Off by default: it costs a clock reading for each batch. */
import { lastTime, measureWaking, readTime } from "./scheduler.ts";

/**
 * What a stage waits for: `events` of its producers (or of whoever drives it), `demand` of its consumers, a `callback`
 * that is in progress, consumers that take the rest of its buffer (`draining`), or nothing any more.
 */
export type WaitState = "events" | "demand" | "callback" | "draining" | "stopping" | "ended";

/** In ms. */
export interface TimeShares {
  /** In a callback, sync or pending. */
  readonly busy: number;
  /** With demand, without events. */
  readonly starved: number;
  /** With events or able to make some, without demand. */
  readonly blocked: number;
}

export class Meter {
  readonly #totals = { busy: 0, starved: 0, blocked: 0 };
  #state: keyof TimeShares | undefined = "blocked";
  #since: number = readTime();

  constructor() {
    measureWaking();
  }

  /**
   * A callback begins. The last reading serves as its start: in a busy loop it is the end of the callback before, so each
   * batch costs one reading, at its end.
   */
  busy(): void {
    this.#enter("busy", Math.max(lastTime(), this.#since));
  }

  /** Nothing is left to do but to wait. */
  idle(state: WaitState): void {
    const next = STATES[state];
    if (next !== this.#state) this.#enter(next, this.#state === "busy" ? readTime() : lastTime());
  }

  get totals(): TimeShares {
    if (this.#state !== undefined) this.#enter(this.#state, readTime());
    return { ...this.#totals };
  }

  #enter(state: keyof TimeShares | undefined, time: number): void {
    if (this.#state !== undefined) this.#totals[this.#state] += Math.max(0, time - this.#since);
    this.#since = time;
    this.#state = state;
  }
}

const STATES: Readonly<Record<WaitState, keyof TimeShares | undefined>> = {
  events: "starved",
  demand: "blocked",
  draining: "blocked",
  callback: "busy",
  stopping: undefined,
  ended: undefined,
};
