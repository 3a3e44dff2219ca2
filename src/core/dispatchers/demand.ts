import { checkOptions, integer } from "../options.ts";
import type { Dispatcher, DispatcherFactory, DispatcherHost, Recipient } from "../dispatcher.ts";
import { saturated } from "./open-demand.ts";

/** Options of {@link demandDispatcher}. */
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

/** A consumer's place in the line of its rank. */
class Seat<Event> {
  readonly recipient: Recipient<Event>;
  rank: Rank<Event>;
  before: Seat<Event> | undefined = undefined;
  after: Seat<Event> | undefined = undefined;

  constructor(recipient: Recipient<Event>, rank: Rank<Event>) {
    this.recipient = recipient;
    this.rank = rank;
  }
}

/** The consumers with one open demand, in a line: who has come to it first is served first. */
class Rank<Event> {
  demand: number;
  above: Rank<Event> = this;
  below: Rank<Event> = this;
  first: Seat<Event> | undefined = undefined;
  last: Seat<Event> | undefined = undefined;

  constructor(demand: number) {
    this.demand = demand;
  }

  add(seat: Seat<Event>): void {
    seat.rank = this;
    seat.before = this.last;
    if (this.last === undefined) this.first = seat;
    else this.last.after = seat;
    this.last = seat;
  }

  remove(seat: Seat<Event>): void {
    const { before, after } = seat;
    if (before === undefined) this.first = after;
    else before.after = after;
    if (after === undefined) this.last = before;
    else after.before = before;
    seat.before = undefined;
    seat.after = undefined;
  }
}

/**
 * Consumers by rank. A consumer moves by the ranks between its old demand and its new one, and they are whole numbers: a step
 * at most for each event that was asked for or delivered, whatever the number of consumers.
 */
class DemandDispatcher<Event> implements Dispatcher<Event> {
  readonly givesAllToOne = true;
  readonly redelivers = true;
  readonly #host: DispatcherHost;
  /** Two ranks that are always empty. Between them are the others in descending order, and none of those is empty. */
  readonly #ceiling: Rank<Event> = new Rank(Infinity);
  readonly #floor: Rank<Event> = new Rank(-1);
  /** A rank that is not in use. */
  #spare: Rank<Event> | undefined;
  #maxDemand: number | undefined;
  /** Until the first list. */
  #random: (() => number) | undefined;
  /** The open demand of all. Not an object of its own, as the partition dispatcher has it: that costs 8 ns an event at 1/0. */
  #open = 0;
  /** The sum was above what is exact: it is counted again when a consumer leaves. */
  #isRounded = false;

  constructor(host: DispatcherHost, maxDemand: number | undefined, random: (() => number) | undefined) {
    this.#host = host;
    this.#random = random;
    this.#maxDemand = maxDemand;
    this.#ceiling.below = this.#floor;
    this.#floor.above = this.#ceiling;
  }

  get capacity(): number {
    return saturated(this.#open);
  }

  subscribe(recipient: Recipient<Event>): void {
    const { above } = this.#floor;
    const rank = above.demand === 0 ? above : this.#between(above, 0);
    const seat = new Seat(recipient, rank);
    recipient.seat = seat;
    rank.add(seat);
  }

  ask(recipient: Recipient<Event>, demand: number): void {
    const seat = recipient.seat as Seat<Event> | undefined;
    if (seat === undefined) return;
    this.#maxDemand ??= demand;
    if (demand > this.#maxDemand) {
      this.#host.report({ kind: "ask-over-max", partner: recipient.name, count: demand, max: this.#maxDemand });
    }
    this.#open += demand;
    if (this.#open > Number.MAX_SAFE_INTEGER) this.#isRounded = true;
    this.#move(seat, saturated(seat.rank.demand + demand));
  }

  cancel(recipient: Recipient<Event>): void {
    const seat = recipient.seat as Seat<Event> | undefined;
    if (seat === undefined) return;
    recipient.seat = undefined;
    this.#open -= seat.rank.demand;
    this.#leave(seat);
    if (this.#isRounded) this.#countAgain();
  }

  dispatch(events: readonly Event[]): number {
    if (this.#random !== undefined) this.#shuffle(this.#random);
    let taken = 0;
    while (taken < events.length) {
      const { demand, first } = this.#ceiling.below;
      if (first === undefined || demand === 0) break;
      const end = Math.min(events.length, taken + demand);
      // Lists are handed on uncopied wherever one consumer takes the whole.
      first.recipient.send(taken === 0 && end === events.length ? events : events.slice(taken, end));
      this.#move(first, demand - end + taken);
      taken = end;
    }
    this.#open -= taken;
    return taken;
  }

  #countAgain(): void {
    this.#open = 0;
    for (let rank = this.#ceiling.below; rank !== this.#floor; rank = rank.below) {
      for (let seat = rank.first; seat !== undefined; seat = seat.after) this.#open += rank.demand;
    }
    this.#isRounded = this.#open > Number.MAX_SAFE_INTEGER;
  }

  /** Puts a consumer at the end of the line of another rank. */
  #move(seat: Seat<Event>, demand: number): void {
    const { rank } = seat;
    let { above, below } = rank;
    if (rank.first === rank.last && above.demand > demand && demand > below.demand) {
      // Alone, and between the same neighbours as before.
      rank.demand = demand;
      return;
    }
    if (demand > rank.demand) {
      while (above.demand < demand) above = above.above;
      below = above.demand === demand ? above : this.#between(above, demand);
    } else {
      while (below.demand > demand) below = below.below;
      if (below.demand < demand) below = this.#between(below.above, demand);
    }
    this.#leave(seat);
    below.add(seat);
  }

  /** A new rank right below another. */
  #between(above: Rank<Event>, demand: number): Rank<Event> {
    const rank = this.#spare ?? new Rank(demand);
    this.#spare = undefined;
    rank.demand = demand;
    rank.above = above;
    rank.below = above.below;
    above.below.above = rank;
    above.below = rank;
    return rank;
  }

  #leave(seat: Seat<Event>): void {
    const { rank } = seat;
    rank.remove(seat);
    if (rank.first !== undefined) return;
    rank.above.below = rank.below;
    rank.below.above = rank.above;
    this.#spare = rank;
  }

  #shuffle(random: () => number): void {
    this.#random = undefined;
    for (let rank = this.#ceiling.below; rank !== this.#floor; rank = rank.below) {
      const line: { readonly seat: Seat<Event>; readonly at: number }[] = [];
      for (let seat = rank.first; seat !== undefined; seat = seat.after) line.push({ seat, at: random() });
      for (const { seat } of line.toSorted((one, other) => one.at - other.at)) {
        rank.remove(seat);
        rank.add(seat);
      }
    }
  }
}
