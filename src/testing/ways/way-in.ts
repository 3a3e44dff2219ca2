/** A way in, as its contract must know it. */
import { BadOptionError, type Producer, type Reporter } from "../../core/index.ts";
import { checkOptions, integer, isBoolean, isFunction, type Check } from "../../core/options.ts";
import type { TrialOptions } from "./trial.ts";

/** What a native side can do beside giving events: end, fail, and have nothing for now. */
export type WayInAbility = "end" | "error" | "wait";

/** What the native side does next. */
export type WayInStep<Event, Can extends WayInAbility = WayInAbility> = { readonly type: "event"; readonly event: Event } | OtherSteps[Can];

/** By the ability that it takes. */
interface OtherSteps {
  readonly end: { readonly type: "end" };
  readonly error: { readonly type: "error"; readonly error: unknown };
  /** Nothing for now: who has given `more` is called when there is something. */
  readonly wait: { readonly type: "wait" };
}

/** What stands behind the native side: it is asked what to do, and told what is done to it. */
export interface WayInSource<Event, Can extends WayInAbility = WayInAbility> {
  /**
   * The next step, taken: to be called when the native side itself would produce it. `more` is called once, when there is
   * something after a `wait`. A native side that cannot be asked takes steps until it is to wait, also behind its end.
   */
  take(more?: () => void): WayInStep<Event, Can>;
  /**
   * The native side is released from outside: cancelled, closed, destroyed, unsubscribed. With the reason as its argument where
   * the native side is told one. The promise settles when it is closed; who cannot be waited for ignores it.
   */
  release(...reason: readonly [reason?: unknown]): Promise<void>;
}

/** Options of a producer that the way in must pass on: to be spread into its own. */
export interface WayInSettings {
  /** Stops the stage. */
  readonly signal: AbortSignal | undefined;
  /** How long its end may wait for the native side, in ms. */
  readonly closeWithinMs: number;
  /** Hears what the stage reports. */
  readonly handleReport: Reporter | undefined;
}

/** What the contract of a way in must know of it. */
export interface WayInContractOptions<Event, Can extends WayInAbility = WayInAbility> {
  /** The event of a number from 0. No two are the same. */
  readonly event: (n: number) => Event;
  /** What an event has of its own, by which it is known again, where it arrives as a copy. Default the event itself. */
  readonly identify?: (event: Event) => unknown;
  /**
   * What the native side can do beside giving events: `end` by itself, fail with an `error`, and `wait` when it has nothing
   * for now, where others must answer at once. It is not told to do anything else.
   */
  readonly can: readonly Can[];
  /**
   * How many events the native side may produce beyond those that were demanded: its high-water mark. `Infinity` for one that
   * cannot be asked and produces what it likes, from the first demand on.
   */
  readonly prefetch: number;
  /** Makes a native side, which does what `source` says, and a producer of it. */
  readonly open: (source: WayInSource<Event, Can>, settings: WayInSettings) => Producer<Event>;
  /** Whether the end of the stage waits for the promise of `release`. Default false. */
  readonly awaitsRelease?: boolean;
  /**
   * Whether the native side can fail with an error, and be told a reason, that is none or does not like to be looked at. Gets
   * the value and what it is, in words. Default with all.
   */
  readonly errors?: (error: unknown, what: string) => boolean;
  /** Whether the native side can hold, as an event, a value that looks like something else. Default none is tried. */
  readonly odd?: unknown extends Event ? (value: unknown, what: string) => boolean : never;
  /** How many random runs are played. Default 20. */
  readonly runs?: number;
  /** What the first of them draws its numbers from; each has the next seed. Default 1. */
  readonly seed?: number;
  /** How long nothing may happen while something must, in ms of the real clock, until it counts as hanging. Default 500. */
  readonly patienceMs?: number;
}

/** The options with their defaults. */
export interface WayInPlan<Event> extends TrialOptions {
  readonly event: (n: number) => Event;
  readonly identify: (event: Event) => unknown;
  readonly can: ReadonlySet<WayInAbility>;
  readonly prefetch: number;
  readonly open: (source: WayInSource<Event>, settings: WayInSettings) => Producer<Event>;
  readonly awaitsRelease: boolean;
  readonly errors: (error: unknown, what: string) => boolean;
  readonly odd: ((value: unknown, what: string) => boolean) | undefined;
  readonly runs: number;
  readonly seed: number;
}

/** An integer from 0, or `Infinity`. */
export const isPrefetch: Check = (value) => (value === Infinity ? undefined : integer(0)(value) && "an integer of at least 0, or Infinity");

const ABILITIES: ReadonlySet<unknown> = new Set<WayInAbility>(["end", "error", "wait"]);

const CHECKS: Readonly<Record<string, Check>> = {
  event: isFunction,
  identify: isFunction,
  can: (value) => (Array.isArray(value) && value.every((each) => ABILITIES.has(each)) ? undefined : 'a list of "end", "error" and "wait"'),
  prefetch: isPrefetch,
  open: isFunction,
  awaitsRelease: isBoolean,
  errors: isFunction,
  odd: isFunction,
  runs: integer(1),
  seed: integer(0),
  patienceMs: integer(0),
};

/** @throws BadOptionError */
export function wayInPlan<Event, Can extends WayInAbility>(options: WayInContractOptions<Event, Can>): WayInPlan<Event> {
  checkOptions("wayInContract", options, CHECKS);
  for (const [name, expected] of [["event", "a function"], ["can", 'a list of "end", "error" and "wait"'], ["prefetch", "an integer of at least 0, or Infinity"], ["open", "a function"]] as const) {
    if (options[name] === undefined) throw new BadOptionError(name, expected, undefined);
  }
  const { event, identify = (each: Event): unknown => each, can, prefetch, open, awaitsRelease = false, errors = () => true, odd, runs = 20, seed = 1, patienceMs = 500 } = options;
  return {
    event,
    identify,
    can: new Set<WayInAbility>(can),
    prefetch,
    // It is given no step that it does not know.
    open: open as unknown as WayInPlan<Event>["open"],
    awaitsRelease,
    errors,
    odd,
    runs,
    seed,
    patienceMs,
  };
}
