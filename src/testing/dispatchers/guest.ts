import type { DispatchOptions, Recipient } from "../../core/index.ts";

/** Hears what a dispatcher does with a guest. */
interface Hearer<Event> {
  hearSend(guest: Guest<Event>, events: readonly Event[]): void;
  hearAskAgain(guest: Guest<Event>, count: number): void;
}

/** A consumer as its dispatcher sees it, and the account with it. */
export class Guest<Event> implements Recipient<Event> {
  readonly name: string;
  readonly identity: object;
  readonly options: DispatchOptions;
  seat: unknown = undefined;
  readonly place: number;
  /** Between a subscribe that was not refused and the cancel. */
  isPresent = false;
  /** Asked for and not sent. Whole numbers of any size: asks of `Number.MAX_SAFE_INTEGER` add up. */
  open = 0n;
  /** Of what was asked for, how much the dispatcher has asked for once more, in messages that are on their way. */
  askedAgain = 0;
  /** The numbers of the events that it was sent. */
  readonly received: number[] = [];
  readonly #hearer: Hearer<Event>;

  constructor(hearer: Hearer<Event>, place: number, name: string, options: DispatchOptions, identity: object = {}) {
    this.#hearer = hearer;
    this.place = place;
    this.name = name;
    this.options = options;
    this.identity = identity;
  }

  send(events: readonly Event[]): void {
    this.#hearer.hearSend(this, events);
  }

  askAgain(count: number): void {
    this.#hearer.hearAskAgain(this, count);
  }
}
