/** Observers: one that takes as fast as it can, and one that is waited for. */
import { isThenable, type Producer } from "sluice";
import { settled, toObservable, type ToObservableOptions } from "sluice/rxjs";
import { LEAVE, type Sink } from "../sink.ts";
import type { Far, OutSettings, Outcome, WayOut } from "../ways.ts";

const OBSERVER = {
  carries: "anything",
  // `unsubscribe()` takes no reason.
  tellsReason: false,
  tellsFailure: true,
  atOnce: 1,
  leaveShowsCleanup: false,
  abortsAt: "out",
  abortShows: "nothing",
  throwsUncaught: true,
} as const;

export const observer: WayOut = {
  name: "Observable",
  ...OBSERVER,
  canWait: false,
  open: (producer, sink, settings) => new Observing(producer, sink, settings, {}),
};

export const settledObserver: WayOut = {
  name: "Observable, settled",
  ...OBSERVER,
  canWait: true,
  open: (producer, sink, settings) => new Observing(producer, sink, settings, { pace: settled }),
};

class Observing implements Far {
  readonly windows: number;
  readonly marks = 0;
  readonly prefetches = 0;
  readonly stages = [] as const;
  readonly outcome: Promise<Outcome>;
  readonly #subscribe: () => { unsubscribe(): void };
  #subscription: { unsubscribe(): void } | undefined;
  readonly #sink: Sink;
  #settle!: (outcome: Outcome) => void;
  #isOver = false;

  constructor(producer: Producer<unknown>, sink: Sink, { maxDemand, minDemand, signal }: OutSettings, options: ToObservableOptions) {
    this.#sink = sink;
    this.windows = maxDemand;
    const leave = (): void => this.#left();
    this.outcome = new Promise((resolve) => {
      this.#settle = (outcome) => {
        signal?.removeEventListener("abort", leave);
        this.#isOver = true;
        resolve(outcome);
      };
    });
    if (signal?.aborted === true) leave();
    else signal?.addEventListener("abort", leave);
    const observable = toObservable(producer, { maxDemand, minDemand, ...options });
    const told = {
      next: (event: unknown) => this.#next(event),
      error: (error: unknown) => this.#told({ type: "error", error }),
      complete: () => this.#told({ type: "normal" }),
    };
    this.#subscribe = () => observable.subscribe(told, { signal });
  }

  start(): void {
    // An observer cannot but ask.
    if (this.#sink.taking.isIdle !== true) this.#subscription = this.#subscribe();
  }

  leave(): Promise<unknown> {
    this.#subscription ??= this.#subscribe();
    this.#left();
    this.#subscription.unsubscribe();
    return Promise.resolve();
  }

  isClosed(): boolean {
    return this.#isOver;
  }

  residue(): readonly string[] {
    return [];
  }

  #next(event: unknown): unknown {
    let verdict: unknown;
    try {
      verdict = this.#sink.take(event);
    } catch (error) {
      this.#settle({ type: "error", error });
      throw error;
    }
    if (isThenable(verdict)) {
      return verdict.then(
        (each) => this.#judge(each),
        (error: unknown) => {
          this.#settle({ type: "error", error });
          throw error;
        },
      );
    }
    return this.#judge(verdict);
  }

  #judge(verdict: unknown): void {
    if (verdict === LEAVE) void this.leave();
  }

  #left(): void {
    this.#settle({ type: "left" });
  }

  #told(told: Exclude<Outcome, { type: "left" }>): void {
    this.#sink.tell(told);
    this.#settle(told);
  }
}
