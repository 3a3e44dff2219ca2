/** What a producer wants of its source: the demands that it has been called with, and those that wait for their call. */
import { Queue } from "./queue.ts";

export class SourceAccount {
  /** Asked of the source, and not brought yet. */
  owed = 0;
  /** Demands that the source has not been called with, the oldest first: one call for each, as in GenStage. */
  readonly #demands = new Queue<number>();
  /** Their sum. */
  #waiting = 0;

  get isWaiting(): boolean {
    return this.#waiting > 0;
  }

  /** So many events are wanted in all: what the source has not heard of is a demand of its own, behind those that wait or `isFirst`. */
  want(events: number, isFirst: boolean): void {
    const more = events - this.owed - this.#waiting;
    if (more <= 0) return;
    this.#waiting += more;
    if (isFirst) this.#demands.unshift(more);
    else this.#demands.push(more);
  }

  /** The demand of the next call. */
  next(): number {
    const demand = this.#demands.shift();
    this.#waiting -= demand;
    this.owed += demand;
    return demand;
  }

  /** Events have come; returns how many of them were owed. */
  pay(events: number): number {
    const paid = Math.min(this.owed, events);
    this.owed -= paid;
    return paid;
  }

  /** So many have come that were not owed: they serve the demands that wait, the oldest first. */
  serve(events: number): void {
    let left = Math.min(events, this.#waiting);
    if (left <= 0) return;
    this.#waiting -= left;
    while (left > 0) {
      const demand = this.#demands.shift();
      if (demand > left) this.#demands.unshift(demand - left);
      left -= Math.min(demand, left);
    }
  }

  clear(): void {
    this.#demands.clear();
    this.#waiting = 0;
  }
}
