/** Listens on one wire: which events go down, which come back, in which order the consumer's calls begin. */
import { OUTLET, type Downward, type Outlet, type Subscribable, type Subscriber, type Upward } from "sluice";
import type { Life } from "./life.ts";
import type { InletPlan, OutletPlan } from "./plan.ts";
import type { Token } from "./token.ts";

interface Back {
  readonly events: readonly Token[];
  readonly times: number;
}

export class Tap {
  readonly producer: Life;
  readonly consumer: Life;
  readonly settings: InletPlan & { readonly dispatcher: OutletPlan["dispatcher"] };
  readonly received: Token[] = [];
  readonly returned: Token[] = [];
  begun = 0;
  readonly #breaches: string[];
  #newest = -1;

  constructor(producer: Life, consumer: Life, settings: Tap["settings"], breaches: string[]) {
    this.producer = producer;
    this.consumer = consumer;
    this.settings = settings;
    this.#breaches = breaches;
    producer.consumers.push(this);
    consumer.producers.push(this);
  }

  get isRedelivered(): boolean {
    return this.settings.isRedelivered && this.settings.dispatcher === "demand";
  }

  sent(list: readonly Token[]): void {
    for (const token of list) {
      const { dispatcher } = this.settings;
      if (token.by !== this.producer) this.#breaches.push(`${this.#name} carries an event of ${token.by.name}`);
      if (dispatcher !== "broadcast" && token.holder !== undefined) this.#breaches.push(`${this.#name} carries ${token.number}, which another consumer holds`);
      if (!token.isSent || dispatcher === "broadcast") {
        const before = dispatcher === "demand" ? Math.max(-1, ...this.producer.consumers.map((tap) => tap.#newest)) : this.#newest;
        if (token.number <= before) this.#breaches.push(`${this.#name} carries ${token.number} for the first time behind ${before}`);
        this.#newest = token.number;
      }
      token.holder = this;
      token.isSent = true;
      this.received.push(token);
    }
  }

  cameBack(lists: readonly Back[]): void {
    if (!this.isRedelivered) this.#breaches.push(`${this.#name} gives back what is not to be redelivered`);
    const all = lists.flatMap(({ events }) => events);
    const left = this.received.filter((token) => all.includes(token));
    if (left.length !== all.length || left.some((token, place) => token !== all[place])) this.#breaches.push(`${this.#name} gives back ${show(all)}, got ${show(this.received)}`);
    for (const { events, times } of lists) {
      for (const token of events) {
        if (token.tries !== times) this.#breaches.push(`${this.#name} gives ${token.number} back as tried ${times} times; it was tried ${token.tries} times`);
        if (token.holder !== this) this.#breaches.push(`${this.#name} gives ${token.number} back, and does not hold it`);
        token.holder = undefined;
        this.returned.push(token);
      }
    }
  }

  /** Calls begin in the order in which events came. */
  begins(token: Token): void {
    token.tries += 1;
    const next = this.received[this.begun];
    if (next !== token) this.#breaches.push(`${this.#name}: a call begins with ${token.number}, expected ${next?.number ?? "none"}`);
    this.begun += 1;
  }

  get #name(): string {
    return `${this.producer.name} -> ${this.consumer.name}`;
  }
}

/** A producer whose next wire has a tap. */
export function tapped(producer: Subscribable<Token>, tap: Tap): Subscribable<Token> {
  const outlet = producer[OUTLET];
  const heard: Outlet<Token> = {
    name: outlet.name,
    dispatchOptions: outlet.dispatchOptions,
    released: () => outlet.released(),
    connect(subscriber): ReturnType<Outlet<Token>["connect"]> {
      const up = outlet.connect(new Listener(subscriber, tap));
      return {
        receive(message: Upward): void {
          if (typeof message === "object" && message.type === "return") tap.cameBack(message.lists as readonly Back[]);
          up.receive(message);
        },
      };
    },
  };
  return { [OUTLET]: heard };
}

class Listener implements Subscriber<Token> {
  readonly consumer: string;
  readonly identity: object;
  readonly receivesErrors: boolean;
  readonly options: Subscriber<Token>["options"];
  readonly #subscriber: Subscriber<Token>;
  readonly #tap: Tap;

  constructor(subscriber: Subscriber<Token>, tap: Tap) {
    this.consumer = subscriber.consumer;
    this.identity = subscriber.identity;
    this.receivesErrors = subscriber.receivesErrors;
    this.options = subscriber.options;
    this.#subscriber = subscriber;
    this.#tap = tap;
  }

  receive(message: Downward<Token>): void {
    if (Array.isArray(message)) this.#tap.sent(message as readonly Token[]);
    this.#subscriber.receive(message);
  }
}

function show(tokens: readonly Token[]): string {
  return `[${tokens.map(({ number }) => number).join(", ")}]`;
}
