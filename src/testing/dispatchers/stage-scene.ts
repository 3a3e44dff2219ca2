import { post, producer, type DispatchOptions, type ExitReason, type PushProducer } from "../../core/index.ts";
import { ConsumerProbe } from "../consumer-probe.ts";
import { monitored, type Monitored } from "../monitor.ts";
import { settle } from "../settle.ts";
import { Guarded } from "./guarded.ts";
import { BUFFER_SIZE, isForNobody, type Plan } from "./plan.ts";
import { describe, History, type ContractViolation } from "../violation.ts";

/** A consumer in a place. */
export interface Seat<Event> {
  readonly place: number;
  readonly probe: ConsumerProbe<Event>;
  /** What it asked for; a wire of the monitor may hear of it later. */
  asked: number;
}

export interface SceneOptions {
  readonly seed?: number | undefined;
  /** How many events the source has. */
  readonly events: number;
  /** Whether the stage ends when they are emitted. Default false: it waits. */
  readonly ends?: boolean;
  /** How many events more than it was asked for the source brings, each time. Default none. */
  readonly surplus?: () => number;
}

/** The dispatcher in a producer, with a monitor on its wires, and consumers that do what a case tells them. */
export class StageScene<Event> implements AsyncDisposable {
  readonly producer: PushProducer<Event>;
  readonly history: History;
  readonly seats: Seat<Event>[] = [];
  /** All that ever subscribed. */
  readonly everybody: Seat<Event>[] = [];
  /** How many events the source has brought. */
  produced = 0;
  /** The source brings nothing now. */
  isHeld = false;
  readonly #plan: Plan<Event>;
  readonly #monitored: Monitored<Event>;
  readonly #numbers = new Map<unknown, number>();
  #violation: ContractViolation | undefined;
  #joined = 0;
  /** How many events the source still has. */
  #left: number;
  /** What the source was asked for while it was held. */
  #owed = 0;

  constructor(plan: Plan<Event>, { seed, events, ends = false, surplus = () => 0 }: SceneOptions) {
    this.#plan = plan;
    this.history = new History(seed);
    this.#left = events;
    const factory = plan.dispatcher();
    this.producer = producer<Event>({
      name: "the stage",
      dispatcher: (host) =>
        new Guarded(factory(host), (taken, most) => (this.#violation ??= this.violation("dispatch", `return how many of the ${most} events it took`, describe(taken)))),
      bufferSize: BUFFER_SIZE,
      whenUnused: "wait",
      handleReport: () => {},
      handleDemand: (demand, self) => {
        this.history.note(`  the source is asked for ${demand}`);
        if (this.isHeld) {
          this.#owed += demand;
          return [];
        }
        const list = this.#produce(demand + surplus());
        if (ends && this.produced === events) self.complete();
        return list;
      },
    });
    // An end with an error is seen here, and is no uncaught exception.
    void this.producer.closed.then((reason) => this.history.note(`the stage has ended: ${reasonText(reason)}`));
    this.#monitored = monitored(this.producer, {
      handleViolation: (violation) => {
        this.#violation ??= this.history.violation("the stage", "keep the protocol with its consumers", violation.message);
      },
    });
  }

  get free(): readonly number[] {
    const taken = new Set(this.seats.map(({ place }) => place));
    return Array.from({ length: this.#plan.consumers }, (_, place) => place).filter((place) => !taken.has(place));
  }

  join(place: number, options: DispatchOptions = this.#plan.consumerOptions(place)): Seat<Event> {
    this.#joined += 1;
    const name = `consumer ${this.#joined} (place ${place})`;
    this.history.note(`${name} subscribes with ${describe(options)}`);
    const seat: Seat<Event> = { place, probe: new ConsumerProbe(this.#monitored, { name, options }), asked: 0 };
    this.seats.push(seat);
    this.everybody.push(seat);
    return seat;
  }

  joinAll(): readonly Seat<Event>[] {
    for (const place of this.free) this.join(place);
    return this.seats;
  }

  /** Messages are posted; nobody waits for what comes of them until `rest`. */
  ask(seat: Seat<Event>, demand: number): void {
    this.history.note(`${seat.probe.consumer} asks for ${demand}`);
    seat.asked += demand;
    void seat.probe.ask(demand);
  }

  leave(seat: Seat<Event>): void {
    this.history.note(`${seat.probe.consumer} leaves`);
    this.seats.splice(this.seats.indexOf(seat), 1);
    void seat.probe.cancel();
  }

  /** The source brings nothing until it is released: so demand stays open. */
  hold(): void {
    this.history.note("the source is held");
    this.isHeld = true;
  }

  /** It brings what it was asked for meanwhile, and answers from then on. */
  release(): void {
    if (!this.isHeld) return;
    this.history.note(`the source brings ${this.#owed} events`);
    const list = this.#produce(this.#owed);
    this.#owed = 0;
    if (list.length > 0) this.producer.emit(list);
    // These come in their turn: what it is asked for before that comes behind them.
    const answer = (): void => {
      if (this.#owed > 0) this.release();
      else this.isHeld = false;
    };
    post({ receive: answer }, undefined);
  }

  get isExhausted(): boolean {
    return this.#left === 0;
  }

  leaveAll(except?: Seat<Event>): void {
    for (const seat of Array.from(this.seats)) if (seat !== except) this.leave(seat);
  }

  open(seat: Seat<Event>): number {
    return seat.asked - seat.probe.events.length;
  }

  /** Waits until all is quiet, and holds what has come against the contract. */
  async rest(): Promise<void> {
    await settle();
    if (this.#violation !== undefined) throw this.#violation;
    const { state } = this.producer.snapshot();
    // Only a failure ends it here: reading `closed` of a running stage would wait.
    if (state === "ended") {
      const reason = await this.producer.closed;
      if (reason.type === "error") throw this.violation("the stage", "go on", reasonText(reason));
    }
    for (const { probe } of this.seats) {
      if (probe.end?.type === "error") throw this.violation("the stage", `admit ${probe.consumer} with ${describe(probe.options)}`, reasonText(probe.end));
    }
    this.#judge();
  }

  violation(what: string, expected: string, got: unknown): ContractViolation {
    return this.history.violation(what, expected, got);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.producer.stop();
    await settle();
  }

  #produce(most: number): Event[] {
    const count = Math.min(this.#left, most);
    this.#left -= count;
    return Array.from({ length: count }, () => {
      const event = this.#plan.event(this.produced);
      this.#numbers.set(this.#plan.identify(event), this.produced);
      this.produced += 1;
      return event;
    });
  }

  /** Law 7: nothing is lost, and nothing comes twice. */
  #judge(): void {
    const { output } = this.producer.snapshot();
    if (output === undefined) return;
    const { emitted, delivered, buffered, discarded, dropped, lost } = output;
    const sum = delivered + buffered + discarded + dropped + lost;
    const shares = `${delivered} delivered + ${buffered} buffered + ${discarded} discarded + ${dropped} dropped + ${lost} lost`;
    if (emitted !== sum) throw this.violation("the account of the stage", `balance: ${emitted} emitted`, shares);
    const seen = new Map<number, string>();
    for (const { probe } of this.everybody) this.#judgeOrder(probe, seen);
    // An event that none of those wants who were there may go to nobody.
    const gone = emitted - buffered - discarded - dropped - lost - seen.size;
    const unwanted = this.#countUnwanted(seen);
    if (gone < 0) throw this.violation("the stage", `deliver the ${delivered} events that it counts`, seen.size);
    if (gone > unwanted) throw this.violation("the stage", `deliver the ${delivered} events that it counts: ${shares}`, `${seen.size} different events came`);
  }

  #judgeOrder(probe: ConsumerProbe<Event>, seen: Map<number, string>): void {
    let last = -1;
    for (const event of probe.events) {
      const number = this.#numbers.get(this.#plan.identify(event));
      if (number === undefined) throw this.violation("the stage", "deliver what the source has brought", `something else, to ${probe.consumer}`);
      if (number === last) throw this.violation("the stage", `deliver each event to ${probe.consumer} once`, `event ${number} twice`);
      if (number < last) throw this.violation("the stage", `deliver events to ${probe.consumer} in order`, `event ${number} after event ${last}`);
      if (this.#plan.eachEventGoesTo === "all") this.#judgeGap(probe, last, number);
      const other = seen.get(number);
      if (other !== undefined && this.#plan.eachEventGoesTo === "one") {
        throw this.violation("the stage", "deliver each event to one consumer", `event ${number} to ${other} and to ${probe.consumer}`);
      }
      seen.set(number, probe.consumer);
      last = number;
    }
  }

  /** Who gets every event misses none between two that he got. */
  #judgeGap(probe: ConsumerProbe<Event>, last: number, next: number): void {
    if (last === -1) return;
    for (let number = last + 1; number < next; number += 1) {
      if (this.#plan.wants(this.#plan.event(number), probe.options)) {
        throw this.violation("the stage", `deliver every event to ${probe.consumer}`, `event ${next} after event ${last}`);
      }
    }
  }

  #countUnwanted(seen: ReadonlyMap<number, string>): number {
    const places = Array.from({ length: this.#plan.consumers }, (_, place) => ({ options: this.#plan.consumerOptions(place) }));
    let count = 0;
    for (let number = 0; number < this.produced; number += 1) {
      if (seen.has(number)) continue;
      const event = this.#plan.event(number);
      // Any of those who have a place may have been the only one there.
      if (places.some((place) => isForNobody(this.#plan, event, [place]))) count += 1;
    }
    return count;
  }
}

export function reasonText(reason: ExitReason): string {
  if (reason.type === "error") return `error (${describe(reason.error)})`;
  return reason.type;
}
