import type { DispatchOptions } from "sluice";
import { Tally, type Oracle, type Outcome } from "./oracle.ts";

interface Listener<Event> {
  readonly consumer: object;
  readonly identity: object;
  readonly selector: (event: Event) => boolean;
  open: number;
}

/**
 * Everybody gets every event that he wants, at the pace of the slowest; what he does not want is asked for again. Who joined
 * or asked last is served first: the order in which is asked again decides how much the source is asked for at a time.
 */
export class BroadcastOracle<Event> implements Oracle<Event> {
  readonly isFull = false;
  readonly queued = 0;
  /** The last one to join or to ask is first. */
  #listeners: readonly Listener<Event>[] = [];

  get capacity(): number {
    return this.#listeners.length === 0 ? 0 : Math.min(...this.#listeners.map(({ open }) => open));
  }

  subscribe(consumer: object, identity: object, { selector = () => true }: DispatchOptions): boolean {
    const isKnown = this.#listeners.some((each) => each.identity === identity);
    if (isKnown || typeof selector !== "function") return false;
    this.#listeners = [{ consumer, identity, selector: selector as Listener<Event>["selector"], open: 0 }, ...this.#listeners];
    return true;
  }

  ask(consumer: object, demand: number): Outcome<Event> {
    const listener = this.#of(consumer);
    if (listener !== undefined) {
      listener.open += demand;
      this.#listeners = [listener, ...this.#others(consumer)];
    }
    return new Tally();
  }

  cancel(consumer: object): void {
    this.#listeners = this.#others(consumer);
  }

  dispatch(events: readonly Event[]): Outcome<Event> {
    const tally = new Tally<Event>();
    const list = events.slice(0, this.capacity);
    // A selector that throws throws before anything is sent.
    for (const event of list) for (const { selector } of this.#listeners) selector(event);
    tally.taken = list.length;
    for (const listener of this.#listeners) {
      for (const event of list) {
        listener.open -= 1;
        if (listener.selector(event)) tally.send(listener.consumer, event);
        else tally.askAgain(listener.consumer);
      }
    }
    return tally;
  }

  clear(): void {
    // It has no queues.
  }

  openOf(consumer: object): number {
    return this.#of(consumer)?.open ?? 0;
  }

  #of(consumer: object): Listener<Event> | undefined {
    return this.#listeners.find((each) => each.consumer === consumer);
  }

  #others(consumer: object): readonly Listener<Event>[] {
    return this.#listeners.filter((each) => each.consumer !== consumer);
  }
}
