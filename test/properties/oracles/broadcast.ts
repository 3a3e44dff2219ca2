import type { DispatchOptions } from "sluice";
import { Tally, type Oracle, type Outcome } from "./oracle.ts";

interface Listener<Event> {
  readonly identity: object;
  readonly selector: (event: Event) => boolean;
  open: number;
}

/** Everybody gets every event that he wants, at the pace of the slowest; what he does not want is asked for again. */
export class BroadcastOracle<Event> implements Oracle<Event> {
  readonly isFull = false;
  readonly queued = 0;
  readonly #listeners = new Map<object, Listener<Event>>();

  get capacity(): number {
    const open = [...this.#listeners.values()].map((each) => each.open);
    return open.length === 0 ? 0 : Math.min(...open);
  }

  subscribe(consumer: object, identity: object, { selector = () => true }: DispatchOptions): boolean {
    const isKnown = [...this.#listeners.values()].some((each) => each.identity === identity);
    if (isKnown || typeof selector !== "function") return false;
    this.#listeners.set(consumer, { identity, selector: selector as Listener<Event>["selector"], open: 0 });
    return true;
  }

  ask(consumer: object, demand: number): Outcome<Event> {
    const listener = this.#listeners.get(consumer);
    if (listener !== undefined) listener.open += demand;
    return new Tally();
  }

  cancel(consumer: object): void {
    this.#listeners.delete(consumer);
  }

  dispatch(events: readonly Event[]): Outcome<Event> {
    const tally = new Tally<Event>();
    const list = events.slice(0, this.capacity);
    // A selector that throws throws before anything is sent.
    for (const event of list) for (const { selector } of this.#listeners.values()) selector(event);
    tally.taken = list.length;
    for (const [consumer, listener] of this.#listeners) {
      for (const event of list) {
        listener.open -= 1;
        if (listener.selector(event)) tally.send(consumer, event);
        else tally.askAgain(consumer);
      }
    }
    return tally;
  }

  clear(): void {
    // It has no queues.
  }

  openOf(consumer: object): number {
    return this.#listeners.get(consumer)?.open ?? 0;
  }
}
