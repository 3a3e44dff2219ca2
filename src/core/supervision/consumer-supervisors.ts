/** Consumer supervisors as their users see them. */
import type { IntensityOptions } from "./restart-intensity.ts";
import type { ChildContext } from "./running-child.ts";
import type { CompleteOption, InletOptions, StageOptions } from "../stage-options.ts";
import type { Consumer, Stage } from "../stages.ts";
import type { Subscription } from "../subscription.ts";
import type { ChildState, Supervisor } from "./supervisors.ts";

/** What an event becomes: a task, a stage, a supervisor, or nothing (then the event counts as handled). */
export type StartedByEvent = PromiseLike<unknown> | Stage | Supervisor | undefined | void;

/** Options of `consumerSupervisor`, but for its subscriptions. */
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
  /** The event that it was started for. */
  readonly event: In;
  /** Where it is in its life. */
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
