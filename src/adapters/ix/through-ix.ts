/**
 * Operators of IxJS as a producerConsumer.
 *
 * Demand: one `next()` of the operators for each demanded event, one after the other. The producers are asked by a window, by
 * default for one event: the next when the operators want it. With a larger `maxDemand` lists come in, and the operators
 * read from them; with `lists` they get them whole.
 *
 * Overflow: at most `maxDemand` events wait for the operators. What those read ahead, and gather, is theirs: see
 * `docs/14-from-ixjs.md`.
 *
 * Completion and errors: the end of the operators ends the stage and leaves the producers, whether those have ended or not.
 * What the operators throw fails the stage with the same object. An error of a producer is thrown into them, by `next()`, as
 * its end is told by it: so `catchError` works, and both wait for demand.
 *
 * Cancel: the end of the stage rejects what the operators wait for, so that they unwind, calls `return`, and waits for that
 * for at most `closeWithinMs`. When it has not settled a turn later, as they are stuck in something else, their signal
 * aborts. There `retry()` without a count takes the abort for a failure and tries again for ever, which no timer survives:
 * `retry(n)`, or `preventAbort`.
 *
 * Acks: an event counts as handled when the operators want the one behind it (behind its list).
 */
import { BadOptionError, CLOSE_WITHIN_MS, checkOption, checkPlain, isBoolean, joined, milliseconds, type JoinedOptions, type ProducerConsumer } from "../../core/index.ts";
import { IxJoint } from "./ix-joint.ts";
import type { IxIterable, IxOperators } from "./shapes.ts";

/** Options of {@link throughIx}: those of a producerConsumer without its callbacks. The default of `maxDemand` is 1. */
export interface ThroughIxOptions<In, Out> extends JoinedOptions<In, Out> {
  readonly lists?: false | undefined;
  /** Gives the operators no signal: for `retry()` without a count. Default false. */
  readonly preventAbort?: boolean | undefined;
}

/** The default of `maxDemand` is 1,000. */
export interface ThroughIxListsOptions<In, Out> extends Omit<ThroughIxOptions<In, Out>, "lists"> {
  /** The operators get and give lists of events, as those move between stages. Nobody may change them. */
  readonly lists: true;
}

/**
 * A producerConsumer whose events go through operators of IxJS. `operators` is called at the first demand.
 *
 * @throws BadOptionError when it is no function, or an option is wrong
 */
export function throughIx<In, Out>(operators: (source: IxIterable<readonly In[]>) => AsyncIterable<readonly Out[]>, options: ThroughIxListsOptions<In, NoInfer<Out>>): ProducerConsumer<In, Out>;
export function throughIx<In, Out>(operators: IxOperators<In, Out>, options?: ThroughIxOptions<In, NoInfer<Out>>): ProducerConsumer<In, Out>;
export function throughIx<In, Out>(operators: unknown, options: ThroughIxOptions<In, Out> | ThroughIxListsOptions<In, Out> = {}): ProducerConsumer<In, Out> {
  checkPlain("throughIx", options);
  if (typeof operators !== "function") throw new BadOptionError("the operators of throughIx", "a function", operators);
  const { lists = false, preventAbort = false, closeWithinMs = CLOSE_WITHIN_MS, ...rest } = options;
  checkOption("lists", lists, isBoolean);
  checkOption("preventAbort", preventAbort, isBoolean);
  checkOption("closeWithinMs", closeWithinMs, milliseconds);
  const settings = { operators: operators as (source: IxIterable<unknown>) => unknown, lists, preventAbort, closeWithinMs };
  return joined<In, Out>({ ...rest, ...(!lists && rest.maxDemand === undefined && { maxDemand: 1 }), name: rest.name ?? `ix ${(made += 1)}`, closeWithinMs }, (output) => new IxJoint(settings, output));
}

let made = 0;
