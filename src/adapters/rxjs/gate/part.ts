/** Observables that come as values: groups and windows, which are parts of the input. */
import type { Inner } from "./inner.ts";
import type { Host } from "./passage.ts";
import { Receiver, type SubscriberLike } from "./receiver.ts";
import { Shaped, type SubscribableLike } from "./shaped.ts";

export function isObservable(value: unknown): value is SubscribableLike<unknown> {
  return typeof value === "object" && value !== null && "subscribe" in value && typeof value.subscribe === "function" && "pipe" in value;
}

/**
 * The Observable, with an ear on it; it keeps its class and its key. When it emits what is fed, the inner observable that is
 * made of it lasts as long as the input does, whether it emits meanwhile or not (`toArray`).
 */
export function listenedTo(value: SubscribableLike<unknown>, host: Host<never>, inner: Inner): unknown {
  const subscribe = (given: SubscriberLike<unknown>): unknown =>
    new Shaped<unknown>((subscriber) => {
      const ear = new Ear(subscriber, host, inner);
      subscriber.add(ear);
      value.subscribe(ear);
      ear.isBeginning = false;
    }).subscribe(given);
  return Object.create(value, { subscribe: { value: subscribe } });
}

/** Hears that an Observable emits, and hands everything on. */
class Ear extends Receiver<unknown> {
  isBeginning = true;
  readonly #subscriber: SubscriberLike<unknown>;
  readonly #host: Host<never>;
  readonly #inner: Inner;

  constructor(subscriber: SubscriberLike<unknown>, host: Host<never>, inner: Inner) {
    super();
    this.#subscriber = subscriber;
    this.#host = host;
    this.#inner = inner;
  }

  next(value: unknown): void {
    if (this.isStopped) return;
    if (!this.isBeginning && this.#host.isDirect) this.#inner.isFed();
    this.#subscriber.next(value);
  }

  protected failed(error: unknown): void {
    this.#subscriber.error(error);
  }

  protected completed(): void {
    this.#subscriber.complete();
  }
}
