import type { CompleteOption, Handlers, InletOptions, OutletOptions, StageOptions } from "./stage-options.ts";
import type { EventOf, KnownTargets, ProducerConsumer, Target } from "./stages.ts";
import { start, type AnyOptions } from "./start.ts";
import type { Consumption, Subscription } from "./subscription.ts";

/** Options of {@link producerConsumer}, but for its subscriptions and its handlers. */
export interface ProducerConsumerOptions<Out, Emitted = Out>
  extends StageOptions<Emitted, Consumption | Subscription>,
    Omit<OutletOptions<Out, Emitted>, "demand">,
    InletOptions,
    CompleteOption<Out, Emitted> {}

/**
 * Starts a stage that handles the events of its producers and produces what its handler returns. It asks its producers for
 * `maxDemand` events as soon as it is subscribed, and handles them when its own consumers have demand.
 *
 * @throws BadOptionError for an option that is unknown or wrong
 */
export function producerConsumer<const Targets extends readonly Target<unknown>[], Out, Emitted = Out>(
  options: ProducerConsumerOptions<Out, Emitted> & { readonly subscribeTo: Targets & KnownTargets<Targets> } & Handlers<EventOf<Targets>, Out, Emitted>,
): ProducerConsumer<EventOf<Targets>, Out>;
export function producerConsumer<In, Out, Emitted = Out>(
  options: ProducerConsumerOptions<Out, Emitted> & { readonly subscribeTo?: undefined } & Handlers<In, Out, Emitted>,
): ProducerConsumer<In, Out>;
export function producerConsumer(options: AnyOptions): ProducerConsumer<unknown, never> {
  return start("producerConsumer", options);
}
