/** Subscribers that are written by hand: one that subscribes to a Publisher, and one that a consumer signals into. */
import type { Consumer, Producer } from "sluice";
import { intoSubscriber, toPublisher, type Subscriber, type Subscription } from "sluice/reactive-streams";
import { LEAVE, type Sink } from "../sink.ts";
import type { Far, OutSettings, Outcome, WayOut } from "../ways.ts";

const SUBSCRIBER = {
  // Neither null nor undefined can be signalled, also as an error.
  carries: "objects",
  showsAs: (error: unknown, shown: unknown) => (error === null || error === undefined) && shown instanceof TypeError,
  canWait: true,
  atOnce: 1,
  // What it has requested waits with it.
  handsLists: true,
  // `cancel()` takes no reason; and a Subscriber that fails cancels, as it may not throw.
  tellsReason: false,
  tellsFailure: false,
  leaveShowsCleanup: false,
} as const;

export const publisher: WayOut = {
  name: "Publisher",
  ...SUBSCRIBER,
  abortsAt: "in",
  open(producer, sink, settings) {
    const taking = new Taker(sink, settings);
    const published = toPublisher(producer, { maxDemand: settings.maxDemand, minDemand: settings.minDemand });
    return new Subscribed(taking, settings, [], () => published.subscribe(taking));
  },
};

export const subscriber: WayOut = {
  name: "intoSubscriber",
  ...SUBSCRIBER,
  abortsAt: "out",
  abortShows: "as cause",
  endCanFail: true,
  open: (producer, sink, settings) => intoTaker(producer, new Taker(sink, settings), settings),
};

function intoTaker(producer: Producer<unknown>, taker: Taker, settings: OutSettings): Far {
  const { maxDemand, minDemand, signal, closeWithinMs } = settings;
  const stage = intoSubscriber(taker, { name: "out", maxDemand, minDemand, signal, stopWithinMs: closeWithinMs });
  return new Subscribed(taker, settings, [stage], () => stage.subscribe(producer));
}

class Subscribed implements Far {
  readonly windows: number;
  readonly marks = 0;
  readonly prefetches = 0;
  readonly stages: readonly Consumer<unknown>[];
  readonly outcome: Promise<Outcome>;
  readonly #taker: Taker;
  readonly #subscribe: () => void;
  #hasStarted = false;
  #isOver = false;

  constructor(taker: Taker, { maxDemand }: OutSettings, stages: readonly Consumer<unknown>[], subscribe: () => void) {
    this.windows = maxDemand;
    this.stages = stages;
    this.#taker = taker;
    this.#subscribe = subscribe;
    this.outcome = this.#watch();
  }

  async #watch(): Promise<Outcome> {
    const outcome = await this.#taker.outcome;
    const [stage] = this.stages;
    // The end of the stage may fail behind the last signal.
    const end = outcome.type === "normal" ? await stage?.closed : undefined;
    this.#isOver = true;
    return end?.type === "error" ? end : outcome;
  }

  start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    this.#subscribe();
  }

  leave(): Promise<unknown> {
    // Who has never come has nobody to leave.
    this.start();
    this.#taker.leave();
    return Promise.resolve();
  }

  isClosed(): boolean {
    return this.#isOver;
  }

  residue(): readonly string[] {
    return [];
  }
}

/** Requests its window, then as many as it has handled when few are left; handles one after the other, and hears of the end behind them. */
class Taker implements Subscriber<unknown> {
  readonly outcome: Promise<Outcome>;
  #settle!: (outcome: Outcome) => void;
  readonly #sink: Sink;
  readonly #max: number;
  readonly #min: number;
  #subscription: Subscription | undefined;
  readonly #waiting: unknown[] = [];
  #inFlight = 0;
  #isHandling = false;
  #end: Exclude<Outcome, { readonly type: "left" }> | undefined;
  #isOver = false;
  #hasLeft = false;

  constructor(sink: Sink, { maxDemand, minDemand }: OutSettings) {
    this.#sink = sink;
    this.#max = maxDemand;
    this.#min = minDemand;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  leave(): void {
    this.#hasLeft = true;
    this.#subscription?.cancel();
    this.#over({ type: "left" });
  }

  onSubscribe(subscription: Subscription): void {
    this.#subscription = subscription;
    if (this.#hasLeft) subscription.cancel();
    else this.#request();
  }

  onNext(event: unknown): void {
    // What has crossed his cancel.
    if (this.#isOver) return;
    this.#waiting.push(event);
    if (!this.#isHandling) this.#handle();
  }

  onError(error: unknown): void {
    this.#end ??= { type: "error", error };
    if (!this.#isHandling) this.#handle();
  }

  onComplete(): void {
    this.#end ??= { type: "normal" };
    if (!this.#isHandling) this.#handle();
    const { endFailure } = this.#sink.taking;
    if (endFailure !== undefined) throw endFailure.error;
  }

  #request(): void {
    if (this.#sink.taking.isIdle === true || this.#inFlight > this.#min) return;
    const missing = this.#max - this.#inFlight;
    this.#inFlight = this.#max;
    this.#subscription?.request(missing);
  }

  #handle(): void {
    this.#isHandling = true;
    while (this.#waiting.length > 0 && !this.#isOver) {
      const event = this.#waiting.shift();
      try {
        const verdict = this.#sink.take(event);
        if (verdict instanceof Promise) {
          verdict.then(
            (settled) => {
              this.#handled(settled);
              this.#handle();
            },
            (error: unknown) => this.#failed(error),
          );
          return;
        }
        this.#handled(verdict);
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#isHandling = false;
    if (this.#end === undefined || this.#isOver) return;
    this.#sink.tell(this.#end);
    this.#over(this.#end);
  }

  #handled(verdict: unknown): void {
    this.#inFlight -= 1;
    if (verdict === LEAVE) this.leave();
    else if (!this.#isOver) this.#request();
  }

  #failed(error: unknown): void {
    this.#subscription?.cancel();
    this.#over({ type: "error", error });
  }

  #over(outcome: Outcome): void {
    this.#isOver = true;
    this.#settle(outcome);
  }
}
