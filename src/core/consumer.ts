import type { CompleteOption, Handlers, InletOptions, StageOptions } from "./stage-options.ts";
import type { Consumer, EventOf, KnownTargets, Target } from "./stages.ts";
import { start } from "./start.ts";
import type { Subscription } from "./subscription.ts";

/** Options of {@link consumer}, but for its subscriptions and its handlers. */
export interface ConsumerOptions extends StageOptions<never, Subscription>, InletOptions, CompleteOption<never, never> {}

/**
 * Starts a stage that handles the events of its producers. What its handlers return is ignored, but for a promise, which is
 * awaited.
 *
 * @throws BadOptionError for an option that is unknown or wrong
 */
export function consumer<const Targets extends readonly Target<unknown>[]>(
  options: ConsumerOptions & { readonly subscribeTo: Targets & KnownTargets<Targets> } & Handlers<EventOf<Targets>, unknown, never>,
): Consumer<EventOf<Targets>>;
export function consumer<In>(
  options: ConsumerOptions & { readonly subscribeTo?: undefined } & Handlers<In, unknown, never>,
): Consumer<In>;
export function consumer(options: ConsumerOptions): Consumer<never> {
  return start("consumer", options);
}
