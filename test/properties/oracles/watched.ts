import type { Dispatcher, DispatcherFactory, DispatcherHost, DispatchOptions, Recipient } from "sluice";
import type { Code, Violations } from "../codes.ts";
import { Tally, type Oracle, type Outcome } from "./oracle.ts";

/** What a consumer was sent by its dispatcher. */
export class Shadow<Event> implements Recipient<Event> {
  readonly name: string;
  readonly identity: object;
  /** The very object that the consumer gave: it tells the wire. */
  readonly options: DispatchOptions;
  seat: unknown = undefined;
  /** All that it was sent, in order, and all that was asked in its name. */
  readonly sent: Event[] = [];
  readonly asks: number[] = [];
  isSubscribed = true;
  readonly #recipient: Recipient<Event>;
  readonly #tally: () => Tally<Event>;

  constructor(recipient: Recipient<Event>, tally: () => Tally<Event>) {
    this.name = recipient.name;
    this.identity = recipient.identity;
    this.options = recipient.options;
    this.#recipient = recipient;
    this.#tally = tally;
  }

  send(events: readonly Event[]): void {
    for (const event of events) {
      this.sent.push(event);
      this.#tally().send(this, event);
    }
    this.#recipient.send(events);
  }

  askAgain(count: number): void {
    for (let left = count; left > 0; left -= 1) this.#tally().askAgain(this);
    this.#recipient.askAgain(count);
  }
}

/** A dispatcher beside its oracle: both get the same calls, and must do the same. */
export class Watched<Event> implements Dispatcher<Event> {
  readonly shadows: Shadow<Event>[] = [];
  /** All events that it took, in order. */
  readonly taken: Event[] = [];
  dropped = 0;
  mostCapacity = 0;
  readonly oracle: Oracle<Event>;
  readonly #real: Dispatcher<Event>;
  readonly #code: Code;
  readonly #violations: Violations;
  readonly #shadowOf = new Map<Recipient<Event>, Shadow<Event>>();
  #tally = new Tally<Event>();

  /** A factory for one stage; `made` gets what it made. */
  static factory<Event>(
    real: DispatcherFactory<Event>,
    oracle: (host: DispatcherHost) => Oracle<Event>,
    code: Code,
    violations: Violations,
    made: (watched: Watched<Event>) => void,
  ): DispatcherFactory<Event> {
    return (host) => {
      const watched = new Watched(real, oracle(host), code, violations, host);
      made(watched);
      return watched;
    };
  }

  constructor(real: DispatcherFactory<Event>, oracle: Oracle<Event>, code: Code, violations: Violations, host: DispatcherHost) {
    this.oracle = oracle;
    this.#code = code;
    this.#violations = violations;
    this.#real = real({
      bufferSize: host.bufferSize,
      report: (finding) => host.report(finding),
      dropped: (count) => {
        this.dropped += count;
        this.#tally.dropped += count;
        host.dropped(count);
      },
    });
  }

  get options(): readonly string[] {
    return this.#real.options ?? [];
  }

  get givesAllToOne(): boolean {
    return this.#real.givesAllToOne ?? false;
  }

  get capacity(): number {
    return this.#real.capacity;
  }

  get isFull(): boolean {
    return this.#real.isFull ?? false;
  }

  get queued(): number {
    return this.#real.queued ?? 0;
  }

  subscribe(recipient: Recipient<Event>): void {
    const shadow = new Shadow(recipient, () => this.#tally);
    const isAdmitted = this.oracle.subscribe(shadow, recipient.identity, recipient.options);
    let failure: { readonly error: unknown } | undefined;
    try {
      this.#real.subscribe(shadow);
    } catch (error) {
      failure = { error };
    }
    this.#violations.check(this.#code, isAdmitted === (failure === undefined), () => `${recipient.name} is ${isAdmitted ? "refused" : "admitted"}`);
    this.#compareAccount("subscribe");
    if (failure !== undefined) throw failure.error;
    this.shadows.push(shadow);
    this.#shadowOf.set(recipient, shadow);
  }

  ask(recipient: Recipient<Event>, demand: number): void {
    const shadow = this.#shadow(recipient);
    shadow.asks.push(demand);
    const expected = this.oracle.ask(shadow, demand);
    this.#tally = new Tally();
    this.#real.ask(shadow, demand);
    this.#compare(`ask(${demand})`, expected);
  }

  cancel(recipient: Recipient<Event>): void {
    const shadow = this.#shadow(recipient);
    shadow.isSubscribed = false;
    this.#shadowOf.delete(recipient);
    this.oracle.cancel(shadow);
    this.#real.cancel(shadow);
    this.#compareAccount("cancel");
  }

  dispatch(events: readonly Event[]): number {
    let expected: Outcome<Event> | undefined;
    try {
      expected = this.oracle.dispatch(events);
    } catch {
      expected = undefined;
    }
    this.#tally = new Tally();
    let taken: number;
    try {
      taken = this.#real.dispatch(events);
    } catch (error) {
      this.#violations.check(this.#code, expected === undefined && this.#tally.sent.size === 0, () => `dispatch throws ${String(error)}`);
      throw error;
    }
    this.#tally.taken = taken;
    for (const event of events.slice(0, taken)) this.taken.push(event);
    if (expected === undefined) this.#violations.add(this.#code, "dispatch does not throw what a hash or a selector throws");
    else this.#compare(`dispatch of ${events.length}`, expected);
    return taken;
  }

  mark(reached: () => void): void {
    if (this.#real.mark === undefined) reached();
    else this.#real.mark(reached);
  }

  clear(): void {
    this.#real.clear?.();
    this.oracle.clear();
    this.#compareAccount("clear");
  }

  #shadow(recipient: Recipient<Event>): Shadow<Event> {
    const shadow = this.#shadowOf.get(recipient);
    if (shadow === undefined) throw new Error(`${recipient.name} has no subscription`);
    return shadow;
  }

  #compare(call: string, expected: Outcome<Event>): void {
    const got = this.#tally;
    const text = (): string => `${call}: expected ${describe(expected)}, got: ${describe(got)}`;
    this.#violations.check(this.#code, expected.taken === got.taken && sameLists(expected.sent, got.sent), text);
    this.#violations.check("P3", expected.dropped === got.dropped && sameCounts(expected.again, got.again), text);
    this.#compareAccount(call);
  }

  #compareAccount(call: string): void {
    const show = ({ capacity, isFull, queued }: { readonly capacity: number; readonly isFull: boolean; readonly queued: number }): string =>
      `capacity ${capacity}, queued ${queued}, ${isFull ? "full" : "not full"}`;
    this.mostCapacity = Math.max(this.mostCapacity, this.capacity);
    this.#violations.check("P3", show(this.oracle) === show(this), () => `after ${call}: expected ${show(this.oracle)}, got: ${show(this)}`);
  }
}

function sameLists<Event>(one: ReadonlyMap<object, readonly Event[]>, other: ReadonlyMap<object, readonly Event[]>): boolean {
  if (one.size !== other.size) return false;
  for (const [key, list] of one) {
    const twin = other.get(key);
    if (twin === undefined || twin.length !== list.length || !list.every((event, place) => event === twin[place])) return false;
  }
  return true;
}

/** In the same order, too: each is a message of its own. */
function sameCounts(one: ReadonlyMap<object, number>, other: ReadonlyMap<object, number>): boolean {
  const others = [...other];
  return one.size === other.size && [...one].every(([key, count], place) => others[place]?.[0] === key && others[place][1] === count);
}

function describe<Event>({ taken, sent, again, dropped }: Outcome<Event>): string {
  const name = (consumer: object): string => (consumer as Shadow<Event>).name;
  const lists = [...sent].map(([consumer, list]) => `${name(consumer)} ${JSON.stringify(list)}`);
  const asks = [...again].map(([consumer, count]) => `${name(consumer)} again ${count}`);
  return [`${taken} taken`, `${dropped} dropped`, ...lists, ...asks].join(", ");
}
