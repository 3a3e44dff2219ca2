/** Checks what a user says of a subscription. */
import { DemandWindow } from "./demand-window.ts";
import { BadOptionError } from "./errors.ts";
import type { LinkSettings } from "./inlet-link.ts";
import { anything, checkOptions, isReason, oneOf, type Check } from "./options.ts";
import { OUTLET, type DispatchOptions, type ExitReason, type Subscribable } from "./protocol.ts";
import { REDELIVERY_CHECKS } from "./redelivery.ts";
import type { SubscribeOptions } from "./stages.ts";
import type { Subscription } from "./subscription.ts";

export interface Link {
  readonly target: Subscribable<unknown>;
  readonly settings: LinkSettings;
  readonly replaces?: { readonly subscription: Subscription; readonly reason: ExitReason };
}

const CHECKS: Readonly<Record<string, Check>> = {
  // The window checks them: the bound of one is the value of the other.
  maxDemand: anything,
  minDemand: anything,
  cancel: oneOf("last", "permanent", "transient", "temporary"),
  mode: oneOf("automatic", "manual"),
  replaces: (value) => {
    if (typeof value !== "object" || value === null || !("subscription" in value)) return "an object with a subscription";
    return "reason" in value && value.reason !== undefined && isReason(value.reason) !== undefined ? `an object whose reason is ${isReason(value.reason)}` : undefined;
  },
};

/** @throws BadOptionError */
export function parseLink(target: unknown, options: SubscribeOptions, defaults: DemandWindow): Link {
  if (typeof target !== "object" || target === null || (target as Partial<Subscribable<unknown>>)[OUTLET] === undefined) {
    throw new BadOptionError("the producer of a subscription", "a producer or a producerConsumer", target);
  }
  const producer = target as Subscribable<unknown>;
  const { dispatchOptions } = producer[OUTLET];
  const checks: Record<string, Check> = { ...CHECKS };
  for (const name of dispatchOptions) checks[name] = anything;
  Object.assign(checks, REDELIVERY_CHECKS);
  checkOptions("a subscription", options, checks);
  if (options.onCrash === "redeliver" && !dispatchOptions.includes("onCrash")) {
    throw new BadOptionError("onCrash", `"lose" at ${producer[OUTLET].name}, whose dispatcher has no other consumer for an event`, options.onCrash);
  }
  const dispatch: DispatchOptions = Object.fromEntries(dispatchOptions.map((name) => [name, (options as Record<string, unknown>)[name]]));
  return {
    target: producer,
    settings: { window: windowOf(options, defaults), cancel: options.cancel ?? "last", mode: options.mode ?? "automatic", dispatch },
    ...(options.replaces && { replaces: { subscription: options.replaces.subscription, reason: options.replaces.reason ?? REPLACED } }),
  };
}

/** The links that `subscribeTo` names. @throws BadOptionError */
export function parseTargets(targets: unknown, defaults: DemandWindow): readonly Link[] {
  if (targets === undefined) return [];
  if (!Array.isArray(targets)) throw new BadOptionError("subscribeTo", "a list of stages, or of { to: stage, ...options }", targets);
  return Array.from(targets, (target: unknown) => {
    const { to, options } = splitTarget(target);
    if (options.replaces !== undefined) throw new BadOptionError("replaces", "given to `subscribe`: a new consumer has no older subscription", options.replaces);
    return parseLink(to, options, defaults);
  });
}

/** A target that is a stage has no options of its own. What is neither is left to {@link parseLink}. */
export function splitTarget(target: unknown): { readonly to: Subscribable<unknown>; readonly options: SubscribeOptions } {
  if (typeof target !== "object" || target === null || OUTLET in target || !("to" in target)) return { to: target as Subscribable<unknown>, options: {} };
  const { to, ...options } = target;
  return { to: to as Subscribable<unknown>, options };
}

/** One of the two alone means its own default for the other. */
function windowOf(options: SubscribeOptions, defaults: DemandWindow): DemandWindow {
  const isGiven = options.maxDemand !== undefined || options.minDemand !== undefined;
  return new DemandWindow(isGiven ? options : { maxDemand: defaults.max, minDemand: defaults.min });
}

const REPLACED: ExitReason = Object.freeze({ type: "shutdown" });
