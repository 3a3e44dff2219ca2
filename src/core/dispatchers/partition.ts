import { BadOptionError, SluiceError, show } from "../errors.ts";
import { bound, checkOptions, integer, isFunction } from "../options.ts";
import { Queue } from "../queue.ts";
import type { Dispatcher, DispatcherFactory, DispatcherHost, Recipient } from "../dispatcher.ts";
import { OpenDemand, saturated } from "./open-demand.ts";

/** The name of a partition. */
export type Partition = number | string;

/** Options of {@link partitionDispatcher}. */
export interface PartitionDispatcherOptions<Event, Name extends Partition = Partition> {
  /** How many partitions (then their names are 0, 1, …), or their names. */
  readonly partitions: number | readonly Name[];
  /**
   * Where an event goes: the name of a partition, or one with the event that goes there in its stead, or `undefined` to drop
   * it (its demand is asked for again). A name that is no partition, and a hash that throws, end the stage.
   */
  readonly hash: (event: Event) => Name | { readonly partition: Name; readonly event: Event } | undefined;
  /** The most events that wait for the consumer of one partition. Default the stage's `bufferSize`. */
  readonly queueSize?: number;
}

/**
 * Sends each event to the consumer of its partition, which subscribes with the option `partition`; one consumer for each.
 *
 * Events for a partition that is slow, or has no consumer, wait in its queue, which outlives a consumer and goes first to
 * the next. The queues count as the stage's buffer. What is queued holds demand back, and a full queue all of it: order is
 * kept. GenStage's `PartitionDispatcher`, with bounds (rule R10).
 *
 * @throws BadOptionError
 */
export function partitionDispatcher<Event, const Name extends Partition = number>(
  options: PartitionDispatcherOptions<Event, Name>,
): DispatcherFactory<Event> {
  checkOptions("partitionDispatcher", options, {
    partitions: (value) => (Array.isArray(value) ? namesProblem(value) : integer(1)(value) && "an integer of at least 1, or a list of names"),
    hash: isFunction,
    queueSize: bound,
  });
  const { partitions, hash, queueSize } = options;
  if (partitions === undefined) throw new BadOptionError("partitions", "a number or a list of names", partitions);
  if (hash === undefined) throw new BadOptionError("hash", "a function", hash);
  const names = typeof partitions === "number" ? Array.from({ length: partitions }, (_, i) => i) : partitions;
  return (host) => new PartitionDispatcher(host, names, hash, queueSize ?? host.bufferSize);
}

function namesProblem(names: readonly unknown[]): string | undefined {
  const areNames = names.every((name) => typeof name === "string" || typeof name === "number");
  return names.length > 0 && areNames && new Set(names).size === names.length ? undefined : "a list of different names, at least one";
}

/** Between the events of a queue: somebody who waits until those before it have been delivered, here and in other queues. */
class Mark {
  #left: number;
  readonly #reached: () => void;

  constructor(count: number, reached: () => void) {
    this.#left = count;
    this.#reached = reached;
  }

  reach(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#reached();
  }
}

/** One partition: its consumer, its demand, and what waits for it. */
interface Place<Event> {
  recipient: Recipient<Event> | undefined;
  open: number;
  /** How many events are in the queue; marks do not count. */
  waiting: number;
  readonly queue: Queue<{ readonly event: Event } | Mark>;
}

interface Routes<Event> {
  readonly routes: readonly { readonly place: Place<Event> | undefined; readonly event: Event }[];
  readonly places: Iterable<Place<Event>>;
}

class PartitionDispatcher<Event> implements Dispatcher<Event> {
  readonly options = ["partition"];
  readonly #host: DispatcherHost;
  readonly #hash: PartitionDispatcherOptions<Event>["hash"];
  readonly #queueSize: number;
  readonly #places: ReadonlyMap<Partition, Place<Event>>;
  readonly #open = new OpenDemand();
  #queued = 0;
  /** Places whose queue is full. */
  #full = 0;

  constructor(host: DispatcherHost, names: readonly Partition[], hash: PartitionDispatcherOptions<Event>["hash"], queueSize: number) {
    this.#host = host;
    this.#hash = hash;
    this.#queueSize = queueSize;
    this.#places = new Map(names.map((name) => [name, { recipient: undefined, open: 0, waiting: 0, queue: new Queue() }]));
  }

  get capacity(): number {
    return Math.max(0, this.#open.sum - this.#queued);
  }

  get isFull(): boolean {
    return this.#full > 0;
  }

  get queued(): number {
    return this.#queued;
  }

  subscribe(recipient: Recipient<Event>): void {
    const { partition } = recipient.options;
    const place = this.#places.get(partition as Partition);
    if (place === undefined) throw new BadOptionError("partition", `one of ${[...this.#places.keys()].map(show).join(", ")}`, partition);
    if (place.recipient !== undefined) throw new BadOptionError("partition", `one that ${place.recipient.name} has not taken already`, partition);
    place.recipient = recipient;
    recipient.seat = place;
  }

  ask(recipient: Recipient<Event>, demand: number): void {
    const place = recipient.seat as Place<Event> | undefined;
    if (place === undefined) return;
    place.open = saturated(place.open + demand);
    this.#open.add(demand);
    this.#deliver(place);
  }

  cancel(recipient: Recipient<Event>): void {
    const place = recipient.seat as Place<Event> | undefined;
    if (place === undefined) return;
    recipient.seat = undefined;
    place.recipient = undefined;
    const { open } = place;
    place.open = 0;
    this.#open.leave(open, () => Array.from(this.#places.values(), (each) => each.open));
  }

  dispatch(events: readonly Event[]): number {
    const { routes, places } = this.#route(events);
    let dropped = 0;
    for (const { place, event } of routes) {
      if (place === undefined) dropped += 1;
      else {
        place.queue.push({ event });
        this.#count(place, 1);
      }
    }
    if (dropped > 0) this.#host.dropped(dropped);
    // Not all of them: with 1,000 partitions an event cost 19 times as much.
    for (const place of places) this.#deliver(place);
    return routes.length;
  }

  mark(reached: () => void): void {
    const queues = Array.from(this.#places.values(), ({ queue }) => queue).filter(({ length }) => length > 0);
    if (queues.length === 0) reached();
    const mark = new Mark(queues.length, reached);
    for (const queue of queues) queue.push(mark);
  }

  clear(): void {
    for (const place of this.#places.values()) {
      place.queue.clear();
      this.#count(place, -place.waiting);
    }
  }

  /**
   * Where the first events go, as many as there is demand for, up to the first whose queue is full, and the places that get
   * some. Nothing is changed yet: a hash that throws leaves nothing half done.
   */
  #route(events: readonly Event[]): Routes<Event> {
    const { capacity } = this;
    const hash = this.#hash;
    const routes: { place: Place<Event> | undefined; event: Event }[] = [];
    const added = new Map<Place<Event>, number>();
    let kept = 0;
    for (const event of events) {
      if (kept === capacity) break;
      const hashed = hash(event);
      if (hashed === undefined) {
        routes.push({ place: undefined, event });
        continue;
      }
      const route = typeof hashed === "object" && hashed !== null ? hashed : { partition: hashed, event };
      const place = this.#places.get(route.partition);
      if (place === undefined) {
        throw new SluiceError("SLUICE_UNKNOWN_PARTITION", `expected hash to return one of ${[...this.#places.keys()].map(show).join(", ")}, got: ${show(route.partition)}`);
      }
      const more = added.get(place) ?? 0;
      if (place.waiting + more - place.open >= this.#queueSize) break;
      added.set(place, more + 1);
      routes.push({ place, event: route.event });
      kept += 1;
    }
    return { routes, places: added.keys() };
  }

  /** Sends what is open. A mark on the way ends the list; one that has come first needs no demand. */
  #deliver(place: Place<Event>): void {
    const { queue } = place;
    while (queue.length > 0) {
      const first = queue.peek();
      if (first instanceof Mark) {
        queue.shift();
        first.reach();
        continue;
      }
      const list: Event[] = [];
      while (list.length < place.open && queue.length > 0) {
        const entry = queue.peek();
        if (entry instanceof Mark) break;
        list.push(entry.event);
        queue.shift();
      }
      if (list.length === 0) return;
      place.open -= list.length;
      this.#open.take(list.length);
      this.#count(place, -list.length);
      place.recipient?.send(list);
    }
  }

  #count(place: Place<Event>, change: number): void {
    if (place.waiting >= this.#queueSize) this.#full -= 1;
    place.waiting += change;
    this.#queued += change;
    if (place.waiting >= this.#queueSize) this.#full += 1;
  }
}
