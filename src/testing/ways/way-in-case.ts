import type { Trial } from "./trial.ts";
import type { WayInAbility, WayInPlan } from "./way-in.ts";

/** One rule, how it is tried, and for which ways in there is something to try. */
export interface WayInCase {
  readonly name: string;
  /** What the native side must be able to do. */
  readonly needs?: readonly WayInAbility[];
  /** What else must be so. */
  readonly where?: <Event>(plan: WayInPlan<Event>) => boolean;
  readonly run: <Event>(trial: Trial, plan: WayInPlan<Event>) => Promise<void>;
}

/** Whether the native side can be asked: then what it produces has a bound. */
export function isBounded({ prefetch }: { readonly prefetch: number }): boolean {
  return prefetch !== Infinity;
}

/** More than any case has events. */
export const PLENTY = 100_000;
