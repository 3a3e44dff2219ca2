/** What the specification forbids, each as an error that names the rule. */
import { BadOptionError, SluiceError } from "../../core/index.ts";
import { isSubscriber, isSubscription } from "./shapes.ts";

/** Rule 3.17: an integer of any size, and `Infinity`. */
export function isDemand(demand: unknown): demand is number {
  return demand === Infinity || (Number.isInteger(demand) && (demand as number) >= 1);
}

/** Demand adds up by rule 3.8, to what nobody will ever get by rule 3.17. */
export function added(open: number, demand: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, open + demand);
}

/** For {@link isDemand}. */
export function badDemand(demand: unknown): BadOptionError {
  return forgetful(new BadOptionError("the demand of request", "an integer of at least 1 (rule 3.9: a non-positive subscription request is illegal)", demand));
}

/** @throws TypeError for null and whatever else cannot be signalled to, by rule 1.9 */
export function checkSubscriber(value: unknown): void {
  if (!isSubscriber(value)) throw typeError("the subscriber of subscribe", "an object with onSubscribe, onNext, onError and onComplete", "1.9", value);
}

/** @throws TypeError for null and whatever else cannot be asked by, by rule 2.13 */
export function checkSubscription(value: unknown): void {
  if (!isSubscription(value)) throw typeError("the subscription of onSubscribe", "an object with request and cancel", "2.13", value);
}

/** @throws TypeError for null and undefined, by rule 2.13 */
export function checkPresent(what: string, value: unknown): void {
  if (value === null || value === undefined) throw absent(what, value);
}

/** For null or undefined, which cannot be signalled by rule 2.13. */
export function absent(what: string, value: unknown): TypeError {
  return typeError(what, "neither null nor undefined", "2.13", value);
}

/** For one Subscriber that subscribes once more. */
export function subscribedTwice(stage: string): SluiceError {
  return forgetful(new SluiceError("SLUICE_ALREADY_SUBSCRIBED", `expected a Subscriber of ${stage} to subscribe once (rules 1.10 and 2.12), got: one that has an active subscription`));
}

/** An error of V8 remembers who called, here the Subscriber, until somebody has looked at its stack (rule 3.13). */
function forgetful<Problem extends Error>(error: Problem): Problem {
  void error.stack;
  return error;
}

function typeError(what: string, expected: string, rule: string, got: unknown): TypeError {
  return new TypeError(`expected ${what} to be ${expected} (rule ${rule}), got: ${got === null ? "null" : typeof got}`);
}
