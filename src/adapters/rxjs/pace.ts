import { BadOptionError } from "../../core/index.ts";
import type { NotifierLike } from "./shapes.ts";

/** When an observer is ready for more. */
export type Pace =
  | { readonly type: "eager" }
  | { readonly type: "settled" }
  | { readonly type: "paced"; readonly notifier: NotifierLike; readonly count: number };

/** Whenever `next` has returned. */
export const eager: Pace = Object.freeze({ type: "eager" });

/** When the promise that `next` returned has settled; at once, when it returned none. A rejection counts as a throw. */
export const settled: Pace = Object.freeze({ type: "settled" });

/**
 * At each notification of an Observable, for `count` more. It is subscribed with the observer and left with it. Its error is
 * told to the observer and ends the subscription; after its completion nothing more is asked for.
 *
 * @throws BadOptionError for a notifier without `subscribe`, or a count that is not an integer of at least 1
 */
export function paced(notifier: NotifierLike, count = 1): Pace {
  if (typeof notifier !== "object" || notifier === null || typeof notifier.subscribe !== "function") {
    throw new BadOptionError("the notifier of paced", "an Observable", notifier);
  }
  if (!Number.isSafeInteger(count) || count < 1) throw new BadOptionError("the count of paced", "an integer of at least 1", count);
  return { type: "paced", notifier, count };
}
