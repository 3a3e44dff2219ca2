import { startConsumerSupervision } from "./consumer-supervision.ts";
import { DemandWindow } from "./demand-window.ts";
import { checkOption, checkOptions, isFunction, type Check } from "./options.ts";
import { INTENSITY_CHECKS, type IntensityOptions } from "./restart-intensity.ts";
import type { ChildContext } from "./running-child.ts";
import type { CompleteOption, InletOptions, StageOptions } from "./stage-options.ts";
import type { Consumer, EventOf, KnownTargets, Stage, Target } from "./stages.ts";
import { CHECKS_OF } from "./start.ts";
import { parseTargets } from "./subscribe-options.ts";
import type { Subscription } from "./subscription.ts";
import type { ChildState, Supervisor } from "./supervisors.ts";

/** What an event becomes: a task, a stage, a supervisor, or nothing (then the event counts as handled). */
export type StartedByEvent = PromiseLike<unknown> | Stage | Supervisor | undefined | void;

/** Options of {@link consumerSupervisor}, but for its subscriptions. */
export interface ConsumerSupervisorOptions<In> extends StageOptions<never, Subscription>, InletOptions, CompleteOption<never, never>, IntensityOptions {
  /**
   * Starts the child of an event. Its signal aborts when the child is stopped, and when it has ended. What it throws is a
   * failed start: reported, and no child.
   */
  readonly start: (event: In, context: ChildContext) => StartedByEvent;
  /** What becomes of a child that failed: it is given up (`temporary`), or `start` runs again for its event (`transient`). */
  readonly restart: "temporary" | "transient";
}

/** What `start` made of an event. */
export interface EventChild<out In> {
  readonly event: In;
  readonly state: ChildState;
  /** How often it was started anew. */
  readonly restarts: number;
}

/** A consumer that starts a child for each event. */
export interface ConsumerSupervisor<in out In> extends Consumer<In> {
  /** Those that have not ended, in the order in which they were started. GenStage's `which_children`. */
  readonly children: readonly EventChild<In>[];
  /** How many children there are (`workers`), and how many of them are not waiting for their restart. GenStage's `count_children`. */
  readonly counts: { readonly active: number; readonly workers: number };
  /**
   * Starts a child by hand: it takes no demand, and is not counted as input. Returns nothing if `start` did.
   *
   * @throws what `start` throws; SluiceError `SLUICE_ENDED` after a stop or the end
   */
  startChild(event: In): EventChild<In> | undefined;
  /** Stops a child, which is then gone: its place is free. Resolves when it has ended, or its deadline has passed. @throws BadOptionError */
  stopChild(child: EventChild<In>): Promise<void>;
}

let made = 0;

/**
 * Starts a consumer that starts a child for each event, at most `maxDemand` of them at once for each subscription:
 *
 * ```ts
 * consumerSupervisor({ subscribeTo: [{ to: jobs, maxDemand: 8 }], restart: "temporary", start: async (job, { signal }) => run(job, signal) });
 * ```
 *
 * It asks again when `minDemand` children have ended. A failed child is restarted, or not, as `restart` says; a restarting one
 * keeps its place. More than `maxRestarts` (3) restarts within `withinMs` (5,000), and the stage fails with a `GaveUpError`.
 * What becomes of a child is reported: `child-start-failed`, `child-restarting`, `child-ended` unless it ended normally.
 *
 * When its producers have ended normally it waits for its children, then ends. When it stops or fails its children are
 * stopped at once, and waited for within `stopWithinMs`, for all of them.
 *
 * In its snapshot an event is in a callback as long as its child runs or restarts; then it is handled, failed (for good), or
 * lost (its child was stopped). GenStage's `ConsumerSupervisor`.
 *
 * @throws BadOptionError for an option that is unknown or wrong
 */
export function consumerSupervisor<const Targets extends readonly Target<unknown>[]>(
  options: ConsumerSupervisorOptions<EventOf<Targets>> & { readonly subscribeTo: Targets & KnownTargets<Targets> },
): ConsumerSupervisor<EventOf<Targets>>;
export function consumerSupervisor<In>(options: ConsumerSupervisorOptions<In> & { readonly subscribeTo?: undefined }): ConsumerSupervisor<In>;
export function consumerSupervisor(options: ConsumerSupervisorOptions<never> & { readonly subscribeTo?: readonly Target<never>[] | undefined }): ConsumerSupervisor<never> {
  checkOptions("consumerSupervisor", options, CHECKS);
  // Both have no default.
  checkOption("start", options.start, isFunction);
  checkOption("restart", options.restart, isRestart);
  const { subscribeTo, ...settings } = options;
  const window = new DemandWindow(options);
  // Throws before anything exists.
  parseTargets(subscribeTo, window);
  const name = options.name ?? `consumerSupervisor ${(made += 1)}`;
  return startConsumerSupervision({ ...settings, name }, window, subscribeTo ?? []);
}

function isRestart(value: unknown): string | undefined {
  return value === "temporary" || value === "transient" ? undefined : '"temporary" or "transient" (one that is permanent would never free its place)';
}

const { handleEvents: _events, handleEvent: _event, concurrency: _concurrency, ordered: _ordered, ...CONSUMER_CHECKS } = CHECKS_OF.consumer;

const CHECKS: Readonly<Record<string, Check>> = { ...CONSUMER_CHECKS, ...INTENSITY_CHECKS, start: isFunction, restart: isRestart };
