import type { Trial } from "./trial.ts";
import type { WayOutPlan } from "./way-out.ts";

/** One rule, how it is tried, and for which ways out there is something to try. */
export interface WayOutCase {
  readonly name: string;
  readonly where?: <Event, Native>(plan: WayOutPlan<Event, Native>) => boolean;
  readonly run: <Event, Native>(trial: Trial, plan: WayOutPlan<Event, Native>) => Promise<void>;
}

/** Whether the native side says when it is ready for more, and so there is a bound. */
export function isBounded({ by, prefetch }: { readonly by: string; readonly prefetch: number }): boolean {
  return by !== "telling" && prefetch !== Infinity;
}

/** What is more than the way out may ask for by itself. */
export function beyond({ prefetch }: { readonly prefetch: number }): number {
  return prefetch === Infinity ? 0 : prefetch;
}
