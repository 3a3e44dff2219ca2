import type { DispatchOptions } from "sluice";
import { Tally, type Oracle, type Outcome } from "./oracle.ts";

/** What the hash says of an event: see `partitionDispatcher`. */
export type Hash<Event> = (event: Event) => number | { readonly partition: number; readonly event: Event } | undefined;

interface Queue<Event> {
  consumer: object | undefined;
  open: number;
  readonly waiting: Event[];
}

/** Each event waits in the queue of its partition until its consumer asks; a full queue holds back all that come after. */
export class PartitionOracle<Event> implements Oracle<Event> {
  readonly #queues: readonly Queue<Event>[];
  readonly #hash: Hash<Event>;
  readonly #queueSize: number;

  constructor(partitions: number, hash: Hash<Event>, queueSize: number) {
    this.#queues = Array.from({ length: partitions }, () => ({ consumer: undefined, open: 0, waiting: [] }));
    this.#hash = hash;
    this.#queueSize = queueSize;
  }

  get queued(): number {
    return this.#queues.reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  get capacity(): number {
    return Math.max(0, this.#queues.reduce((sum, { open }) => sum + open, 0) - this.queued);
  }

  get isFull(): boolean {
    return this.#queues.some(({ waiting }) => waiting.length >= this.#queueSize);
  }

  subscribe(consumer: object, _identity: object, { partition }: DispatchOptions): boolean {
    const queue = typeof partition === "number" ? this.#queues[partition] : undefined;
    if (queue === undefined || queue.consumer !== undefined) return false;
    queue.consumer = consumer;
    return true;
  }

  ask(consumer: object, demand: number): Outcome<Event> {
    const tally = new Tally<Event>();
    const queue = this.#queueOf(consumer);
    if (queue !== undefined) {
      queue.open += demand;
      this.#deliver(queue, tally);
    }
    return tally;
  }

  cancel(consumer: object): void {
    const queue = this.#queueOf(consumer);
    if (queue === undefined) return;
    queue.consumer = undefined;
    queue.open = 0;
  }

  dispatch(events: readonly Event[]): Outcome<Event> {
    const tally = new Tally<Event>();
    // A hash that throws, or names what is no partition, does so before anything is sent: up to the last event that is taken.
    const before = this.#queues.map((queue) => ({ ...queue, waiting: [...queue.waiting] }));
    try {
      for (const event of events) {
        if (this.capacity === 0 || !this.#take(event, tally)) break;
        tally.taken += 1;
      }
    } catch (error) {
      before.forEach(({ open, waiting }, place) => {
        const queue = this.#queues[place] as Queue<Event>;
        queue.open = open;
        queue.waiting.splice(0, queue.waiting.length, ...waiting);
      });
      throw error;
    }
    return tally;
  }

  clear(): void {
    for (const { waiting } of this.#queues) waiting.length = 0;
  }

  openOf(consumer: object): number {
    return this.#queueOf(consumer)?.open ?? 0;
  }

  #queueOf(consumer: object): Queue<Event> | undefined {
    return this.#queues.find((each) => each.consumer === consumer);
  }

  #take(event: Event, tally: Tally<Event>): boolean {
    const hashed = this.#hash(event);
    if (hashed === undefined) {
      tally.dropped += 1;
      return true;
    }
    const route = typeof hashed === "object" ? hashed : { partition: hashed, event };
    const queue = this.#queues[route.partition];
    if (queue === undefined) throw new Error(`no partition ${route.partition}`);
    if (queue.open === 0 && queue.waiting.length >= this.#queueSize) return false;
    queue.waiting.push(route.event);
    this.#deliver(queue, tally);
    return true;
  }

  #deliver(queue: Queue<Event>, tally: Tally<Event>): void {
    while (queue.consumer !== undefined && queue.open > 0 && queue.waiting.length > 0) {
      tally.send(queue.consumer, queue.waiting.shift() as Event);
      queue.open -= 1;
    }
  }
}
