import { Queue } from "./queue.ts";

/**
 * Which events a full buffer keeps: the oldest, the newest, or (full or not) the latest of each key, as `latestBy` says, and
 * of those that of the newest keys.
 */
export type BufferKeep<Event = unknown> = "first" | "last" | LatestBy<Event>;

/** The latest event of each key is kept, in the place of the older one. Keys are the same as in a `Map`. */
export interface LatestBy<in Event> {
  readonly type: "latestBy";
  /** What an event is about: of two with the same key the newer one stays. */
  readonly key: (event: Event) => unknown;
}

/** Something that waits in the buffer between events: it is `reached` when everything before it has gone. */
interface Mark<Note> {
  readonly note: Note;
}

/** Events that were tried before, and have come back: they go as a list of their own. */
class Again<Event> {
  events: readonly Event[];
  readonly times: number;

  constructor(events: readonly Event[], times: number) {
    this.events = events;
    this.times = times;
  }
}

type Entry<Event, Note> = readonly Event[] | Again<Event> | Mark<Note>;

/**
 * The events that nobody has asked for yet, in order, and notes between them.
 *
 * Lists are kept as they came, with an offset into the first: nothing is copied until a list must be cut.
 */
export class Buffer<Event, Note = never> {
  /** The most events that {@link push} keeps. */
  readonly limit: number;
  readonly #keep: "first" | "last";
  readonly #entries = new Queue<Entry<Event, Note>>();
  /** How many events of the first list have gone. */
  #offset = 0;
  #size = 0;
  #greatest = 0;

  constructor(limit: number, keep: "first" | "last") {
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
      // More may be in it than its limit: events that have come back always fit.
      const discarded = Math.min(excess, count);
      this.add(events.slice(from, from + count - discarded));
      return discarded;
    }
    const old = Math.min(excess, this.#size);
    this.discardFirst(old);
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
    if (!isMark(first)) return undefined;
    this.#entries.shift();
    return first.note;
  }

  /** A note is first: it is reached. */
  get isAtNote(): boolean {
    return this.#entries.length > 0 && isMark(this.#entries.peek());
  }

  /** How often the first events have been tried already. */
  get times(): number {
    if (this.#entries.length === 0) return 0;
    const first = this.#entries.peek();
    return first instanceof Again ? first.times : 0;
  }

  /** Takes out the first event; `undefined` when it has come back, a note is first, or nothing is left. */
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

  /**
   * Takes out up to `most` events as one list; a note ends the list, and so do events that have come back. Empty when a note
   * is first, or nothing is left.
   */
  take(most: number): readonly Event[] {
    const again = this.#entries.length > 0 ? this.#entries.peek() : undefined;
    if (again instanceof Again) return this.#takeAgain(again, most);
    const first = this.#takeFrom(most);
    if (first.length === most || this.#entries.length === 0 || !isList(this.#entries.peek())) return first;
    const list = [...first];
    while (list.length < most && this.#entries.length > 0 && isList(this.#entries.peek())) {
      for (const event of this.#takeFrom(most - list.length)) list.push(event);
    }
    return list;
  }

  /**
   * Puts events back before all others: they were taken and could not be delivered; or they were, and have come back, after
   * so many tries.
   */
  putBack(events: readonly Event[], times = 0): void {
    if (events.length === 0) return;
    if (this.#offset > 0) {
      const rest = (this.#entries.shift() as readonly Event[]).slice(this.#offset);
      this.#entries.unshift(rest);
      this.#offset = 0;
    }
    this.#entries.unshift(times === 0 ? events : new Again(events, times));
    this.#size += events.length;
    if (this.#size > this.#greatest) this.#greatest = this.#size;
  }

  /** Throws everything away; returns the notes. */
  clear(): Note[] {
    const notes: Note[] = [];
    while (this.#entries.length > 0) {
      const entry = this.#entries.shift();
      if (isMark(entry)) notes.push(entry.note);
    }
    this.#offset = 0;
    this.#size = 0;
    return notes;
  }

  #takeAgain(again: Again<Event>, most: number): readonly Event[] {
    const { events } = again;
    const taken = events.slice(0, most);
    if (taken.length === events.length) this.#entries.shift();
    else again.events = events.slice(most);
    this.#size -= taken.length;
    return taken;
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
  protected discardFirst(count: number, dropped?: (events: readonly Event[]) => void): void {
    const notes: Mark<Note>[] = [];
    let left = count;
    while (left > 0) {
      const entry = this.#entries.peek();
      if (isMark(entry)) notes.push(this.#entries.shift() as Mark<Note>);
      else {
        const events = entry instanceof Again ? this.#takeAgain(entry, left) : this.#takeFrom(left);
        left -= events.length;
        dropped?.(events);
      }
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

function isMark<Event, Note>(entry: Entry<Event, Note>): entry is Mark<Note> {
  return "note" in entry;
}

function isList<Event, Note>(entry: Entry<Event, Note>): entry is readonly Event[] {
  return Array.isArray(entry);
}
