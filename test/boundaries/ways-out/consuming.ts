import { consumer, type Consumer, type ConsumerOptions, type ExitReason, type Handlers, type Producer } from "sluice";
import type { Sink } from "../sink.ts";
import type { Far, OutSettings, Outcome } from "../ways.ts";

export type Handling = Handlers<unknown, unknown, never>;

/** A user who is a consumer: he hears of an end as its `handleStop` does. */
export class Consuming implements Far {
  readonly windows: number;
  readonly marks = 0;
  readonly prefetches: number = 0;
  readonly stages: readonly Consumer<unknown>[];
  readonly outcome: Promise<Outcome>;
  protected readonly stage: Consumer<unknown>;
  protected readonly producer: Producer<unknown>;
  readonly #sink: Sink;
  #isOver = false;
  #hasStarted = false;

  constructor(producer: Producer<unknown>, sink: Sink, settings: OutSettings, handling: Handling, options: Pick<ConsumerOptions, "signal"> = settings) {
    const { closeWithinMs, maxDemand, minDemand } = settings;
    this.producer = producer;
    this.#sink = sink;
    this.windows = maxDemand;
    this.stage = consumer<unknown>({
      name: "out",
      signal: options.signal,
      stopWithinMs: closeWithinMs,
      maxDemand,
      minDemand,
      handleStop: (reason) => {
        this.tell(reason);
        if (sink.taking.endFailure !== undefined) throw sink.taking.endFailure.error;
      },
      ...handling,
    });
    this.stages = [this.stage];
    this.outcome = new Promise((resolve) => this.watch(resolve)).then((outcome) => {
      this.#isOver = true;
      return outcome as Outcome;
    });
  }

  protected watch(settle: (outcome: Outcome) => void): void {
    void this.stage.closed.then((reason) => settle(outcomeOf(reason)));
  }

  start(): void {
    if (this.#hasStarted) return;
    this.#hasStarted = true;
    if (this.#sink.taking.isIdle === true) this.stage.subscribe(this.producer, { mode: "manual" });
    else this.subscribe();
  }

  protected subscribe(): void {
    this.stage.subscribe(this.producer);
  }

  async leave(reason?: unknown): Promise<unknown> {
    // Who has never come has nobody to leave.
    this.start();
    return this.stage.stop(reason);
  }

  isClosed(): boolean {
    return this.#isOver;
  }

  residue(): readonly string[] {
    return [];
  }

  /** What he has thrown, and that he has left, nobody tells him. */
  protected tell(reason: ExitReason): void {
    if (this.#sink.failure === undefined && reason.type !== "shutdown") this.#sink.tell(reason);
  }
}

function outcomeOf(reason: ExitReason): Outcome {
  return reason.type === "shutdown" ? { type: "left" } : reason;
}
