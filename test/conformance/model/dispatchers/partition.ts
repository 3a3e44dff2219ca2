import type { Event, ProducerOptions } from "../../trace.ts";
import type { Dispatched, Dispatcher, DispatcherPorts } from "../dispatcher.ts";
import { crash } from "../end.ts";
import type { Link } from "../partners.ts";
import type { Hash, Partition } from "./hash.ts";
import { Mark } from "./mark.ts";

interface Place {
  link: Link | undefined;
  /** Open demand, or, once that was used up, the queue of what waits for the next ask. */
  state: number | (Event | Mark)[];
}

/**
 * Each event goes to the one consumer of its partition.
 *
 * Events beyond the demand of one partition wait in a queue of that partition, without bound, also where nobody has
 * subscribed; a cancel throws the queue away and demands as many events again.
 */
export class PartitionDispatcher implements Dispatcher {
  readonly #ports: DispatcherPorts;
  readonly #hash: Hash;
  // R15: an info waits behind events, not behind a queue that happens to be empty.
  readonly #infosNeedNoDemand: boolean;
  readonly #places: ReadonlyMap<Partition, Place>;
  readonly #placeOf = new Map<Link, Place>();
  // Passed upstream and not dispatched yet.
  #waiting = 0;
  // Left behind by leavers.
  #pending = 0;

  constructor(ports: DispatcherPorts, hash: Hash, infosNeedNoDemand: boolean) {
    this.#ports = ports;
    this.#hash = hash;
    this.#infosNeedNoDemand = infosNeedNoDemand;
    this.#places = new Map(hash.partitions.map((partition) => [partition, { link: undefined, state: 0 }]));
  }

  get open(): number {
    let open = 0;
    for (const { state } of this.#places.values()) if (typeof state === "number") open += state;
    return open;
  }

  get room(): number {
    return this.open;
  }

  // The original does not count its queues.
  readonly queued = 0;

  subscribe(link: Link, { partition }: ProducerOptions): undefined {
    const place = partition === undefined ? undefined : this.#places.get(partition);
    if (place === undefined || place.link) throw crash("ArgumentError");
    place.link = link;
    this.#placeOf.set(link, place);
  }

  cancel(link: Link): number {
    const place = this.#placeOf.get(link);
    if (place === undefined) return 0;
    const { state } = place;
    this.#placeOf.delete(link);
    place.link = undefined;
    place.state = 0;
    if (typeof state === "number") {
      this.#pending += state;
      return 0;
    }
    const marks = state.filter((entry) => entry instanceof Mark);
    for (const mark of marks) mark.reach();
    const again = state.length - marks.length;
    this.#waiting += again;
    return again;
  }

  ask(link: Link, demand: number): number {
    const place = this.#placeOf.get(link);
    if (place === undefined) return 0;
    if (typeof place.state === "number") place.state += demand;
    else place.state = this.#deliverFrom(place.state, link, demand);
    const alreadySent = Math.min(this.#pending, demand);
    this.#pending -= alreadySent;
    this.#waiting += demand - alreadySent;
    return demand - alreadySent;
  }

  dispatch(events: readonly Event[]): Dispatched {
    const batches = new Map<Partition, Event[]>();
    let taken = 0;
    let dropped = 0;
    for (const event of events) {
      if (this.#waiting === 0) break;
      taken += 1;
      const hashed = this.#hash.of(event);
      if (hashed === undefined) {
        dropped += 1;
        continue;
      }
      this.#waiting -= 1;
      const batch = batches.get(hashed.partition);
      if (batch) batch.push(hashed.event);
      else batches.set(hashed.partition, [hashed.event]);
    }
    for (const [partition, place] of this.#places) this.#give(place, batches.get(partition) ?? []);
    return { rest: events.slice(taken), dropped };
  }

  info(message: string): void {
    const queues: (Event | Mark)[][] = [];
    for (const { state } of this.#places.values()) {
      if (typeof state !== "number" && !(this.#infosNeedNoDemand && state.length === 0)) queues.push(state);
    }
    const mark = new Mark(queues.length, () => this.#ports.inform(message));
    for (const queue of queues) queue.push(mark);
  }

  #give(place: Place, events: readonly Event[]): void {
    if (events.length === 0) return;
    if (typeof place.state !== "number") {
      place.state.push(...events);
      return;
    }
    const batch = events.slice(0, place.state);
    const left = place.state - batch.length;
    // Demand that is used up makes a queue, even an empty one.
    place.state = left > 0 ? left : events.slice(batch.length);
    if (batch.length > 0 && place.link) this.#ports.deliver(place.link, batch);
  }

  /** Spends an ask on the queue. Answers with the demand that is left, or with the queue. */
  #deliverFrom(queue: (Event | Mark)[], link: Link, demand: number): number | (Event | Mark)[] {
    let left = demand;
    let batch: Event[] = [];
    const flush = (): void => {
      if (batch.length > 0) this.#ports.deliver(link, batch);
      batch = [];
    };
    for (const [i, entry] of queue.entries()) {
      if (left === 0 && !(this.#infosNeedNoDemand && entry instanceof Mark)) {
        flush();
        return queue.slice(i);
      }
      if (entry instanceof Mark) {
        flush();
        entry.reach();
      } else {
        batch.push(entry);
        left -= 1;
      }
    }
    flush();
    return left > 0 ? left : [];
  }
}
