import { BadOptionError, SluiceError } from "../errors.ts";
import { isFunction } from "../options.ts";
import type { Dispatcher, DispatcherFactory, Recipient } from "../dispatcher.ts";

/**
 * Sends each event to all consumers, at the pace of the slowest: as many events as all of them have asked for. A
 * subscription may give a `selector`; events that it refuses are asked for again. A second subscription of one consumer is
 * refused with `SLUICE_ALREADY_SUBSCRIBED`, which never stops it. GenStage's `BroadcastDispatcher`.
 *
 * The list that all consumers get is one array: nobody may change it.
 */
export function broadcastDispatcher<Event>(): DispatcherFactory<Event> {
  return () => new BroadcastDispatcher();
}

interface Seat<Event> {
  readonly recipient: Recipient<Event>;
  readonly selector: ((event: Event) => boolean) | undefined;
  /** Up to which event of the whole stream this consumer has asked. */
  limit: number;
  /** Its neighbours: who asked last is first, as in GenStage. */
  before: Seat<Event> | undefined;
  after: Seat<Event> | undefined;
}

class BroadcastDispatcher<Event> implements Dispatcher<Event> {
  readonly options = ["selector"];
  readonly #identities = new Set<object>();
  #first: Seat<Event> | undefined;
  /** How many events of the stream have been sent. */
  #sent = 0;
  /** The lowest limit, and how many consumers stand at it: the others are looked at only when nobody does. */
  #lowest = 0;
  #atLowest = 0;
  /** How many of the seats have one. */
  #selectors = 0;

  get capacity(): number {
    return this.#first === undefined ? 0 : this.#lowest - this.#sent;
  }

  subscribe(recipient: Recipient<Event>): void {
    const { selector } = recipient.options;
    if (selector !== undefined && isFunction(selector) !== undefined) throw new BadOptionError("selector", "a function", selector);
    if (this.#identities.has(recipient.identity)) {
      throw new SluiceError("SLUICE_ALREADY_SUBSCRIBED", `${recipient.name} is subscribed already: it would get every event twice`);
    }
    this.#identities.add(recipient.identity);
    const seat: Seat<Event> = { recipient, selector: selector as Seat<Event>["selector"], limit: this.#sent, before: undefined, after: undefined };
    recipient.seat = seat;
    if (selector !== undefined) this.#selectors += 1;
    this.#putFirst(seat);
    // Who joins has asked for nothing: the common demand is zero until it does, and the others keep theirs.
    this.#findLowest();
  }

  ask(recipient: Recipient<Event>, demand: number): void {
    const seat = recipient.seat as Seat<Event> | undefined;
    if (seat === undefined) return;
    if (seat !== this.#first) {
      this.#takeOut(seat);
      this.#putFirst(seat);
    }
    this.#raise(seat, demand);
  }

  cancel(recipient: Recipient<Event>): void {
    const seat = recipient.seat as Seat<Event> | undefined;
    if (seat === undefined) return;
    recipient.seat = undefined;
    if (seat.selector !== undefined) this.#selectors -= 1;
    this.#takeOut(seat);
    this.#identities.delete(recipient.identity);
    this.#findLowest();
  }

  dispatch(events: readonly Event[]): number {
    const taken = Math.min(events.length, this.capacity);
    if (taken === 0) return 0;
    const list = taken === events.length ? events : events.slice(0, taken);
    if (this.#selectors > 0) this.#select(list);
    else for (let seat = this.#first; seat !== undefined; seat = seat.after) seat.recipient.send(list);
    this.#sent += taken;
    return taken;
  }

  /** Selects for all before anything is sent: a selector that throws leaves nothing half done. */
  #select(list: readonly Event[]): void {
    const selected: (readonly Event[])[] = [];
    for (let seat = this.#first; seat !== undefined; seat = seat.after) {
      const { selector } = seat;
      selected.push(selector === undefined ? list : list.filter((event) => selector(event)));
    }
    let place = 0;
    for (let seat = this.#first; seat !== undefined; seat = seat.after) {
      const some = selected[place] as readonly Event[];
      place += 1;
      if (some.length > 0) seat.recipient.send(some);
      if (some.length < list.length) seat.recipient.askAgain(list.length - some.length);
    }
  }

  #putFirst(seat: Seat<Event>): void {
    seat.before = undefined;
    seat.after = this.#first;
    if (this.#first !== undefined) this.#first.before = seat;
    this.#first = seat;
  }

  #takeOut(seat: Seat<Event>): void {
    if (seat.before === undefined) this.#first = seat.after;
    else seat.before.after = seat.after;
    if (seat.after !== undefined) seat.after.before = seat.before;
  }

  #raise(seat: Seat<Event>, demand: number): void {
    const wasLowest = seat.limit === this.#lowest;
    seat.limit += demand;
    if (!wasLowest) return;
    this.#atLowest -= 1;
    if (this.#atLowest === 0) this.#findLowest();
  }

  #findLowest(): void {
    let lowest = Infinity;
    let count = 0;
    for (let seat = this.#first; seat !== undefined; seat = seat.after) {
      const { limit } = seat;
      if (limit < lowest) {
        lowest = limit;
        count = 0;
      }
      if (limit === lowest) count += 1;
    }
    this.#lowest = lowest;
    this.#atLowest = count;
  }
}
