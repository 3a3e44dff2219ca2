import type { Dispatcher, DispatcherFactory, DispatcherHost, DispatchOptions } from "../../core/index.ts";
import { Guest } from "./guest.ts";
import { Marks } from "./marks.ts";
import { BUFFER_SIZE, isForNobody, type Plan } from "./plan.ts";
import { describe, History, type ContractViolation } from "../violation.ts";

/** What can be seen of a dispatcher between two calls. */
interface Sight {
  readonly capacity: number;
  readonly queued: number;
  readonly isFull: boolean;
}

/** A list that the dispatcher was given or has sent, and what was in it then. */
interface Held<Event> {
  readonly list: readonly Event[];
  readonly copy: readonly Event[];
  readonly wasSent: boolean;
}

/** What one call has done so far. */
interface Deed<Event> {
  readonly name: string;
  /** What it was given, and the number of the first of these events. */
  readonly given: readonly Event[];
  readonly first: number;
  /** The numbers of the events that were sent for the first time. */
  readonly sent: Set<number>;
  readonly to: Map<Guest<Event>, number[]>;
  dropped: number;
}

/** Above this a capacity may be off by some: asks of the greatest number add up to what no number shows. It must not stay so. */
const EXACT = BigInt(2 ** 50);

/** How many lists are looked at again after each call. */
const MOST_HELD = 20;

/**
 * What a dispatcher has around it in a stage: consumers that join, ask and leave, and lists of events. It calls the
 * dispatcher as a stage does, one call at a time, and holds each call against the contract.
 */
export class FakeStage<Event> implements DispatcherHost {
  readonly bufferSize: number = BUFFER_SIZE;
  readonly dispatcher: Dispatcher<Event>;
  readonly history: History;
  /** The consumers that are subscribed, in the order in which they came. */
  readonly present: Guest<Event>[] = [];
  /** How many different events were sent to somebody. */
  delivered = 0;
  readonly #plan: Plan<Event>;
  readonly #numbers = new Map<unknown, number>();
  /** Events that the dispatcher left, in order. */
  #rest: Event[] = [];
  #produced = 0;
  /** How many events it took. */
  #taken = 0;
  readonly #sent = new Set<number>();
  #joined = 0;
  readonly #held: Held<Event>[] = [];
  readonly #marks: Marks;
  readonly #again: { readonly guest: Guest<Event>; readonly count: number }[] = [];
  #deed: Deed<Event> | undefined;
  #failure: ContractViolation | undefined;

  constructor(plan: Plan<Event>, seed?: number, factory: DispatcherFactory<Event> = plan.dispatcher()) {
    this.#plan = plan;
    this.history = new History(seed);
    this.#marks = new Marks(this.history, plan.eachEventGoesTo === "one");
    this.dispatcher = factory(this);
    this.#look();
  }

  // ---- what the dispatcher says of itself

  get capacity(): number {
    return this.dispatcher.capacity;
  }

  get isFull(): boolean {
    return this.dispatcher.isFull === true;
  }

  get queued(): number {
    return this.dispatcher.queued ?? 0;
  }

  /** What can be seen of it now, to be compared with later. */
  get sight(): Sight {
    return { capacity: this.capacity, queued: this.queued, isFull: this.isFull };
  }

  /** How many events it has taken so far. */
  get taken(): number {
    return this.#taken;
  }

  // ---- what happens to it

  /** Somebody subscribes who must be admitted. */
  join(place: number, options: DispatchOptions = this.#plan.consumerOptions(place), identity?: object): Guest<Event> {
    const guest = this.#guest(place, options, identity);
    const refusal = this.#subscribe(guest);
    if (refusal !== undefined) throw this.violation("it", `admit a consumer with ${describe(options)}`, describe(refusal.error));
    return guest;
  }

  /** Somebody subscribes who may be refused: then nothing has changed. */
  tryJoin(place: number, options: DispatchOptions = this.#plan.consumerOptions(place), identity?: object): { readonly guest: Guest<Event>; readonly isRefused: boolean } {
    const guest = this.#guest(place, options, identity);
    const before = this.sight;
    const isRefused = this.#subscribe(guest) !== undefined;
    if (isRefused) this.expectSame(before, "after a subscription that it refused");
    return { guest, isRefused };
  }

  /** Everybody that there is a place for. */
  joinAll(): readonly Guest<Event>[] {
    for (const place of this.freePlaces()) this.join(place);
    return this.present.toSorted((one, other) => one.place - other.place);
  }

  freePlaces(): readonly number[] {
    const taken = new Set(this.present.map(({ place }) => place));
    return Array.from({ length: this.#plan.consumers }, (_, place) => place).filter((place) => !taken.has(place));
  }

  ask(guest: Guest<Event>, demand: number): void {
    if (guest.isPresent) guest.open += BigInt(demand);
    this.#do(`${guest.name} asks for ${demand}`, () => this.dispatcher.ask(guest, demand));
  }

  leave(guest: Guest<Event>): void {
    const place = this.present.indexOf(guest);
    if (place !== -1) this.present.splice(place, 1);
    guest.isPresent = false;
    guest.open = 0n;
    guest.askedAgain = 0;
    this.#do(`${guest.name} leaves`, () => this.dispatcher.cancel(guest));
  }

  /** The consumers that are here now, in a list of its own: for a loop in which they leave. */
  everybody(): readonly Guest<Event>[] {
    return Array.from(this.present);
  }

  leaveAll(except?: Guest<Event>): void {
    for (const guest of this.everybody()) if (guest !== except) this.leave(guest);
  }

  /** A list of so many events comes: first those that were left, as from the buffer of a stage. Returns how many it took. */
  bring(count: number): number {
    while (this.#rest.length < count) this.#rest.push(this.#produce());
    const list = this.#rest.slice(0, count);
    this.#hold(list, false);
    const { capacity, isFull } = this;
    const taken = this.#do(`${count} events come`, () => this.dispatcher.dispatch(list), list);
    if (taken === 0 && count > 0 && capacity > 0 && !isFull) {
      throw this.violation("dispatch", `take at least one event: it has a capacity of ${capacity} and is not full`, 0);
    }
    this.#rest = this.#rest.slice(taken);
    return taken;
  }

  /** The asks arrive that the dispatcher made in the name of consumers. */
  answerAgains(): void {
    for (const { guest, count } of this.#again.splice(0)) {
      if (!guest.isPresent) continue;
      guest.askedAgain -= count;
      this.ask(guest, count);
    }
  }

  /** Somebody waits until what is queued has been delivered. */
  mark(): void {
    const { queued } = this;
    const reached = this.#marks.add(this.#taken, queued);
    this.#do(`somebody waits for the ${queued} queued events`, () => this.dispatcher.mark?.(() => this.#heed(reached())));
  }

  clear(): void {
    this.#marks.forget();
    this.history.note("its queues are cleared");
    this.dispatcher.clear?.();
    this.#look();
  }

  // ---- what the dispatcher does, as its host and its recipients hear it

  dropped(count: number): void {
    this.history.note(`  drops ${count}`);
    if (this.#deed === undefined) this.#fail("it", "report dropped events in a call only", count);
    else if (!isInteger(count)) this.#fail("the number of dropped events", "be an integer of at least 0", count);
    else {
      this.#deed.dropped += count;
      this.#marks.hearDropped(count);
    }
  }

  report(): void {}

  hearSend(guest: Guest<Event>, events: readonly Event[]): void {
    this.history.note(`  sends ${Array.isArray(events) ? `${events.length} events` : describe(events)} to ${guest.name}`);
    if (this.#deed === undefined) this.#fail("it", "send events in a call only", `events for ${guest.name} between two calls`);
    else if (!Array.isArray(events)) this.#fail("send", "be given a list", describe(events));
    else if (!guest.isPresent) this.#fail("it", `send nothing to ${guest.name}, who is not subscribed`, `${events.length} events`);
    else if (events.length === 0) this.#fail("it", "send no empty list", `one for ${guest.name}`);
    else if (BigInt(events.length) > guest.open) this.#fail("it", `send ${guest.name} at most the ${guest.open} events that are open`, events.length);
    else {
      guest.open -= BigInt(events.length);
      this.#hold(events, true);
      for (const event of events) this.#hearEvent(guest, event, this.#deed);
    }
  }

  hearAskAgain(guest: Guest<Event>, count: number): void {
    this.history.note(`  asks again for ${count} for ${guest.name}`);
    if (this.#deed === undefined) this.#fail("it", "ask again in a call only", `between two calls, for ${guest.name}`);
    else if (!Number.isSafeInteger(count) || count < 1) this.#fail("it", "ask again for an integer of at least 1", count);
    else if (BigInt(count) > guest.open) this.#fail("it", `ask again for at most the ${guest.open} events that ${guest.name} was not sent`, count);
    else if (guest.isPresent) {
      guest.open -= BigInt(count);
      guest.askedAgain += count;
      this.#again.push({ guest, count });
    }
  }

  #hearEvent(guest: Guest<Event>, event: Event, { name, given, first, sent, to }: Deed<Event>): void {
    const number = this.#numbers.get(this.#plan.identify(event));
    if (number === undefined || number >= first + given.length) {
      this.#fail("it", "send the events that it was given", `one that was not given yet, for ${guest.name}`);
    }
    const last = guest.received.at(-1) ?? -1;
    if (number === last) this.#fail("it", `send ${guest.name} each event once`, `event ${number} again`);
    if (number < last) this.#fail("it", `send ${guest.name} events in order`, `event ${number} after event ${last}`);
    if (!this.#plan.wants(event, guest.options)) this.#fail("it", `send ${guest.name} only what is for it`, `event ${number} for a consumer with ${describe(guest.options)}`);
    const isNew = !this.#sent.has(number);
    if (!isNew && this.#plan.eachEventGoesTo === "one") this.#fail("it", "send each event to one consumer", `event ${number} to ${guest.name}, too`);
    guest.received.push(number);
    const list = to.get(guest);
    if (list === undefined) to.set(guest, [number]);
    else list.push(number);
    if (!isNew) return;
    this.#sent.add(number);
    this.delivered += 1;
    sent.add(number);
    this.#heed(this.#marks.hearSent(number, name));
  }

  // ---- the contract

  violation(what: string, expected: string, got: unknown): ContractViolation {
    return this.history.violation(what, expected, got);
  }

  /** That what can be seen of it is as it was. */
  expectSame(before: Sight, when: string): void {
    const now = this.sight;
    for (const name of ["capacity", "queued", "isFull"] as const) {
      if (now[name] !== before[name]) throw this.violation(`${name} ${when}`, `be ${before[name]} as before`, now[name]);
    }
  }

  /** That it can go on: everybody is here and has open demand. */
  expectOpen(): void {
    if (this.present.length < this.#plan.consumers || this.#again.length > 0) return;
    if (this.present.some(({ open }) => open === 0n)) return;
    if (this.capacity < 1 || this.isFull) {
      throw this.violation("capacity", "be at least 1 when every consumer has open demand", this.isFull ? "full" : this.capacity);
    }
  }

  /** That all it took was sent or dropped, and all marks are reached: everybody has asked for more than there was. */
  expectDelivered(): void {
    if (this.queued !== 0) throw this.violation("queued", "be 0 when everybody has asked for more than it took", this.queued);
    this.#marks.expectReached();
  }

  #guest(place: number, options: DispatchOptions, identity?: object): Guest<Event> {
    this.#joined += 1;
    return new Guest(this, place, `consumer ${this.#joined} (place ${place})`, options, identity);
  }

  #subscribe(guest: Guest<Event>): { readonly error: unknown } | undefined {
    // It counts as subscribed in the call: with a queue it might be served at once, had it asked.
    guest.isPresent = true;
    this.present.push(guest);
    return this.#do(`${guest.name} subscribes with ${describe(guest.options)}`, () => {
      try {
        this.dispatcher.subscribe(guest);
        return undefined;
      } catch (error) {
        guest.isPresent = false;
        this.present.pop();
        this.history.note(`  is refused: ${describe(error)}`);
        return { error };
      }
    });
  }

  #produce(): Event {
    const event = this.#plan.event(this.#produced);
    const identity = this.#plan.identify(event);
    if (this.#numbers.has(identity)) throw this.violation("the option event", "make different events", `event ${this.#produced} like event ${this.#numbers.get(identity)}`);
    this.#numbers.set(identity, this.#produced);
    this.#produced += 1;
    return event;
  }

  /** One call of the dispatcher; one that brings a list returns how many events it took. */
  #do<Result>(name: string, call: () => Result, list?: readonly Event[]): Result {
    this.history.note(name);
    const before = this.sight;
    const deed: Deed<Event> = { name, given: [...(list ?? [])], first: this.#taken, sent: new Set(), to: new Map(), dropped: 0 };
    this.#deed = deed;
    let result: Result;
    try {
      result = call();
    } catch (error) {
      // It may be ours, thrown in a call of the dispatcher's.
      throw this.#failure ?? this.violation("it", `not throw when ${name}`, describe(error));
    } finally {
      this.#deed = undefined;
    }
    if (this.#failure !== undefined) throw this.#failure;
    const taken = list === undefined ? 0 : this.#judgeTaken(deed, result, before.capacity);
    this.#taken += taken;
    this.#judgeAccount(deed, taken, before);
    this.#look();
    this.#marks.judge(this.queued);
    return result;
  }

  #judgeTaken({ given, first, sent, dropped, to }: Deed<Event>, taken: unknown, capacity: number): number {
    this.history.note(`  takes ${describe(taken)}`);
    if (!isInteger(taken) || taken > given.length) throw this.violation("dispatch", `return how many of the ${given.length} events it took`, describe(taken));
    if (taken - dropped > capacity) throw this.violation("dispatch", `take no more than its capacity of ${capacity}, not counting what it drops`, taken - dropped);
    for (const number of sent) {
      if (number >= first + taken) throw this.violation("dispatch", `take the events that it sends: event ${number - first} of the list is one`, `${taken} taken`);
    }
    if (this.#plan.eachEventGoesTo === "all" && this.dispatcher.queued === undefined && dropped === 0) {
      for (const guest of this.present) {
        const due = given.slice(0, taken).filter((event) => this.#plan.wants(event, guest.options)).length;
        const got = to.get(guest)?.length ?? 0;
        if (got !== due) throw this.violation("it", `send each event to all: ${due} to ${guest.name}`, got);
      }
    }
    return taken;
  }

  /** What it took was sent, is queued, or was reported as dropped. Only an event that is for nobody may vanish. */
  #judgeAccount({ given, sent, dropped }: Deed<Event>, taken: number, before: Sight): void {
    if (this.dispatcher.queued !== undefined && this.#plan.eachEventGoesTo !== "one") return;
    const gone = before.queued + taken - dropped - sent.size - this.queued;
    const unwanted = given.slice(0, taken).filter((event) => isForNobody(this.#plan, event, this.present));
    if (gone < 0) throw this.violation("it", "take an event once: what it sends, queues and drops is what it took", `${-gone} too many`);
    if (gone > unwanted.length) throw this.violation("it", "send, queue or drop all that it took", `${gone} lost`);
  }

  /** What holds between any two calls. */
  #look(): void {
    const { capacity } = this;
    const { queued } = this.dispatcher;
    if (!isInteger(capacity)) throw this.violation("capacity", "be an integer of at least 0", describe(capacity));
    if (queued !== undefined && !isInteger(queued)) throw this.violation("queued", "be an integer of at least 0", describe(queued));
    if (this.present.length === 0 && capacity !== 0) throw this.violation("capacity", "be 0 while nobody is subscribed", capacity);
    const most = this.#mostCapacity();
    if (most <= EXACT && BigInt(capacity) > most) {
      throw this.violation("capacity", `be at most ${most}, by what its consumers have asked for`, capacity);
    }
    for (const { list, copy, wasSent } of this.#held) {
      if (list.length !== copy.length || !list.every((event, i) => Object.is(event, copy[i]))) {
        throw this.violation("it", `leave a list alone that it ${wasSent ? "has sent" : "was given"}`, "a change");
      }
    }
  }

  #mostCapacity(): bigint {
    const opens = this.present.map(({ open }) => open);
    if (this.#plan.eachEventGoesTo === "all" && this.dispatcher.queued === undefined) {
      return opens.reduce((least, open) => (open < least ? open : least), opens[0] ?? 0n);
    }
    return opens.reduce((sum, open) => sum + open, 0n);
  }

  #hold(list: readonly Event[], wasSent: boolean): void {
    this.#held.push({ list, copy: [...list], wasSent });
    if (this.#held.length > MOST_HELD) this.#held.shift();
  }

  /** In a call of the dispatcher's, which may catch it: thrown again when that returns. */
  #fail(what: string, expected: string, got: unknown): never {
    this.#failure ??= this.violation(what, expected, got);
    throw this.#failure;
  }

  #heed(violation: ContractViolation | undefined): void {
    if (violation === undefined) return;
    this.#failure ??= violation;
    throw this.#failure;
  }
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0;
}
