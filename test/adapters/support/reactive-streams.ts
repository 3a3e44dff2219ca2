import { broadcastDispatcher, demandDispatcher, partitionDispatcher, producer, type DispatcherFactory, type Producer } from "sluice";
import type { Publisher, Subscriber, Subscription, ToPublisherOptions } from "sluice/reactive-streams";
import { range } from "../../core/support/range.ts";

/** What a Subscriber does in its signals, beside writing them down. */
export interface Doings<Event> {
  onSubscribe?(subscription: Subscription): void;
  onNext?(event: Event, subscription: Subscription): void;
  onError?(error: unknown): void;
  onComplete?(): void;
}

/** A Subscriber that writes down what it is told, and whether that came within another signal. */
export class Listener<Event> implements Subscriber<Event> {
  readonly events: Event[] = [];
  /** All signals by name, in order. */
  readonly signals: string[] = [];
  readonly ends: unknown[] = [];
  /** Signals within signals: of a Publisher that keeps rule 1.3 never more than 1. */
  deepest = 0;
  #depth = 0;
  #subscription: Subscription | undefined;
  readonly #doings: Doings<Event>;

  constructor(doings: Doings<Event> = {}) {
    this.#doings = doings;
  }

  get subscription(): Subscription {
    if (this.#subscription === undefined) throw new Error("expected a subscription, got: none yet");
    return this.#subscription;
  }

  request(demand: number): void {
    this.subscription.request(demand);
  }

  cancel(): void {
    this.subscription.cancel();
  }

  onSubscribe(subscription: Subscription): void {
    this.#signalled("onSubscribe", () => {
      this.#subscription = subscription;
      this.#doings.onSubscribe?.(subscription);
    });
  }

  onNext(event: Event): void {
    this.#signalled("onNext", () => {
      this.events.push(event);
      this.#doings.onNext?.(event, this.subscription);
    });
  }

  onError(error: unknown): void {
    this.#signalled("onError", () => {
      this.ends.push(error);
      this.#doings.onError?.(error);
    });
  }

  onComplete(): void {
    this.#signalled("onComplete", () => {
      this.ends.push("complete");
      this.#doings.onComplete?.();
    });
  }

  #signalled(name: string, run: () => void): void {
    this.signals.push(name);
    this.#depth += 1;
    this.deepest = Math.max(this.deepest, this.#depth);
    try {
      run();
    } finally {
      this.#depth -= 1;
    }
  }
}

/** A Publisher that does what a test tells it, and writes down what it is asked. */
export class HandPublisher<Event> implements Publisher<Event>, Subscription {
  readonly requests: number[] = [];
  cancels = 0;
  readonly subscribers: Subscriber<Event>[] = [];
  readonly #subscribes: (subscriber: Subscriber<Event>, subscription: Subscription) => void;
  readonly #handleRequest: (demand: number, subscriber: Subscriber<Event>) => void;

  constructor({
    subscribes = (subscriber, subscription) => subscriber.onSubscribe(subscription),
    handleRequest = () => undefined,
  }: {
    subscribes?: (subscriber: Subscriber<Event>, subscription: Subscription) => void;
    handleRequest?: (demand: number, subscriber: Subscriber<Event>) => void;
  } = {}) {
    this.#subscribes = subscribes;
    this.#handleRequest = handleRequest;
  }

  /** Of all requests together. */
  get requested(): number {
    return this.requests.reduce((sum, demand) => sum + demand, 0);
  }

  get subscriber(): Subscriber<Event> {
    const subscriber = this.subscribers.at(-1);
    if (subscriber === undefined) throw new Error("expected a subscriber, got: none yet");
    return subscriber;
  }

  subscribe(subscriber: Subscriber<Event>): void {
    this.subscribers.push(subscriber);
    this.#subscribes(subscriber, this);
  }

  request(demand: number): void {
    this.requests.push(demand);
    this.#handleRequest(demand, this.subscriber);
  }

  cancel(): void {
    this.cancels += 1;
  }

  next(...events: readonly Event[]): void {
    for (const event of events) this.subscriber.onNext(event);
  }
}

/** A Publisher of the integers from 0, within the call of `request`. */
export function countingPublisher(count: number = Infinity): HandPublisher<number> {
  let next = 0;
  return new HandPublisher<number>({
    handleRequest(demand, subscriber) {
      for (let sent = 0; sent < demand && next < count; sent += 1) subscriber.onNext(next++);
      if (next === count) {
        next += 1;
        subscriber.onComplete();
      }
    },
  });
}

/** A producer of the integers from 0; `demands` is what it was asked for, `made` how many it made. */
export function counter(count: number = Infinity, dispatcher: DispatcherFactory<number> = demandDispatcher()): { readonly stage: Producer<number>; readonly demands: number[]; readonly made: () => number } {
  const demands: number[] = [];
  let next = 0;
  const stage = producer<number>({
    name: "counter",
    dispatcher,
    handleDemand(demand, self) {
      demands.push(demand);
      const list = range(Math.min(demand, count - next), next);
      next += list.length;
      if (next === count) self.complete();
      return list;
    },
  });
  return { stage, demands, made: () => next };
}

/** Each dispatcher, and what one Subscriber must say to get all events. */
export const DISPATCHERS: readonly (readonly [kind: string, make: <Event>() => DispatcherFactory<Event>, options: ToPublisherOptions])[] = [
  ["demand", () => demandDispatcher(), {}],
  ["broadcast", () => broadcastDispatcher(), {}],
  ["partition", () => partitionDispatcher({ partitions: [0], hash: () => 0 }), { partition: 0 }],
];
