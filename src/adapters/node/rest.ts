import { Queue } from "../../core/index.ts";

const NOTHING: readonly never[] = [];

/** Lists of events that have come and were not passed on yet, in order. Bounded by what was asked for. */
export class Rest<Event> {
  /** The list that is being taken from, and how far. */
  #list: readonly Event[] = NOTHING;
  #index = 0;
  /** Those behind it. */
  readonly #waiting = new Queue<readonly Event[]>();

  isEmpty(): boolean {
    return this.#index >= this.#list.length && !this.#turnOver();
  }

  push(list: readonly Event[]): void {
    if (this.isEmpty()) {
      this.#list = list;
      this.#index = 0;
    } else this.#waiting.push(list);
  }

  /** The first event; it is not empty. */
  take(): Event {
    const event = this.#list[this.#index] as Event;
    this.#index += 1;
    return event;
  }

  clear(): void {
    this.#list = NOTHING;
    this.#index = 0;
    this.#waiting.clear();
  }

  /** Goes on with the next list, if there is one. */
  #turnOver(): boolean {
    if (this.#waiting.length === 0) return false;
    this.#list = this.#waiting.shift();
    this.#index = 0;
    return true;
  }
}
