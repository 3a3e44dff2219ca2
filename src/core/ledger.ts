import { Queue } from "./queue.ts";
import { triedBefore, type Returned } from "./redelivery.ts";

/** What a consumer has received on one subscription, and not handled. */
export class Ledger {
  readonly #lists = new Queue<readonly unknown[]>();
  /** How many events of the first list are handled, with all before them. */
  #offset = 0;
  /** The number of the first event that is not handled, of those that came on this subscription. */
  #first = 0;
  /** The number of the next event that a call for single events begins with. */
  #next = 0;
  /** Handled, though one before them is not. */
  readonly #ahead = new Set<number>();
  /** Calls for single events that have failed. */
  #failed = 0;
  /** Calls for single events that have settled, and whose output waits for those before it. */
  waiting = 0;
  /** Events that are in no queue and in no callback any more: they wait to be given back. */
  limbo = 0;

  add(events: readonly unknown[]): void {
    this.#lists.push(events);
  }

  /** The first ones of those that are not handled are. */
  handled(count: number): void {
    this.#first += count;
    this.#next = Math.max(this.#next, this.#first);
    this.#offset += count;
    while (this.#lists.length > 0 && this.#offset >= this.#lists.peek().length) this.#offset -= this.#lists.shift().length;
  }

  /** The call for the first ones of those that are not handled begins. */
  beginBatch(count: number): void {
    this.#next = this.#first + count;
  }

  /** The call for a single event begins, in order; returns its number. */
  begin(): number {
    const number = this.#next;
    this.#next += 1;
    return number;
  }

  /** How many calls for single events are in progress. */
  get active(): number {
    return Math.max(0, this.#next - this.#first - this.#ahead.size - this.#failed - this.waiting);
  }

  failedOne(): void {
    this.#failed += 1;
  }

  /** Whether the event has been given back. */
  isTaken(number: number): boolean {
    return number < this.#first && !this.#ahead.has(number);
  }

  /** One is handled, in whatever order; returns false when it was given back before. */
  handledOne(number: number): boolean {
    if (this.isTaken(number)) return false;
    this.#ahead.add(number);
    let count = 0;
    while (this.#ahead.delete(this.#first + count)) count += 1;
    if (count > 0) this.handled(count);
    return true;
  }

  /** What is not handled, in order; after that the ledger is empty. */
  take(): Returned<unknown>[] {
    const all: Returned<unknown>[] = [];
    let number = this.#first - this.#offset;
    while (this.#lists.length > 0) {
      const list = this.#lists.shift();
      const from = number;
      const isLeft = (place: number): boolean => from + place >= this.#first && !this.#ahead.has(from + place);
      const tried = list.filter((_, place) => from + place < this.#next && isLeft(place));
      const untried = list.filter((_, place) => from + place >= this.#next && isLeft(place));
      const before = triedBefore(list);
      number += list.length;
      // What was never tried has not failed, however often it has come back behind what did.
      if (tried.length > 0) all.push({ events: tried, times: before + 1 });
      if (untried.length > 0) all.push({ events: untried, times: before });
    }
    this.#ahead.clear();
    this.#failed = 0;
    this.waiting = 0;
    this.limbo = 0;
    this.#offset = 0;
    this.#first = number;
    this.#next = number;
    return all;
  }
}
