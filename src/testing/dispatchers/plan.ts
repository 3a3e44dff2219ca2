import { checkOptions, integer, isFunction, isList, oneOf, type Check } from "../../core/options.ts";
import { BadOptionError, type DispatcherFactory, type DispatchOptions } from "../../core/index.ts";

/** What the contract must know of a dispatcher: how to make one, and whom it serves with what. */
export interface DispatcherContractOptions<Event> {
  /** Makes what a producer is given as its `dispatcher`: once for each case, so that no case sees what another did. */
  readonly dispatcher: () => DispatcherFactory<NoInfer<Event>>;
  /** The event of a number from 0. No two are the same. */
  readonly event: (n: number) => Event;
  /**
   * What an event has of its own, by which it is known again: for a dispatcher that sends another event in its stead. Default
   * the event itself.
   */
  readonly identify?: (event: Event) => unknown;
  /** How many consumers it is tried with at a time, at least 1. Default 3. */
  readonly consumers?: number;
  /**
   * The options of the consumer in a place, from 0 up to `consumers`, for this dispatcher. It admits consumers in different
   * places; who leaves is followed by another in the same place, with the same options. Default none.
   */
  readonly consumerOptions?: (place: number) => DispatchOptions;
  /** Options of subscriptions that it refuses. Default none. */
  readonly refuses?: readonly DispatchOptions[];
  /** Who gets an event: one of the consumers that are subscribed, or all. Default: neither is checked. */
  readonly eachEventGoesTo?: "one" | "all";
  /** Whether a consumer with these options gets such an event at all: for selectors and partitions. Default every event. */
  readonly wants?: (event: Event, options: DispatchOptions) => boolean;
  /** How many random sequences of calls are played; in a stage, a tenth as many. Default 100. */
  readonly runs?: number;
  /** What the first of them draws its numbers from; each has the next seed. Default 1. */
  readonly seed?: number;
}

/** The options with their defaults. */
export interface Plan<Event> extends Required<Omit<DispatcherContractOptions<Event>, "eachEventGoesTo">> {
  readonly eachEventGoesTo: "one" | "all" | undefined;
}

const CHECKS: Readonly<Record<string, Check>> = {
  dispatcher: isFunction,
  event: isFunction,
  identify: isFunction,
  consumers: integer(1),
  consumerOptions: isFunction,
  refuses: isList,
  eachEventGoesTo: oneOf("one", "all"),
  wants: isFunction,
  runs: integer(1),
  seed: integer(0),
};

/** The bound of the stage's buffer: so small that queues of that size are full now and then. */
export const BUFFER_SIZE = 50;

/**
 * Whether an event may go to nobody. Where it goes to all those who want it, that depends on who is there; where it goes to one,
 * it must wait for him.
 */
export function isForNobody<Event>({ eachEventGoesTo, consumers, consumerOptions, wants }: Plan<Event>, event: Event, present: readonly { readonly options: DispatchOptions }[]): boolean {
  if (eachEventGoesTo !== "one") return !present.some(({ options }) => wants(event, options));
  return !Array.from({ length: consumers }, (_, place) => consumerOptions(place)).some((options) => wants(event, options));
}

/** Whether a consumer with these options is to get one of the events of these numbers; `to` is not among them. */
export function isSomeWanted<Event>({ event, wants }: Plan<Event>, options: DispatchOptions, from: number, to: number): boolean {
  for (let n = from; n < to; n += 1) if (wants(event(n), options)) return true;
  return false;
}

export function planOf<Event>(options: DispatcherContractOptions<Event>): Plan<Event> {
  checkOptions("dispatcherContract", options, CHECKS);
  for (const name of ["dispatcher", "event"] as const) {
    if (options[name] === undefined) throw new BadOptionError(name, "a function", options[name]);
  }
  const { dispatcher, event, identify = (each) => each, consumers = 3, consumerOptions = () => ({}), refuses = [], eachEventGoesTo, wants = () => true, runs = 100, seed = 1 } = options;
  return { dispatcher, event, identify, consumers, consumerOptions, refuses, eachEventGoesTo, wants, runs, seed };
}
