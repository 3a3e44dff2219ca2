import { Tally, type Oracle, type Outcome } from "./oracle.ts";

interface Standing {
  readonly consumer: object;
  open: number;
  /** When it came to stand there. */
  since: number;
}

/** Who has the greatest demand gets the next events, as many as it has asked for; among equals, who has stood there longest. */
export class DemandOracle<Event> implements Oracle<Event> {
  readonly isFull = false;
  readonly queued = 0;
  #standings: Standing[] = [];
  #now = 0;

  get capacity(): number {
    return this.#standings.reduce((sum, { open }) => sum + open, 0);
  }

  subscribe(consumer: object): boolean {
    this.#standings.push({ consumer, open: 0, since: (this.#now += 1) });
    return true;
  }

  ask(consumer: object, demand: number): Outcome<Event> {
    const standing = this.#standings.find((each) => each.consumer === consumer);
    if (standing !== undefined) this.#move(standing, demand);
    return new Tally();
  }

  cancel(consumer: object): void {
    this.#standings = this.#standings.filter((each) => each.consumer !== consumer);
  }

  dispatch(events: readonly Event[]): Outcome<Event> {
    const tally = new Tally<Event>();
    while (tally.taken < events.length) {
      const next = this.#standings.filter(({ open }) => open > 0).toSorted((one, other) => other.open - one.open || one.since - other.since)[0];
      if (next === undefined) break;
      const list = events.slice(tally.taken, tally.taken + next.open);
      for (const event of list) tally.send(next.consumer, event);
      tally.taken += list.length;
      this.#move(next, -list.length);
    }
    return tally;
  }

  clear(): void {
    // It has no queues.
  }

  openOf(consumer: object): number {
    return this.#standings.find((each) => each.consumer === consumer)?.open ?? 0;
  }

  /** Each ask and each delivery puts a consumer behind its equals. */
  #move(standing: Standing, change: number): void {
    standing.open += change;
    standing.since = this.#now += 1;
  }
}
