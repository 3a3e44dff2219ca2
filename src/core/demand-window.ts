import { checkOption, integer } from "./options.ts";

/** GenStage's defaults. */
export const DEFAULT_MAX_DEMAND = 1000;

/** How far a consumer reads ahead of what it has handled. */
export interface WindowOptions {
  /** The most events in flight. Default 1000. */
  readonly maxDemand?: number | undefined;
  /** Ask again once this few are left. Default half of `maxDemand`, rounded down. */
  readonly minDemand?: number | undefined;
}

/**
 * Keeps a subscription's demand between `minDemand` and `maxDemand`.
 *
 * Invariant: events in flight plus events being handled never exceed `maxDemand`, as long as the producer keeps to
 * what was asked.
 */
export class DemandWindow {
  readonly max: number;
  readonly min: number;
  /** Asked for, and not handled yet. */
  outstanding = 0;

  constructor(options: WindowOptions) {
    const { maxDemand = DEFAULT_MAX_DEMAND } = options;
    checkOption("maxDemand", maxDemand, integer(1));
    const { minDemand = Math.floor(maxDemand / 2) } = options;
    checkOption("minDemand", minDemand, integer(0, maxDemand - 1));
    this.max = maxDemand;
    this.min = minDemand;
  }

  /** The most events that are handled as one batch. */
  get batchSize(): number {
    return this.max - this.min;
  }

  /** The first ask. */
  open(): number {
    this.outstanding = this.max;
    return this.max;
  }

  /** Counts events as handled, none of them in excess of what was asked; returns how many to ask for now, or 0. */
  handled(count: number): number {
    this.outstanding -= count;
    if (this.outstanding > this.min) return 0;
    const more = this.max - this.outstanding;
    this.outstanding = this.max;
    return more;
  }
}
