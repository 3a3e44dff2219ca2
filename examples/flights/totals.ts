/** What some of the flights of one origin add up to. */
export interface Total {
  readonly origin: string;
  readonly flights: number;
  /** Those more than 15 minutes late. */
  readonly delayed: number;
  /** Those whose delay is known, and the sum of their delays in minutes. */
  readonly timed: number;
  readonly minutes: number;
}

const DELAYED_AFTER_MINUTES = 15;

/** Adds flights up by origin. */
export class Totals {
  readonly #byOrigin = new Map<string, { -readonly [Field in keyof Total]: Total[Field] }>();

  addFlight(origin: string, delay: number | null): void {
    const total = this.#of(origin);
    total.flights++;
    if (delay === null) return;
    total.timed++;
    total.minutes += delay;
    if (delay > DELAYED_AFTER_MINUTES) total.delayed++;
  }

  /** Adds what another one counted. */
  addTotal(other: Total): void {
    const total = this.#of(other.origin);
    total.flights += other.flights;
    total.delayed += other.delayed;
    total.timed += other.timed;
    total.minutes += other.minutes;
  }

  list(): Total[] {
    return [...this.#byOrigin.values()];
  }

  #of(origin: string) {
    let total = this.#byOrigin.get(origin);
    if (total === undefined) {
      total = { origin, flights: 0, delayed: 0, timed: 0, minutes: 0 };
      this.#byOrigin.set(origin, total);
    }
    return total;
  }
}
