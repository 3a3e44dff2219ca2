/**
 * At least once, where a subscription asks for it (`onCrash: "redeliver"`): the consumer keeps account of what it has not
 * handled, and gives it back when it fails or is stopped; the producer delivers it again before all else.
 *
 * The consumer says that it will (`Cancel.returns`), the producer confirms as for any cancel, and so the consumer knows that
 * nothing more is on its way: then it returns everything in one message, in order.
 */
import { integer, oneOf, type Check } from "./options.ts";
import type { DispatchOptions } from "./protocol.ts";

/** The options of a subscription; a producing stage takes them where its dispatcher `redelivers`. */
export const REDELIVERY_CHECKS: { readonly onCrash: Check; readonly maxRedeliveries: Check } = {
  onCrash: oneOf("lose", "redeliver"),
  maxRedeliveries: integer(0),
};

export function isRedelivered(options: DispatchOptions): boolean {
  return options["onCrash"] === "redeliver";
}

export function maxRedeliveriesOf(options: DispatchOptions): number {
  const { maxRedeliveries } = options as { readonly maxRedeliveries?: number };
  return maxRedeliveries ?? 3;
}

/** Events of one list that come back: how often they have been tried, a call with them begun. */
export interface Returned<out Event> {
  readonly events: readonly Event[];
  readonly times: number;
}

/** How often the events of a list have been tried before; lists that are delivered for the first time are not in it. */
const times = new WeakMap<readonly unknown[], number>();

export function markRedelivered(list: readonly unknown[], count: number): void {
  times.set(list, count);
}

export function triedBefore(list: readonly unknown[]): number {
  return times.get(list) ?? 0;
}
