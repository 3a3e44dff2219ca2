import type { Event, Log, ProducerOptions, Reason } from "../trace.ts";
import type { Link } from "./partners.ts";

/** What a dispatcher may do to the world. */
export interface DispatcherPorts {
  deliver(to: Link, batch: readonly Event[]): void;
  /** Lets the stage run handleInfo, as a message of its own. */
  inform(message: string): void;
  /** An ask in the name of a consumer, as a message of the stage to itself. */
  askAgain(from: Link, demand: number): void;
  log(log: Log): void;
}

/**
 * Who gets which event. As in GenStage, `ask` and `cancel` answer how much demand passes upstream.
 * A rule that keeps its own account of the demand ignores these answers and looks at `open` instead.
 */
export interface Dispatcher {
  /** A reason, if the subscription is refused. */
  subscribe(link: Link, options: ProducerOptions): Reason | undefined;
  cancel(link: Link): number;
  ask(link: Link, demand: number): number;
  /** Delivers what there is demand for and answers with the rest. */
  dispatch(events: readonly Event[]): Dispatched;
  info(message: string): void;
  /** Demand that is open: how many events it wants from upstream. */
  readonly open: number;
  /** How many events it could take at this moment. */
  readonly room: number;
  /** Events in queues of its own. */
  readonly queued: number;
}

export interface Dispatched {
  readonly rest: readonly Event[];
  /** Events that went to nobody, because the dispatcher was told to drop them. */
  readonly dropped: number;
}

