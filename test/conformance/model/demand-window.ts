import type { Event } from "../trace.ts";

/** A batch for handleEvents, and how much to ask for after it. */
export interface Share {
  readonly batch: readonly Event[];
  readonly ask: number;
}

/** Keeps the demand of one subscription between its minimum and its maximum. */
export class DemandWindow {
  readonly #min: number;
  readonly #max: number;
  #pending: number;

  constructor(minDemand: number, maxDemand: number) {
    this.#min = minDemand;
    this.#max = maxDemand;
    this.#pending = maxDemand;
  }

  /**
   * Splits a list into batches of maximum minus minimum. More than was asked is handled too,
   * but each batch of it is reported, and it earns no new demand.
   */
  split(events: readonly Event[], reportExcess: (count: number) => void): readonly Share[] {
    const shares: Share[] = [];
    const size = this.#max - this.#min;
    let expected = this.#pending;
    for (let start = 0; start < events.length; start += size) {
      const batch = events.slice(start, start + size);
      const earning = Math.min(batch.length, expected);
      if (earning < batch.length) reportExcess(batch.length - earning);
      expected -= earning;
      this.#pending -= earning;
      const ask = this.#pending <= this.#min ? this.#max - this.#pending : 0;
      this.#pending += ask;
      shares.push({ batch, ask });
    }
    return shares;
  }
}
