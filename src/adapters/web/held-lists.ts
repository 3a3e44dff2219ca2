/** Lists of events that wait, in order, and how much of the first has gone. Bounded by who fills it: by what was asked for. */
export class HeldLists<Event> {
  /** The events in it. */
  size = 0;
  #lists: (readonly Event[] | undefined)[] = [];
  /** The first list that waits; those before it have gone. */
  #first = 0;
  /** How many events of the first list have gone. */
  #offset = 0;

  push(list: readonly Event[]): void {
    this.#lists.push(list);
    this.size += list.length;
  }

  /** Takes out the first event; the caller has looked at `size`. */
  take(): Event {
    const list = this.#lists[this.#first] as readonly Event[];
    const event = list[this.#offset] as Event;
    this.#offset += 1;
    this.size -= 1;
    if (this.#offset === list.length) this.#next();
    return event;
  }

  /** Takes out the first list, as it came: for who never takes single events. The caller has looked at `size`. */
  takeList(): readonly Event[] {
    const list = this.#lists[this.#first] as readonly Event[];
    this.size -= list.length;
    this.#next();
    return list;
  }

  clear(): void {
    this.#lists = [];
    this.#first = 0;
    this.#offset = 0;
    this.size = 0;
  }

  #next(): void {
    this.#lists[this.#first] = undefined;
    this.#first += 1;
    this.#offset = 0;
    if (this.#first >= 32 && this.#first * 2 >= this.#lists.length) {
      this.#lists = this.#lists.slice(this.#first);
      this.#first = 0;
    }
  }
}
