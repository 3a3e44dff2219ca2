/**
 * An Observable as a producer.
 *
 * Demand: an Observable cannot be asked. It is subscribed to at the first demand; what it emits beyond the demand goes to the
 * overflow policy, which is required.
 *
 * Overflow: at most what the policy says waits in the stage's buffer; what it costs is counted and reported. The events of
 * one turn move as lists of up to 1,024; one that emits without end before `subscribe` returns cannot be stopped by anybody.
 *
 * Completion and errors: `complete` ends the stage normally, `error` with the same object, each behind what was kept before.
 * What `subscribe` throws is such an error. Only the first end counts; what comes after it is reported as `late-signal`.
 *
 * Cancel: the end of the stage calls `unsubscribe` of what `subscribe` returned, once, and aborts the signal that `subscribe`
 * was given (the native one returns nothing, and takes that).
 *
 * Acks: none; an Observable does not hear what becomes of its events.
 */
import { BadOptionError, fromPush, type FromPushOptions, type Producer } from "../../core/index.ts";
import type { ObservableLike, ObservableSource } from "./shapes.ts";

/** Options of {@link fromObservable}: those of a producer, and the overflow policy. */
export interface FromObservableOptions<Event> extends FromPushOptions<Event> {}

/**
 * A producer of what an Observable emits: of RxJS 7 and 8, the native one, or any with `subscribe` or `Symbol.observable`.
 *
 * @throws BadOptionError when it is no Observable, there is no overflow policy, or an option is wrong
 */
export function fromObservable<Event>(observable: ObservableSource<Event>, options: FromObservableOptions<NoInfer<Event>>): Producer<Event> {
  const source = observableOf(observable);
  return fromPush<Event>((intake, signal) => {
    const subscription = source.subscribe(
      {
        next: (event) => intake.next(event),
        error: (error) => intake.error(error),
        complete: () => intake.complete(),
      },
      { signal },
    );
    return typeof subscription === "object" && subscription !== null ? () => subscription.unsubscribe() : undefined;
  }, options);
}

function observableOf<Event>(source: ObservableSource<Event>): ObservableLike<Event> {
  let found: unknown = source;
  for (const key of [Symbol.observable, "@@observable"] as const) {
    const interop: unknown = isObject(found) && !isSubscribable(found) && key !== undefined ? Reflect.get(found, key) : undefined;
    if (typeof interop === "function") found = interop.call(found);
  }
  if (!isSubscribable(found)) throw new BadOptionError("the observable of fromObservable", "an Observable", source);
  return found as ObservableLike<Event>;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function isSubscribable(value: unknown): boolean {
  return isObject(value) && "subscribe" in value && typeof value.subscribe === "function";
}
