import { producer, type CancelInfo, type ExitReason, type Producer, type PushProducer } from "../../core/index.ts";
import { reasonShown } from "../showing.ts";
import type { Trial } from "./trial.ts";

/** How it answers a demand: in the call, or by a promise. */
export type Pace = "sync" | "async";

/** The producer that a way out is tried on: it gives what the case says, and records how it was treated. */
export class Supply<Event> {
  readonly producer: Producer<Event>;
  /** How many events were demanded of it, and how many it has given. */
  demanded = 0;
  produced = 0;
  /** How its consumers have left. */
  readonly cancels: CancelInfo[] = [];
  /** How it has ended: its clean-up, in which a source would be released. */
  readonly stops: ExitReason[] = [];
  readonly #stage: PushProducer<Event>;
  readonly #trial: Trial;
  readonly #waiting: Event[] = [];
  #wanted = 0;
  #isEnding = false;
  #ending: { readonly type: "end" } | { readonly type: "error"; readonly error: unknown } | undefined;

  constructor(trial: Trial, pace: Pace, signal?: AbortSignal) {
    this.#trial = trial;
    this.#stage = producer<Event>({
      name: "numbers",
      bufferSize: Infinity,
      signal,
      handleDemand: (demand) => {
        trial.note(`the producer is asked for ${demand}`);
        this.demanded += demand;
        this.#wanted += demand;
        if (pace === "async") return Promise.resolve().then(() => this.#take());
        return this.#take();
      },
      // In-band: behind the events that are on their way.
      handleInfo: (_, self) => {
        if (this.#ending?.type === "error") self.fail(this.#ending.error);
        else self.complete();
      },
      handleCancel: (info) => {
        trial.note(`the producer is left: ${info.kind} (${reasonShown(info.reason)})`);
        this.cancels.push(info);
      },
      handleStop: (reason) => {
        trial.note(`the producer has ended (${reasonShown(reason)})`);
        this.stops.push(reason);
      },
    });
    this.producer = this.#stage;
    // Whoever should have heard of an error: that is not what a case waits for in vain.
    void this.producer.closed;
    trial.atEnd(() => this.producer.stop());
  }

  give(events: readonly Event[]): void {
    this.#waiting.push(...events);
    this.#push();
  }

  end(): void {
    this.#ending ??= { type: "end" };
    this.#push();
  }

  fail(error: unknown): void {
    this.#ending ??= { type: "error", error };
    this.#push();
  }

  #push(): void {
    if (this.stops.length > 0) return;
    const events = this.#take();
    if (events.length > 0) this.#stage.emit(events);
  }

  /** What can be given now. The end comes as soon as all was given: it needs no demand. */
  #take(): readonly Event[] {
    const events = this.#waiting.splice(0, this.#wanted);
    this.#wanted -= events.length;
    this.produced += events.length;
    if (events.length > 0) this.#trial.note(`the producer gives ${events.length} events`);
    if (this.#waiting.length === 0 && this.#ending !== undefined && !this.#isEnding) {
      this.#isEnding = true;
      this.#stage.info("end");
    }
    return events;
  }
}
