import { Queue } from "./queue.ts";

/** Which events a full buffer keeps. */
export type BufferKeep = "first" | "last";

/** Something that waits in the buffer between events: it is `reached` when everything before it has gone. */
interface Mark<Note> {
  readonly note: Note;
}

type Entry<Event, Note> = readonly Event[] | Mark<Note>;

/**
 * The events that nobody has asked for yet, in order, and notes between them.
 *
 * Lists are kept as they came, with an offset into the first: nothing is copied until a list must be cut.
 */
export class Buffer<Event, Note = never> {
  /** The most events that {@link push} keeps. */
  readonly limit: number;
  readonly #keep: BufferKeep;
  readonly #entries = new Queue<Entry<Event, Note>>();
  /** How many events of the first list have gone. */
  #offset = 0;
  #size = 0;
  #greatest = 0;

  constructor(limit: number, keep: BufferKeep) {
    this.limit = limit;
    this.#keep = keep;
  }

  /** The events in it; notes do not count. */
  get size(): number {
    return this.#size;
  }

  /** The most events that were ever in it. */
  get greatest(): number {
    return this.#greatest;
  }

  /** Neither events nor notes are left. */
  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Adds the events of a list from `from` on, all of them, whatever the limit. */
  add(events: readonly Event[], from = 0): void {
    const count = events.length - from;
    if (count <= 0) return;
    this.#entries.push(from === 0 ? events : events.slice(from));
    this.#size += count;
    if (this.#size > this.#greatest) this.#greatest = this.#size;
  }

  /** Adds events within the limit; returns how many were discarded, new ones or old ones by policy. */
  push(events: readonly Event[], from = 0): number {
    const count = events.length - from;
    const excess = this.#size + count - this.limit;
    if (excess <= 0) {
      this.add(events, from);
      return 0;
    }
    if (this.#keep === "first") {
      this.add(events.slice(from, from + count - excess));
      return excess;
    }
    const old = Math.min(excess, this.#size);
    this.#discardFirst(old);
    this.add(events, from + excess - old);
    return excess;
  }

  /** Puts a note behind everything that is in the buffer now. */
  mark(note: Note): void {
    this.#entries.push({ note });
  }

  /** The note that is reached, if the first thing in the buffer is one. */
  takeNote(): Note | undefined {
    if (this.#entries.length === 0) return undefined;
    const first = this.#entries.peek();
    if (isList(first)) return undefined;
    this.#entries.shift();
    return first.note;
  }

  /** A note is first: it is reached. */
  get isAtNote(): boolean {
    return this.#entries.length > 0 && !isList(this.#entries.peek());
  }

  /** Takes out the first event; `undefined` when a note is first, or nothing is left. */
  takeOne(): IteratorYieldResult<Event> | undefined {
    if (this.#entries.length === 0) return undefined;
    const list = this.#entries.peek();
    if (!isList(list)) return undefined;
    const value = list[this.#offset] as Event;
    this.#offset += 1;
    this.#size -= 1;
    if (this.#offset === list.length) {
      this.#entries.shift();
      this.#offset = 0;
    }
    return { value, done: false };
  }

  /** Takes out up to `most` events as one list; a note ends the list. Empty when a note is first, or nothing is left. */
  take(most: number): readonly Event[] {
    const first = this.#takeFrom(most);
    if (first.length === most || this.#entries.length === 0 || !isList(this.#entries.peek())) return first;
    const list = [...first];
    while (list.length < most && this.#entries.length > 0 && isList(this.#entries.peek())) {
      for (const event of this.#takeFrom(most - list.length)) list.push(event);
    }
    return list;
  }

  /** Puts events back before all others: they were taken and could not be delivered. */
  putBack(events: readonly Event[]): void {
    if (events.length === 0) return;
    if (this.#offset > 0) {
      const rest = (this.#entries.shift() as readonly Event[]).slice(this.#offset);
      this.#entries.unshift(rest);
      this.#offset = 0;
    }
    this.#entries.unshift(events);
    this.#size += events.length;
  }

  /** Throws everything away; returns the notes. */
  clear(): Note[] {
    const notes: Note[] = [];
    while (this.#entries.length > 0) {
      const entry = this.#entries.shift();
      if (!isList(entry)) notes.push(entry.note);
    }
    this.#offset = 0;
    this.#size = 0;
    return notes;
  }

  /** Up to `most` events of the first list. */
  #takeFrom(most: number): readonly Event[] {
    if (this.#entries.length === 0) return [];
    const list = this.#entries.peek();
    if (!isList(list) || most <= 0) return [];
    const left = list.length - this.#offset;
    if (left <= most) {
      this.#entries.shift();
      const taken = this.#offset === 0 ? list : list.slice(this.#offset);
      this.#offset = 0;
      this.#size -= left;
      return taken;
    }
    const taken = list.slice(this.#offset, this.#offset + most);
    this.#offset += most;
    this.#size -= most;
    return taken;
  }

  /** Drops the oldest events and leaves the notes between them, which are reached the sooner. */
  #discardFirst(count: number): void {
    const notes: Mark<Note>[] = [];
    let left = count;
    while (left > 0) {
      const entry = this.#entries.peek();
      if (isList(entry)) left -= this.#takeFrom(left).length;
      else notes.push(this.#entries.shift() as Mark<Note>);
    }
    if (notes.length === 0) return;
    if (this.#offset > 0) {
      const rest = (this.#entries.shift() as readonly Event[]).slice(this.#offset);
      this.#entries.unshift(rest);
      this.#offset = 0;
    }
    for (const note of notes.reverse()) this.#entries.unshift(note);
  }
}

function isList<Event, Note>(entry: Entry<Event, Note>): entry is readonly Event[] {
  return Array.isArray(entry);
}
