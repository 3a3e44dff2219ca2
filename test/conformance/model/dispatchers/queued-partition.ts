import type { Event, ProducerOptions } from "../../trace.ts";
import type { Dispatched, Dispatcher, DispatcherPorts } from "../dispatcher.ts";
import { crash } from "../end.ts";
import type { Link } from "../partners.ts";
import type { Hash, Partition } from "./hash.ts";
import { Mark } from "./mark.ts";

interface Place {
  link: Link | undefined;
  open: number;
  queue: (Event | Mark)[];
}

/**
 * Rule R10: the queues of the partitions are bounded and counted.
 *
 * A queue outlives its subscriber and goes first to the next one. It holds back what it waits for: the open demand of
 * all is reduced by what is queued for anybody, and while a queue is full there is none.
 */
export class QueuedPartitionDispatcher implements Dispatcher {
  readonly #ports: DispatcherPorts;
  readonly #hash: Hash;
  readonly #queueSize: number;
  readonly #places: ReadonlyMap<Partition, Place>;
  readonly #placeOf = new Map<Link, Place>();

  constructor(ports: DispatcherPorts, hash: Hash, queueSize: number) {
    this.#ports = ports;
    this.#hash = hash;
    this.#queueSize = queueSize;
    this.#places = new Map(hash.partitions.map((name) => [name, { link: undefined, open: 0, queue: [] }]));
  }

  get open(): number {
    const isFull = this.#all.some((place) => waiting(place) >= this.#queueSize);
    return isFull ? 0 : this.room;
  }

  get room(): number {
    const demand = this.#all.reduce((sum, { open }) => sum + open, 0);
    return Math.max(0, demand - this.queued);
  }

  get queued(): number {
    return this.#all.reduce((sum, place) => sum + waiting(place), 0);
  }

  get #all(): readonly Place[] {
    return [...this.#places.values()];
  }

  subscribe(link: Link, { partition }: ProducerOptions): undefined {
    const place = partition === undefined ? undefined : this.#places.get(partition);
    if (place === undefined || place.link) throw crash("ArgumentError");
    place.link = link;
    this.#placeOf.set(link, place);
  }

  cancel(link: Link): number {
    const place = this.#placeOf.get(link);
    this.#placeOf.delete(link);
    if (place) {
      place.link = undefined;
      place.open = 0;
    }
    return 0;
  }

  ask(link: Link, demand: number): number {
    const place = this.#placeOf.get(link);
    if (place) {
      place.open += demand;
      this.#deliver(place);
    }
    return 0;
  }

  /** Stops at the first event whose queue is full: the order of the events is kept. */
  dispatch(events: readonly Event[]): Dispatched {
    const { room } = this;
    let taken = 0;
    let dropped = 0;
    for (const event of events) {
      if (taken - dropped === room) break;
      const hashed = this.#hash.of(event);
      const place = hashed && this.#places.get(hashed.partition);
      if (hashed && place) {
        if (waiting(place) - place.open >= this.#queueSize) break;
        place.queue.push(hashed.event);
      } else dropped += 1;
      taken += 1;
    }
    for (const place of this.#all) this.#deliver(place);
    return { rest: events.slice(taken), dropped };
  }

  info(message: string): void {
    const queues = this.#all.map(({ queue }) => queue).filter((queue) => queue.length > 0);
    const mark = new Mark(queues.length, () => this.#ports.inform(message));
    for (const queue of queues) queue.push(mark);
  }

  /** Delivers what is open. An info on the way splits the batch; one that has become the first needs no demand. */
  #deliver(place: Place): void {
    let batch: Event[] = [];
    const flush = (): void => {
      if (batch.length > 0 && place.link) this.#ports.deliver(place.link, batch);
      place.open -= batch.length;
      batch = [];
    };
    for (let first = place.queue[0]; first !== undefined; first = place.queue[0]) {
      if (first instanceof Mark) {
        flush();
        first.reach();
      } else if (batch.length < place.open) batch.push(first);
      else break;
      place.queue.shift();
    }
    flush();
  }
}

/** The events in a queue. */
function waiting({ queue }: Place): number {
  return queue.filter((entry) => !(entry instanceof Mark)).length;
}
