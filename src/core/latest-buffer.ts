import { Buffer } from "./buffer.ts";

/**
 * The latest event of each key. A newer one takes the place of the older, so that a key which is seldom heard of is not
 * overtaken for ever, nor one that is often heard of put off for ever; beyond the limit the key that waits longest goes.
 */
export class LatestBuffer<Event, Note = never> extends Buffer<Event, Note> {
  readonly #key: (event: Event) => unknown;
  /** The event of a key, as a list of its own: ours to change as long as it is in the buffer. */
  readonly #places = new Map<unknown, Event[]>();

  constructor(limit: number, key: (event: Event) => unknown) {
    super(limit, "last");
    this.#key = key;
  }

  override push(events: readonly Event[], from = 0): number {
    let discarded = 0;
    for (let at = from; at < events.length; at += 1) {
      const event = events[at] as Event;
      const key = this.#key(event);
      const place = this.#places.get(key);
      if (place !== undefined) {
        place[0] = event;
        discarded += 1;
        continue;
      }
      if (this.size >= this.limit) {
        this.discardFirst(1, this.#forget);
        discarded += 1;
      }
      const list = [event];
      this.#places.set(key, list);
      this.add(list);
    }
    return discarded;
  }

  override takeOne(): IteratorYieldResult<Event> | undefined {
    const taken = super.takeOne();
    if (taken !== undefined) this.#forget([taken.value]);
    return taken;
  }

  override take(most: number): readonly Event[] {
    const taken = super.take(most);
    this.#forget(taken);
    return taken;
  }

  override clear(): Note[] {
    this.#places.clear();
    return super.clear();
  }

  /** What has been put back has no place: an event is forgotten only where it is the one that has it. */
  readonly #forget = (events: readonly Event[]): void => {
    for (const event of events) {
      const key = this.#key(event);
      if (Object.is(this.#places.get(key)?.[0], event)) this.#places.delete(key);
    }
  };
}
