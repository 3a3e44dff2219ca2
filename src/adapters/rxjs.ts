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
export { toObservable, type ToObservableOptions } from "./rxjs/to-observable.ts";
export { eager, paced, settled, type Pace } from "./rxjs/pace.ts";
export type { NotifierLike, ObserveOptions, ObservedProducer, ObserverLike, ObserverSubscription } from "./rxjs/shapes.ts";
