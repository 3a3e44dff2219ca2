const NOTHING: readonly never[] = [];

/** Lists of events that have come and were not passed on yet, in order. Bounded by what was asked for. */
export class Rest<Event> {
  /** The list that is being taken from, and how far. */
  #list: readonly Event[] = NOTHING;
  #index = 0;
  /** Those behind it, and how far; then those that come meanwhile. */
  #waiting: (readonly Event[])[] = [];
  #next = 0;
  #arriving: (readonly Event[])[] = [];

  isEmpty(): boolean {
    return this.#index >= this.#list.length && !this.#turnOver();
  }

  push(list: readonly Event[]): void {
    if (this.isEmpty()) {
      this.#list = list;
      this.#index = 0;
    } else this.#arriving.push(list);
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
    this.#waiting = [];
    this.#next = 0;
    this.#arriving = [];
  }

  /** Goes on with the next list, if there is one. */
  #turnOver(): boolean {
    if (this.#next === this.#waiting.length) {
      if (this.#arriving.length === 0) return false;
      // Two arrays take turns, so that neither is shifted nor grows for ever.
      const done = this.#waiting;
      done.length = 0;
      this.#waiting = this.#arriving;
      this.#arriving = done;
      this.#next = 0;
    }
    this.#list = this.#waiting[this.#next] as readonly Event[];
    this.#waiting[this.#next] = NOTHING;
    this.#next += 1;
    this.#index = 0;
    return true;
  }
}
