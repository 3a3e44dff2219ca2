/** Observables and observers by the shape that RxJS 7 and 8, other libraries and the native ones share. */

/** Who gets the events. Each function may be left out. */
export interface ObserverLike<in Event> {
  /** With `settled` it may return a promise. */
  next?(event: Event): unknown;
  error?(error: unknown): unknown;
  complete?(): unknown;
}

/** What an observer gets from `subscribe`. */
export interface ObserverSubscription {
  /** Nothing more will come: it has ended, or was ended. */
  readonly closed: boolean;
  /** Ends it; no function of the observer is called any more. */
  unsubscribe(): void;
}

/** Options of `subscribe`, as those of the native Observable. */
export interface ObserveOptions {
  /** Unsubscribes when it aborts. Default none. */
  readonly signal?: AbortSignal | undefined;
}

declare global {
  interface SymbolConstructor {
    /** As RxJS declares it; there is none in the runtimes of today. */
    readonly observable: symbol;
  }
}

/** A producer as an Observable: `from` of RxJS takes it, and so does whatever knows `Symbol.observable`. */
export interface ObservedProducer<out Event> {
  /**
   * Begins a subscription. No function of the observer is called before it returns, unless there is nothing to subscribe to:
   * the function that makes the producer throws, or the notifier of `paced` fails at once.
   */
  subscribe(observer: ObserverLike<Event> | ((event: Event) => unknown), options?: ObserveOptions): ObserverSubscription;
  [Symbol.observable](): ObservedProducer<Event>;
}

/** What says when to ask for more: an Observable of anything. */
export interface NotifierLike {
  subscribe(observer: { next(): void; error(error: unknown): void; complete(): void }): { unsubscribe(): void };
}

/** The part of an Observable that a producer needs. A subscription that is returned is ended by `unsubscribe`, else by the signal. */
export interface ObservableLike<out Event> {
  subscribe(
    observer: { next(event: Event): void; error(error: unknown): void; complete(): void },
    options?: { readonly signal: AbortSignal },
  ): { unsubscribe(): void } | void;
  /** Not called. TypeScript finds the type of the events here: it does not look through the overloads of RxJS's `subscribe`. */
  forEach?(next: (event: Event) => void): unknown;
}

/** An Observable, or what gives one by `Symbol.observable`. */
export type ObservableSource<Event> = ObservableLike<Event> | { [Symbol.observable](): ObservableLike<Event> };
