/** One observer of a producer: a consumer that hands its events to `next`. */
import { StoppedError, consumer, heed, isThenable, throwUncaught, type Consumer, type ExitReason, type Producer, type SubscribeOptions } from "../../core/index.ts";
import type { Pace } from "./pace.ts";
import type { NotifierLike, ObserverLike, ObserverSubscription } from "./shapes.ts";

export interface ObservingOptions {
  readonly pace: Pace;
  readonly subscribe: SubscribeOptions;
  readonly signal: AbortSignal | undefined;
  /** The producer was made for this observer, and ends with it. */
  readonly isOwner: boolean;
}

/** @throws BadOptionError when it is no producer, or a window is wrong */
export function observe<Event>(producer: Producer<Event>, observer: ObserverLike<Event>, options: ObservingOptions): ObserverSubscription {
  return new Observing(producer, observer, options);
}

class Observing<Event> implements ObserverSubscription {
  closed = false;
  readonly #producer: Producer<Event>;
  readonly #observer: ObserverLike<Event>;
  readonly #options: ObservingOptions;
  readonly #stage: Consumer<Event>;
  readonly #notifications: { unsubscribe(): void } | undefined;
  /** Heeds the signal no more. */
  readonly #unheed: (() => void) | undefined;
  /** Ends the wait for what `next` returned. */
  #goOn: (() => void) | undefined;

  constructor(producer: Producer<Event>, observer: ObserverLike<Event>, options: ObservingOptions) {
    const { pace, signal, subscribe } = options;
    this.#producer = producer;
    this.#observer = observer;
    this.#options = options;
    this.#stage = consumer<Event>({
      name: `an observer of ${producer.name}`,
      // An observer that works on jobs must not hoard them.
      maxDemand: pace.type === "settled" ? 1 : undefined,
      handleEvents: (events) => (pace.type === "settled" ? this.#nextSettled(events, 0) : this.#next(events)),
      handleStop: (reason) => this.#end(reason),
    });
    // An error end is received here: it is told, or thrown.
    void this.#stage.closed;
    const subscription = this.#stage.subscribe(producer, { ...subscribe, mode: pace.type === "paced" ? "manual" : "automatic" });
    if (signal !== undefined) this.#unheed = heed(signal, this.#onAbort);
    if (pace.type === "paced") this.#notifications = this.#listen(pace.notifier, () => subscription.ask(pace.count));
  }

  unsubscribe(): void {
    this.#leave();
  }

  #listen(notifier: NotifierLike, next: () => void): { unsubscribe(): void } | undefined {
    try {
      return notifier.subscribe({ next, error: (error) => this.#fail(error), complete: () => undefined });
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  readonly #onAbort = (): void => this.#leave(this.#options.signal?.reason);

  /** No function of the observer is called any more. */
  #leave(reason?: unknown): void {
    if (this.closed) return;
    this.closed = true;
    this.#goOn?.();
    void this.#stage.stop(reason);
  }

  /** The whole list at once, until somebody leaves. */
  #next(events: readonly Event[]): void {
    const observer = this.#observer;
    try {
      for (const event of events) {
        if (this.closed) return;
        observer.next?.(event);
      }
    } catch (error) {
      throw this.#thrown(error);
    }
  }

  #nextSettled(events: readonly Event[], from: number): Promise<void> | undefined {
    const observer = this.#observer;
    for (let index = from; index < events.length && !this.closed; index += 1) {
      let result: unknown;
      try {
        result = observer.next?.(events[index] as Event);
      } catch (error) {
        throw this.#thrown(error);
      }
      if (isThenable(result)) return this.#wait(result).then(() => this.#nextSettled(events, index + 1));
    }
    return undefined;
  }

  /** Settles with the promise, and when the observer leaves. */
  #wait(promise: PromiseLike<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#goOn = resolve;
      Promise.resolve(promise).then(
        () => resolve(),
        (error: unknown) => reject(this.#thrown(error)),
      );
    });
  }

  /** The observer failed: that is not its producer's error, so it is not told but thrown, and it gets nothing more. */
  #thrown(error: unknown): unknown {
    this.closed = true;
    throwUncaught(error);
    return error;
  }

  #fail(error: unknown): void {
    if (this.closed) return;
    this.#leave(error);
    this.#tell({ type: "error", error });
  }

  #end(reason: ExitReason): void {
    this.#unheed?.();
    this.#notifications?.unsubscribe();
    if (this.#options.isOwner) void this.#producer.stop(reason.type === "shutdown" ? reason.reason : undefined);
    if (this.closed) return;
    this.closed = true;
    this.#tell(reason);
  }

  #tell(reason: ExitReason): void {
    const observer = this.#observer;
    try {
      if (reason.type === "normal") observer.complete?.();
      else if (reason.type === "shutdown") observer.error?.(new StoppedError(this.#producer.name, reason.reason));
      else if (observer.error !== undefined) observer.error(reason.error);
      else throwUncaught(reason.error);
    } catch (error) {
      throwUncaught(error);
    }
  }
}
