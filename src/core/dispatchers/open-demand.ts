/** Demand adds up, and saturates: nobody delivers `Number.MAX_SAFE_INTEGER` events, and above it numbers are not exact. */
export function saturated(demand: number): number {
  return demand < Number.MAX_SAFE_INTEGER ? demand : Number.MAX_SAFE_INTEGER;
}

/** The open demand of all consumers together. */
export class OpenDemand {
  #sum = 0;
  /** The sum was above what is exact: it is right again when it is counted again. */
  #isRounded = false;

  get sum(): number {
    return saturated(this.#sum);
  }

  add(demand: number): void {
    this.#sum += demand;
    if (this.#sum > Number.MAX_SAFE_INTEGER) this.#isRounded = true;
  }

  /** Events were delivered. */
  take(count: number): void {
    this.#sum -= count;
  }

  /** A consumer goes with its open demand; `rest` gives that of each of the others. */
  leave(demand: number, rest: () => Iterable<number>): void {
    this.#sum -= demand;
    if (!this.#isRounded) return;
    this.#sum = 0;
    for (const each of rest()) this.#sum += each;
    this.#isRounded = this.#sum > Number.MAX_SAFE_INTEGER;
  }
}
