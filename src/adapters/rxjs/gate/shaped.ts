/**
 * An Observable in the shape that operators take: those of RxJS 7 `lift` their source, those of RxJS 8 `subscribe` to it, and
 * both know an Observable of somebody else by its `Symbol.observable`. So the operators are the user's, and we need no RxJS.
 */
import { throwUncaught } from "../../../core/index.ts";
import { Receiver, type SubscriberLike, type Teardown } from "./receiver.ts";

/** What we ask of what an operator returns. */
export interface SubscribableLike<out Event> {
  subscribe(subscriber: SubscriberLike<Event>): unknown;
}

/** What RxJS 7 hands to `lift`: called with the subscriber as `this`. */
interface Liftable<Event, Out> {
  call(subscriber: SubscriberLike<Out>, source: SubscribableLike<Event>): Teardown;
}

interface Observer<in Event> {
  next?(event: Event): void;
  error?(error: unknown): void;
  complete?(): void;
}

export class Shaped<Event> implements SubscribableLike<Event> {
  readonly #begin: (subscriber: SubscriberLike<Event>) => Teardown;

  /** @param begin begins a subscription, and may return what ends with it */
  constructor(begin: (subscriber: SubscriberLike<Event>) => Teardown) {
    this.#begin = begin;
  }

  subscribe(given?: SubscriberLike<Event> | Observer<Event> | ((event: Event) => void) | null, error?: (error: unknown) => void, complete?: () => void): SubscriberLike<Event> {
    const subscriber = isSubscriber(given) ? given : new Forwarding<Event>(typeof given === "function" ? { next: given, ...(error && { error }), ...(complete && { complete }) } : (given ?? {}));
    try {
      subscriber.add(this.#begin(subscriber));
    } catch (thrown) {
      subscriber.error(thrown);
    }
    return subscriber;
  }

  /** Of RxJS 7. It may be called on an Observable of RxJS that has borrowed it. */
  lift<Out>(this: SubscribableLike<Event>, operator: Liftable<Event, Out>): Shaped<Out> {
    return new Shaped((subscriber) => operator.call(subscriber, this));
  }

  pipe(...operators: readonly ((source: never) => unknown)[]): unknown {
    return operators.reduce<unknown>((source, operator) => operator(source as never), this);
  }

  forEach(next: (event: Event) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const subscriber = this.subscribe({
        next: (event) => {
          try {
            next(event);
          } catch (error) {
            reject(error);
            subscriber.unsubscribe();
          }
        },
        error: reject,
        complete: resolve,
      });
    });
  }

  "@@observable"(): this {
    return this;
  }
}

/**
 * RxJS looks for `Symbol.observable` where there is one, and for the string otherwise. A symbol that came after this module
 * (they are polyfills) is answered as well from now on.
 */
export function answerSymbol(prototype: { "@@observable"(): unknown }): void {
  if (typeof Symbol.observable !== "symbol" || Symbol.observable in prototype) return;
  Object.defineProperty(prototype, Symbol.observable, { value: prototype["@@observable"], configurable: true });
}

/** By shape, as RxJS 7 does. A Subject has no `add`. On the hot path of copies and inner observables: 10 % of a copy by a list of names. */
function isSubscriber<Event>(value: unknown): value is SubscriberLike<Event> {
  if (value instanceof Receiver) return true;
  if (typeof value !== "object" || value === null) return false;
  const { closed, next, error, complete, add, unsubscribe } = value as Readonly<Record<string, unknown>>;
  return closed !== undefined && isCallable(next) && isCallable(error) && isCallable(complete) && isCallable(add) && isCallable(unsubscribe);
}

function isCallable(value: unknown): boolean {
  return typeof value === "function";
}

/** A subscriber for an observer that is none. */
class Forwarding<Event> extends Receiver<Event> {
  readonly #observer: Observer<Event>;

  constructor(observer: Observer<Event>) {
    super();
    this.#observer = observer;
  }

  next(event: Event): void {
    if (this.isStopped) return;
    this.#observer.next?.(event);
  }

  protected failed(error: unknown): void {
    if (this.#observer.error === undefined) throwUncaught(error);
    else this.#observer.error(error);
  }

  protected completed(): void {
    this.#observer.complete?.();
  }
}
