import { checkOptions, integer } from "../options.ts";
import type { Dispatcher, DispatcherFactory, DispatcherHost, Recipient } from "../dispatcher.ts";

export interface DemandDispatcherOptions {
  /** The greatest ask that consumers should make. Default: the first ask. A greater one is served, and reported. */
  readonly maxDemand?: number;
  /**
   * Whether the consumers that are equal at the first list are served in random order: otherwise the one that asked first is
   * served first, in every run. Or a source of random numbers from 0 to 1 (excluded). Default false.
   */
  readonly shuffle?: boolean | (() => number);
}

/**
 * Sends each event to one consumer, the one with the greatest open demand; among equals, to the one that has stood at that
 * demand the longest: each ask and each delivery puts a consumer behind its equals. GenStage's `DemandDispatcher`.
 *
 * @throws BadOptionError when an option is unknown or `maxDemand` is not an integer of at least 1
 */
export function demandDispatcher<Event>(options: DemandDispatcherOptions = {}): DispatcherFactory<Event> {
  checkOptions("demandDispatcher", options, {
    maxDemand: integer(1),
    shuffle: (value) => (typeof value === "boolean" || typeof value === "function" ? undefined : "a boolean or a function"),
  });
  const { maxDemand, shuffle = false } = options;
  return (host) => new DemandDispatcher(host, maxDemand, shuffle === true ? Math.random : shuffle === false ? undefined : shuffle);
}

/** A consumer's place in the heap. */
interface Seat<Event> {
  readonly recipient: Recipient<Event>;
  demand: number;
  /** When it came to this demand: lower is earlier. */
  since: number;
  place: number;
}

/** A binary heap of consumers: the greatest demand first, then who has stood there the longest. */
class DemandDispatcher<Event> implements Dispatcher<Event> {
  readonly givesAllToOne = true;
  readonly #host: DispatcherHost;
  readonly #seats = new Map<Recipient<Event>, Seat<Event>>();
  readonly #heap: Seat<Event>[] = [];
  #maxDemand: number | undefined;
  /** Until the first list. */
  #random: (() => number) | undefined;
  #clock = 0;
  #capacity = 0;

  constructor(host: DispatcherHost, maxDemand: number | undefined, random: (() => number) | undefined) {
    this.#host = host;
    this.#random = random;
    this.#maxDemand = maxDemand;
  }

  get capacity(): number {
    return this.#capacity;
  }

  subscribe(recipient: Recipient<Event>): void {
    const seat: Seat<Event> = { recipient, demand: 0, since: (this.#clock += 1), place: this.#heap.length };
    this.#seats.set(recipient, seat);
    this.#heap.push(seat);
    this.#rise(seat);
  }

  ask(recipient: Recipient<Event>, demand: number): void {
    // The map is spared where it can be: most producers have one consumer.
    const first = this.#heap[0];
    const seat = first?.recipient === recipient ? first : this.#seats.get(recipient);
    if (seat === undefined) return;
    this.#maxDemand ??= demand;
    if (demand > this.#maxDemand) {
      this.#host.report({ kind: "ask-over-max", partner: recipient.name, count: demand, max: this.#maxDemand });
    }
    seat.demand += demand;
    this.#capacity += demand;
    seat.since = this.#clock += 1;
    if (this.#heap.length > 1) {
      this.#rise(seat);
      this.#sink(seat);
    }
  }

  cancel(recipient: Recipient<Event>): void {
    const seat = this.#seats.get(recipient);
    if (seat === undefined) return;
    this.#seats.delete(recipient);
    this.#capacity -= seat.demand;
    const last = this.#heap.pop();
    if (last === undefined || last === seat) return;
    this.#put(last, seat.place);
    this.#rise(last);
    this.#sink(last);
  }

  dispatch(events: readonly Event[]): number {
    if (this.#random !== undefined) this.#shuffle(this.#random);
    let taken = 0;
    while (taken < events.length) {
      const seat = this.#heap[0];
      if (seat === undefined || seat.demand === 0) break;
      const end = Math.min(events.length, taken + seat.demand);
      // Lists are handed on uncopied wherever one consumer takes the whole.
      seat.recipient.send(taken === 0 && end === events.length ? events : events.slice(taken, end));
      seat.demand -= end - taken;
      seat.since = this.#clock += 1;
      taken = end;
      if (this.#heap.length > 1) this.#sink(seat);
    }
    this.#capacity -= taken;
    return taken;
  }

  #shuffle(random: () => number): void {
    this.#random = undefined;
    const places = this.#heap.map((seat) => ({ seat, at: random() })).toSorted((one, other) => one.at - other.at);
    for (const { seat } of places) {
      seat.since = this.#clock += 1;
      this.#rise(seat);
      this.#sink(seat);
    }
  }

  #rise(seat: Seat<Event>): void {
    while (seat.place > 0) {
      const parent = this.#heap[(seat.place - 1) >> 1];
      if (parent === undefined || !isBefore(seat, parent)) return;
      this.#swap(seat, parent);
    }
  }

  #sink(seat: Seat<Event>): void {
    while (true) {
      const left = this.#heap[2 * seat.place + 1];
      if (left === undefined) return;
      const right = this.#heap[2 * seat.place + 2];
      const first = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(first, seat)) return;
      this.#swap(first, seat);
    }
  }

  #swap(one: Seat<Event>, other: Seat<Event>): void {
    const { place } = one;
    this.#put(one, other.place);
    this.#put(other, place);
  }

  #put(seat: Seat<Event>, place: number): void {
    this.#heap[place] = seat;
    seat.place = place;
  }
}

function isBefore<Event>(one: Seat<Event>, other: Seat<Event>): boolean {
  return one.demand > other.demand || (one.demand === other.demand && one.since < other.since);
}
