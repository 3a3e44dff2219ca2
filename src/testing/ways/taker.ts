import { OUTLET, post, type Downward, type ExitReason, type Port, type Subscribable, type Subscriber, type Upward } from "../../core/index.ts";
import { endShown, reasonShown } from "../showing.ts";
import type { Trial } from "./trial.ts";

/** What a taker holds the events against that it gets. */
export interface Expected {
  /** Says what is wrong with the event in this place, if something is. */
  readonly wrong: (event: unknown, place: number) => string | undefined;
}

let taken = 0;

/** A consumer by hand: it asks when the case says so. What is wrong with an event is noticed as it comes. */
export class Taker<Event> implements Subscriber<Event> {
  readonly consumer: string;
  readonly identity: object = this;
  readonly options = {};
  readonly receivesErrors = true;
  readonly events: Event[] = [];
  asked = 0;
  end: ExitReason | undefined;
  /** How often it was told of an end. */
  ends = 0;
  /** Called with each list, when it has been counted. */
  handle: ((events: readonly Event[]) => void) | undefined;
  readonly #trial: Trial;
  readonly #expected: Expected;
  readonly #port: Port<Upward>;

  constructor(trial: Trial, producer: Subscribable<Event>, expected: Expected) {
    taken += 1;
    this.consumer = `taker ${taken}`;
    this.#trial = trial;
    this.#expected = expected;
    this.#port = producer[OUTLET].connect(this);
  }

  get outstanding(): number {
    return this.asked - this.events.length;
  }

  receive(message: Downward<Event>): void {
    if ("type" in message) {
      this.ends += 1;
      this.end ??= message.reason;
      this.#trial.note(`the consumer is told: ${endShown(message)}`);
      return;
    }
    this.#trial.note(`the consumer gets ${message.length} events`);
    for (const event of message) {
      const wrong = this.#expected.wrong(event, this.events.length);
      if (wrong !== undefined) this.#trial.heard(this.#trial.violation("it", "deliver the events of its native side, each once, in order, and as they are", wrong));
      this.events.push(event);
    }
    this.handle?.(message);
  }

  ask(demand: number): void {
    this.asked += demand;
    this.#trial.note(`the consumer asks for ${demand}`);
    post(this.#port, demand);
  }

  cancel(reason: ExitReason = { type: "shutdown" }): void {
    this.#trial.note(`the consumer leaves (${reasonShown(reason)})`);
    post(this.#port, { type: "cancel", kind: "cancel", reason });
  }
}
