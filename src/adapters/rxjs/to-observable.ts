/**
 * A producer as an Observable.
 *
 * Demand: each observer is one consumer. `eager` asks by a window, refilled when `next` has returned for a list; `settled`
 * asks again when the promise that `next` returned has settled; `paced(notifier, n)` asks for n more at each notification.
 *
 * Overflow: an Observable cannot be told to wait, so nothing is handed to `next` that was not asked for. The stage of an
 * observer holds at most `maxDemand` events: 1,000 for `eager`, 1 for `settled`, those of the notifications for `paced`.
 *
 * Completion and errors: a normal end is `complete`, an error `error` with the same object, a stop of the producer `error`
 * with a `StoppedError` whose cause is the reason. An error that finds no `error` function, and what `next`, `error` or
 * `complete` throws, is an uncaught exception with its identity; an observer whose `next` throws gets nothing more.
 *
 * Cancel: `unsubscribe` and an abort end the observer's subscription; nothing comes after them, not even the rest of the
 * list that is being handed over. What that leaves unused stops. `toObservable(() => stage)` stops the stage.
 *
 * Acks: an event counts as handled when `next` has returned for its list, with `settled` when its promise has settled.
 */
import { BadOptionError, OUTLET, checkPlain, throwUncaught, type Producer, type SubscribeOptions } from "../../core/index.ts";
import { observe } from "./observing.ts";
import { eager, type Pace } from "./pace.ts";
import type { ObserveOptions, ObservedProducer, ObserverLike, ObserverSubscription } from "./shapes.ts";

/** The window of each observer, what the producer's dispatcher wants to know of it, and its pace. */
export interface ToObservableOptions extends Omit<SubscribeOptions, "cancel" | "mode" | "replaces"> {
  /** When an observer is asked for more: `eager`, `settled`, or `paced(notifier)`. Default `eager`. */
  readonly pace?: Pace | undefined;
}

/**
 * An Observable of a producer's events. Each observer is one more consumer, and the dispatcher decides who gets what.
 *
 * With a function it is cold: each observer has a producer of its own, made when it subscribes and stopped when it leaves;
 * `retry` and `repeat` need that. What the function throws is told to the observer as an error.
 *
 * @throws BadOptionError when it is neither a producer nor a function, or an option is wrong
 */
export function toObservable<Event>(source: Producer<Event> | (() => Producer<Event>), options: ToObservableOptions = {}): ObservedProducer<Event> {
  checkPlain("toObservable", options);
  if (typeof source !== "function" && !(typeof source === "object" && source !== null && OUTLET in source)) {
    throw new BadOptionError("the source of toObservable", "a producer, or a function that makes one", source);
  }
  checkWindow(options);
  const { pace = eager, ...subscribe } = options;
  const known = typeof source === "function" ? Object.keys(subscribe) : ["maxDemand", "minDemand", ...source[OUTLET].dispatchOptions];
  for (const name of Object.keys(subscribe)) {
    if (!known.includes(name)) throw new BadOptionError("the options of toObservable", `among pace, ${known.join(", ")}`, name);
  }

  const observable = {
    subscribe(given: ObserverLike<Event> | ((event: Event) => unknown), { signal }: ObserveOptions = {}): ObserverSubscription {
      const observer = typeof given === "function" ? { next: given } : given;
      if (typeof observer !== "object" || observer === null) throw new BadOptionError("the observer", "an object or a function", given);
      if (signal?.aborted === true) return NEVER_STARTED;
      const settings = { pace, subscribe, signal };
      if (typeof source !== "function") return observe(source, observer, { ...settings, isOwner: false });
      let producer: Producer<Event> | undefined;
      try {
        producer = source();
        return observe(producer, observer, { ...settings, isOwner: true });
      } catch (error) {
        void producer?.stop?.(error);
        fail(observer, error);
        return NEVER_STARTED;
      }
    },
    "@@observable": () => observable,
  };
  // RxJS looks for the symbol where there is one, and for the string otherwise.
  if (typeof Symbol.observable === "symbol") Object.assign(observable, { [Symbol.observable]: () => observable });
  return observable as unknown as ObservedProducer<Event>;
}

/** All of them here, where they are given: the first observer may be far away. */
function checkWindow({ pace = eager, maxDemand, minDemand = 0 }: ToObservableOptions): void {
  const { type }: { readonly type?: unknown } = Object(pace);
  const most = maxDemand ?? (type === "settled" ? 1 : 1000);
  if (type !== "eager" && type !== "settled" && type !== "paced") throw new BadOptionError("pace", "eager, settled, or what paced() returns", pace);
  if (!Number.isSafeInteger(most) || most < 1) throw new BadOptionError("maxDemand", "an integer of at least 1", maxDemand);
  if (!Number.isSafeInteger(minDemand) || minDemand < 0 || minDemand >= most) {
    throw new BadOptionError("minDemand", `an integer from 0 to ${most - 1}`, minDemand);
  }
}

const NEVER_STARTED: ObserverSubscription = Object.freeze({ closed: true, unsubscribe: () => undefined });

function fail(observer: ObserverLike<never>, error: unknown): void {
  if (observer.error === undefined) throwUncaught(error);
  else {
    try {
      observer.error(error);
    } catch (thrown) {
      throwUncaught(thrown);
    }
  }
}
