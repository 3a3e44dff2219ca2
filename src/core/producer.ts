import type { OutletOptions, Returned, StageOptions } from "./stage-options.ts";
import type { PushProducer, Self } from "./stages.ts";
import { start } from "./start.ts";
import type { Consumption } from "./subscription.ts";

/** Options of {@link producer}. */
export interface ProducerOptions<Out, Emitted = Out> extends StageOptions<Emitted, Consumption>, OutletOptions<Out, Emitted> {
  /**
   * Makes events: called once for each demand that consumers have and the buffer did not serve, at least 1. It may return
   * fewer, or nothing, and bring the rest later by `self.emit`; it is not asked again for what it owes. More are buffered.
   * Default none: the producer is driven by `emit`.
   */
  readonly handleDemand?: ((demand: number, self: Self<Emitted>) => Returned<Out>) | undefined;
}

/**
 * Starts a stage that produces events when its consumers demand them. No callback runs in this call; the first demand is
 * the first thing that touches the source.
 *
 * @throws BadOptionError for an option that is unknown or wrong
 */
export function producer<Out, Emitted = Out>(options: ProducerOptions<Out, Emitted> = {}): PushProducer<Out> {
  return start<never, Out>("producer", options);
}
