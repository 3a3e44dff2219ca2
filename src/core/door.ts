/** Where events from outside come in: each list in a message of its own, and all that wait within a bound. */
import type { Buffer } from "./buffer.ts";
import { Queue } from "./queue.ts";
import { post } from "./scheduler.ts";
import { StagePort, type Mailbox } from "./stage-port.ts";

/** What takes the lists in. */
interface Entry<Out> {
  /** An empty buffer that keeps at most so many events, by the policy of the stage. */
  spareBuffer(limit: number): Buffer<Out>;
  /** Takes a list in; its turn has come. */
  posted(events: readonly Out[]): void;
  /** So many events were thrown away at the door; what is left of the burst has been taken in. */
  trimmed(count: number): void;
  /** The policy has thrown an error. */
  trimFailed(error: unknown): void;
}

/** So many events are no burst: each list is taken in by itself, with the in-band messages between them. */
const SMALL = 1024;

/** A list that waits for its turn. */
interface Waiting<Out> {
  events: readonly Out[];
}

/** What is left of a burst: the events that will be delivered at once, and of those behind them what the buffer would keep. */
class Burst<Out> {
  seen = 0;
  readonly #open: number;
  readonly #first: Out[] = [];
  readonly #rest: Buffer<Out>;

  constructor(open: number, rest: Buffer<Out>) {
    this.#open = open;
    this.#rest = rest;
  }

  get count(): number {
    return this.#first.length + this.#rest.size;
  }

  /** Throws what the policy throws. */
  add(events: readonly Out[]): void {
    this.seen += events.length;
    let at = 0;
    while (at < events.length && this.#first.length < this.#open) this.#first.push(events[at++] as Out);
    this.#rest.push(events, at);
  }

  take(): readonly Out[] {
    const kept = this.#rest.take(this.#rest.size);
    return this.#first.length === 0 ? kept : [...this.#first, ...kept];
  }
}

/**
 * A burst within one turn, or behind a callback that does not settle, must not wait without a bound: when more than 1,024
 * events wait, and twice what would be kept of them, they are trimmed to what the buffer would keep, were each list taken in
 * at once.
 */
export class Door<Out> extends StagePort<Waiting<Out>> {
  readonly #entry: Entry<Out>;
  /** The lists that wait, and are not empty. */
  readonly #waiting = new Queue<Waiting<Out>>();
  #waitingCount = 0;
  /** More came than may wait: it goes in with this list, the last of those that waited, and takes in all that comes until then. */
  #burst: Burst<Out> | undefined;
  #last: Waiting<Out> | undefined;

  constructor(stage: Mailbox, entry: Entry<Out>) {
    super(stage);
    this.#entry = entry;
  }

  /** How many events wait. */
  get count(): number {
    return this.#waitingCount + (this.#burst?.count ?? 0);
  }

  /** `open`: how many of those that wait will be delivered at once; `bound`: how many more may be kept. */
  post(events: readonly Out[], open: number, bound: number): void {
    if (this.#burst !== undefined) {
      this.#gather(this.#burst, events);
      return;
    }
    const list = { events };
    post(this, list);
    if (events.length === 0) return;
    this.#waiting.push(list);
    this.#waitingCount += events.length;
    // One list is in memory already.
    if (this.#waiting.length > 1 && this.#waitingCount > Math.max(SMALL, 2 * (open + bound))) this.#trim(new Burst(open, this.#entry.spareBuffer(bound)), list);
  }

  handle(list: Waiting<Out>): void {
    const { events } = list;
    // Those before it have been handled, or have gone into the burst.
    if (events.length > 0) {
      this.#waiting.shift();
      this.#waitingCount -= events.length;
    }
    if (list === this.#last) this.#takeBurst();
    else this.#entry.posted(events);
    this.stage.pump();
  }

  #takeBurst(): void {
    const burst = this.#burst as Burst<Out>;
    this.#burst = undefined;
    this.#last = undefined;
    const kept = burst.take();
    this.#entry.posted(kept);
    if (kept.length < burst.seen) this.#entry.trimmed(burst.seen - kept.length);
  }

  #trim(burst: Burst<Out>, last: Waiting<Out>): void {
    this.#burst = burst;
    this.#last = last;
    while (this.#waiting.length > 0) {
      const list = this.#waiting.shift();
      this.#waitingCount -= list.events.length;
      this.#gather(burst, list.events);
      list.events = [];
    }
  }

  #gather(burst: Burst<Out>, events: readonly Out[]): void {
    try {
      burst.add(events);
    } catch (error) {
      this.#entry.trimFailed(error);
    }
  }
}
