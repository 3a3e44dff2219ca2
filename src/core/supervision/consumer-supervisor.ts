import { checkLoses, startConsumerSupervision } from "./consumer-engine.ts";
import type { ConsumerSupervisor, ConsumerSupervisorOptions } from "./consumer-supervisors.ts";
import { DemandWindow } from "../demand-window.ts";
import { checkOption, checkOptions, isFunction, type Check } from "../options.ts";
import { INTENSITY_CHECKS } from "./restart-intensity.ts";
import type { EventOf, KnownTargets, Target } from "../stages.ts";
import { CHECKS_OF } from "../start.ts";
import { parseTargets, splitTarget } from "../subscribe-options.ts";

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
export function consumerSupervisor<In>(options: ConsumerSupervisorOptions<In> & { readonly subscribeTo?: readonly Target<In>[] | undefined }): ConsumerSupervisor<In> {
  checkOptions("consumerSupervisor", options, CHECKS);
  // Both have no default.
  checkOption("start", options.start, isFunction);
  checkOption("restart", options.restart, isRestart);
  const { subscribeTo, ...settings } = options;
  const window = new DemandWindow(options);
  // Throws before anything exists.
  parseTargets(subscribeTo, window);
  for (const target of subscribeTo ?? []) checkLoses(splitTarget(target).options);
  const name = options.name ?? `consumerSupervisor ${(made += 1)}`;
  return startConsumerSupervision({ ...settings, name }, window, subscribeTo ?? []);
}

function isRestart(value: unknown): string | undefined {
  return value === "temporary" || value === "transient" ? undefined : '"temporary" or "transient" (one that is permanent would never free its place)';
}

const { handleEvents: _events, handleEvent: _event, concurrency: _concurrency, ordered: _ordered, ...CONSUMER_CHECKS } = CHECKS_OF.consumer;

const CHECKS: Readonly<Record<string, Check>> = { ...CONSUMER_CHECKS, ...INTENSITY_CHECKS, start: isFunction, restart: isRestart };
