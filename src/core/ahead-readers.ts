/** A stage as an async iterable that reads ahead: event by event, or list by list. */
import { DemandWindow } from "./demand-window.ts";
import { anything, checkOptions, isSignal, milliseconds } from "./options.ts";
import type { Outlet, Port, Upward } from "./protocol.ts";
import { CLOCK_EVENTS, Reader } from "./reader.ts";
import { FULL_CREDIT, inNextTurn, post, spend } from "./scheduler.ts";
import type { ReadOptions } from "./stages.ts";

/** Reads ahead by a window, and lets the event loop turn when its slice is over. */
abstract class Windowed<Out, Result> extends Reader<Out, Result> {
  protected readonly window: DemandWindow;
  /** A turn of the event loop is awaited. */
  #isPausing = false;

  constructor(outlet: Outlet<Out>, options: ReadOptions) {
    checkOptions("a reader", options, { maxDemand: anything, minDemand: anything, signal: isSignal, closeWithinMs: milliseconds });
    super(outlet, options);
    this.window = new DemandWindow(options);
  }

  protected opened(up: Port<Upward>): void {
    // In a message of its own, as a consumer asks: who else comes in this turn is subscribed before events flow.
    const demand = this.window.open();
    const first: Port<undefined> = {
      receive: () => {
        if (!this.isOver) post(up, demand);
      },
    };
    post(first, undefined);
  }

  protected override get hasResult(): boolean {
    return !this.#isPausing && this.hasRest;
  }

  /** These events are handled: their room is free again. `units` is what that was worth of the slice. */
  protected handled(count: number, units: number): void {
    const more = this.window.handled(Math.min(count, this.window.outstanding));
    // Who has left asks no more: what was given out before is still counted.
    if (more > 0 && this.up !== undefined && !this.isOver) post(this.up, more);
    if (!this.#isPausing && spend(units)) {
      this.#isPausing = true;
      inNextTurn(() => {
        this.#isPausing = false;
        this.serve();
      });
    }
  }
}

/** Event by event, with read-ahead. */
export class Events<Out> extends Windowed<Out, Out> {
  #list: readonly Out[] = [];
  #index = 0;
  /** Where `next()` must do more than give out the next event: the list ends, an ask is due, or the clock is. */
  #limit = 0;
  /** Up to where the events of the list count as handled, and how many of the lists before it do not yet. */
  #counted = 0;
  #uncounted = 0;
  #clockEvents = 1;

  next(): Promise<IteratorResult<Out, undefined>> {
    if (this.#index < this.#limit) {
      const value = this.#list[this.#index] as Out;
      this.#index += 1;
      return Promise.resolve({ value, done: false });
    }
    return this.#nextSlowly();
  }

  #nextSlowly(): Promise<IteratorResult<Out, undefined>> {
    if (this.up === undefined) this.open();
    this.count();
    if (this.requests.length === 0 && this.hasResult) return Promise.resolve({ value: this.take(), done: false });
    return this.wait();
  }

  protected get hasRest(): boolean {
    return this.#index < this.#list.length || this.lists.length > 0;
  }

  protected override count(): void {
    const count = this.#uncounted + this.#index - this.#counted;
    this.#uncounted = 0;
    this.#counted = this.#index;
    this.#limit = this.#index;
    if (count === 0) return;
    this.handled(count, FULL_CREDIT);
    this.#clockEvents = this.hasResult || !this.hasRest ? Math.min(CLOCK_EVENTS, this.#clockEvents * 2) : 1;
  }

  protected take(): Out {
    if (this.#index >= this.#list.length) {
      this.#uncounted += this.#index - this.#counted;
      this.#list = this.lists.shift();
      this.#index = 0;
      this.#counted = 0;
    }
    const value = this.#list[this.#index] as Out;
    this.#index += 1;
    const untilAsk = Math.max(1, this.window.outstanding - this.window.min - this.#uncounted);
    this.#limit = Math.min(this.#list.length, this.#counted + untilAsk, this.#counted + this.#clockEvents);
    return value;
  }

  protected override clear(): void {
    super.clear();
    this.#list = [];
    this.#index = 0;
    this.#limit = 0;
    this.#counted = 0;
  }
}

/** List by list. The list before counts as handled at the next `next()`. */
export class Batches<Out> extends Windowed<Out, readonly Out[]> {
  #rest: readonly Out[] = [];
  #given = 0;

  next(): Promise<IteratorResult<readonly Out[], undefined>> {
    if (this.up === undefined) this.open();
    this.count();
    if (this.requests.length === 0 && this.hasResult) return Promise.resolve({ value: this.take(), done: false });
    return this.wait();
  }

  protected get hasRest(): boolean {
    return this.#rest.length > 0 || this.lists.length > 0;
  }

  protected override count(): void {
    const count = this.#given;
    this.#given = 0;
    if (count > 0) this.handled(count, 1 + (count >> 4));
  }

  protected override clear(): void {
    super.clear();
    this.#rest = [];
  }

  protected take(): readonly Out[] {
    const list = this.#rest.length > 0 ? this.#rest : this.lists.shift();
    const size = this.window.batchSize;
    const batch = list.length <= size ? list : list.slice(0, size);
    this.#rest = list.length <= size ? [] : list.slice(size);
    this.#given += batch.length;
    return batch;
  }
}
