import type { Dispatcher, Recipient } from "../../core/index.ts";

/** A dispatcher that is told of what it must not return: a stage might run for ever with it. */
export class Guarded<Event> implements Dispatcher<Event> {
  readonly #dispatcher: Dispatcher<Event>;
  readonly #handleBadReturn: (taken: unknown, most: number) => Error;

  constructor(dispatcher: Dispatcher<Event>, handleBadReturn: (taken: unknown, most: number) => Error) {
    this.#dispatcher = dispatcher;
    this.#handleBadReturn = handleBadReturn;
  }

  get options(): readonly string[] {
    return this.#dispatcher.options ?? [];
  }

  get givesAllToOne(): boolean {
    return this.#dispatcher.givesAllToOne === true;
  }

  get capacity(): number {
    return this.#dispatcher.capacity;
  }

  get isFull(): boolean {
    return this.#dispatcher.isFull === true;
  }

  // The stage tells a dispatcher without queues by this.
  get queued(): number {
    return this.#dispatcher.queued as number;
  }

  subscribe(recipient: Recipient<Event>): void {
    this.#dispatcher.subscribe(recipient);
  }

  ask(recipient: Recipient<Event>, demand: number): void {
    this.#dispatcher.ask(recipient, demand);
  }

  cancel(recipient: Recipient<Event>): void {
    this.#dispatcher.cancel(recipient);
  }

  mark(reached: () => void): void {
    this.#dispatcher.mark?.(reached);
  }

  clear(): void {
    this.#dispatcher.clear?.();
  }

  dispatch(events: readonly Event[]): number {
    const taken: unknown = this.#dispatcher.dispatch(events);
    if (Number.isInteger(taken) && (taken as number) >= 0 && (taken as number) <= events.length) return taken as number;
    throw this.#handleBadReturn(taken, events.length);
  }
}
