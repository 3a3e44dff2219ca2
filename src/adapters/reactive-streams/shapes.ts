/** The four interfaces of the Reactive Streams specification, as JavaScript libraries have them. */

/** Who gets events, once it has asked for them. */
export interface Subscriber<in Event> {
  /** The first signal, once. */
  onSubscribe(subscription: Subscription): void;
  /** One event, at most as often as it was requested. */
  onNext(event: Event): void;
  /** The last signal: it has failed. */
  onError(error: unknown): void;
  /** The last signal: no more will come. */
  onComplete(): void;
}

/** What a Subscriber asks by. */
export interface Subscription {
  /** Asks for `demand` more events. Requests add up; `Number.MAX_SAFE_INTEGER` and above is without bound. */
  request(demand: number): void;
  /** Wants no more. */
  cancel(): void;
}

/** What can be subscribed to. */
export interface Publisher<out Event> {
  subscribe(subscriber: Subscriber<Event>): void;
}

/** Both: it gets events, and gives others. */
export interface Processor<in In, out Out> extends Subscriber<In>, Publisher<Out> {}

export function isPublisher(value: unknown): value is Publisher<unknown> {
  return hasMethods(value, "subscribe");
}

export function isSubscriber(value: unknown): value is Subscriber<never> {
  return hasMethods(value, "onSubscribe", "onNext", "onError", "onComplete");
}

export function isSubscription(value: unknown): value is Subscription {
  return hasMethods(value, "request", "cancel");
}

export function hasMethods(value: unknown, ...names: readonly string[]): value is object {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === "function");
}
