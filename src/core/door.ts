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

/** A list that waits for its turn. */
interface Waiting<Out> {
  events: readonly Out[];
}

/** So many events beyond the bound are let in before any is thrown away: each look goes through all that wait. */
const SLACK = 1024;

/**
 * A burst within one turn, or behind a callback that does not settle, must not wait without a bound: it is trimmed to what
 * the buffer would keep of it, were each list taken in at once.
 */
export class Door<Out> extends StagePort<Waiting<Out>> {
  /** How many events wait. */
  count = 0;
  readonly #entry: Entry<Out>;
  /** The lists that wait, and are not empty. */
  readonly #waiting = new Queue<Waiting<Out>>();
  #trimmed = 0;

  constructor(stage: Mailbox, entry: Entry<Out>) {
    super(stage);
    this.#entry = entry;
  }

  /** `open`: how many of those that wait will be delivered at once; `bound`: how many more may be kept. */
  post(events: readonly Out[], open: number, bound: number): void {
    const list = { events };
    this.count += events.length;
    if (events.length > 0) this.#waiting.push(list);
    post(this, list);
    const most = open + bound;
    if (this.count > most + Math.max(SLACK, most)) this.#trim(open, bound);
  }

  handle(list: Waiting<Out>): void {
    const { events } = list;
    // Those before it have been handled, or trimmed to nothing.
    if (events.length > 0) this.#waiting.shift();
    this.count -= events.length;
    this.#entry.posted(events);
    if (this.#trimmed > 0 && this.#waiting.length === 0) {
      const trimmed = this.#trimmed;
      this.#trimmed = 0;
      this.#entry.trimmed(trimmed);
    }
    this.stage.pump();
  }

  /** What is left goes with the last of the lists. */
  #trim(open: number, bound: number): void {
    const first: Out[] = [];
    const rest = this.#entry.spareBuffer(bound);
    let last: Waiting<Out> | undefined;
    let seen = 0;
    try {
      while (this.#waiting.length > 0) {
        last = this.#waiting.shift();
        const { events } = last;
        last.events = [];
        seen += events.length;
        const fitting = Math.min(events.length, open - first.length);
        for (let at = 0; at < fitting; at += 1) first.push(events[at] as Out);
        rest.push(events, fitting);
      }
    } catch (error) {
      this.#entry.trimFailed(error);
    }
    if (last === undefined) return;
    const kept = rest.take(rest.size);
    last.events = first.length === 0 ? kept : [...first, ...kept];
    if (last.events.length > 0) this.#waiting.unshift(last);
    const trimmed = seen - last.events.length;
    this.count -= trimmed;
    this.#trimmed += trimmed;
  }
}
