/** A stage as an async iterable with exact demand: what `for await` uses. */
import type { Outlet } from "./protocol.ts";
import { CLOCK_EVENTS, Reader } from "./reader.ts";
import { FULL_CREDIT, enqueue, runNow, spend } from "./scheduler.ts";
import type { ReadOptions } from "./stages.ts";

const READY: Promise<void> = Promise.resolve();
const noop = (): void => undefined;

/** One event for each `next()`, and never one more: several of one turn become one ask. */
export class Exact<Out> extends Reader<Out, Out> {
  #list: readonly Out[] = [];
  #index = 0;
  #unasked = 0;
  /** The answer to a request that waited is some microtasks behind one that is at hand: it must not be overtaken. */
  #answers = 0;
  readonly #hasAnswered = (): void => {
    this.#answers -= 1;
  };
  /** Calls of `next()` that have not been answered. */
  #inFlight = 0;
  /** How many events may be taken without a message before the slice is looked at. */
  #untilClock = 1;
  #clockEvents = 1;

  constructor(outlet: Outlet<Out>, options: ReadOptions = {}) {
    super(outlet, options);
  }

  next(): Promise<IteratorResult<Out, undefined>> {
    if (this.up === undefined) this.open();
    if (this.#inFlight === 0 && this.requests.length === 0 && this.#answers === 0 && this.#untilClock > 0 && !this.hasRest && !this.isOver) {
      const taken = this.up?.takeBuffered?.();
      if (taken !== undefined) {
        this.#untilClock -= 1;
        return Promise.resolve(taken);
      }
    }
    this.#inFlight += 1;
    this.#unasked += 1;
    return READY.then(this.#settle);
  }

  /**
   * One microtask both drives and answers: it asks for all requests of the turn, runs the stages, and mostly finds the
   * result there. Law 4 holds: nothing ran in the call of `next`.
   */
  readonly #settle = (): IteratorResult<Out, undefined> | Promise<IteratorResult<Out, undefined>> => {
    if (this.#untilClock === 0) {
      this.#clockEvents = spend(FULL_CREDIT) ? 1 : Math.min(CLOCK_EVENTS, this.#clockEvents * 2);
      this.#untilClock = this.#clockEvents;
    }
    if (this.#unasked > 0 && this.up !== undefined && !this.isOver) {
      enqueue(this.up, this.#unasked);
      this.#unasked = 0;
      runNow();
    }
    // Behind the callbacks that have run: one that calls `next` must not be served before this.
    this.#inFlight -= 1;
    if (this.requests.length > 0 || !this.hasResult) return this.wait();
    const result: IteratorResult<Out, undefined> = { value: this.take(), done: false };
    if (this.#answers === 0) return result;
    this.#answers += 1;
    // It takes two microtasks more than one that is at hand.
    void READY.then(noop).then(noop).then(this.#hasAnswered);
    return Promise.resolve(result);
  };

  protected override answered(): void {
    this.#answers += 1;
    void READY.then(this.#hasAnswered);
  }

  protected opened(): void {
    // Asked for in `#settle`.
  }

  protected get hasRest(): boolean {
    return this.#index < this.#list.length || this.lists.length > 0;
  }

  protected take(): Out {
    if (this.#index >= this.#list.length) {
      this.#list = this.lists.shift();
      this.#index = 0;
    }
    const event = this.#list[this.#index] as Out;
    this.#index += 1;
    if (this.#index === this.#list.length) this.#list = [];
    return event;
  }

  /** Mostly nothing is at hand: then the list need not wait in a queue. */
  protected override keep(list: readonly Out[]): void {
    if (this.hasRest) super.keep(list);
    else {
      this.#list = list;
      this.#index = 0;
    }
  }

  protected override clear(): void {
    super.clear();
    this.#list = [];
  }
}
