/** Operators of RxJS for `throughOperators`, and how events go through them. */
import { checkOption, checkOptions, integer, isBoolean, isFunction, type Check } from "../../core/index.ts";
import { Chain } from "./gate/chain.ts";
import { Copies } from "./gate/copies.ts";
import { FLATTENERS, type FlattenerName } from "./gate/flatteners.ts";
import type { Host, Operator, Passage } from "./gate/passage.ts";
import { Sites, type FlatteningOperator } from "./gate/sites.ts";

/** What `sync`, `tracked` and `each` make, for any number of stages. */
export interface Operators<in In, out Out> {
  /** Which of the three made it. */
  readonly type: "sync" | "tracked" | "each";
  /** Of no use outside: how a stage gets its own. */
  readonly enter: (host: Host<Out>) => Passage<In>;
}

/** Operators of RxJS that subscribe to inner observables, by their names there; `object`, as a type of functions would fix their type parameters. */
export type Flatteners = { readonly [Name in FlattenerName]?: object };

/** Options of {@link each}. */
export interface EachOptions {
  /** How many events may be in their copies at once: an integer from 1. Default 1. */
  readonly concurrency?: number | undefined;
  /** Whether outputs keep the order of their events, behind the slowest. Default true. */
  readonly ordered?: boolean | undefined;
}

/**
 * Operators that are done with an event when `next` has returned: map, filter, scan, bufferCount, take, groupBy with what is
 * done to its groups, and so on. One after the other, as in `pipe`; they are subscribed once, for all events.
 *
 * Exact: an event is fed only while an output is demanded that has not come, strict or eager. Outputs that wait for demand are
 * those of one event: what it made beyond the demand that it met. Order is that of the operators.
 *
 * An operator that emits later (delay, a flattening one whose inner observable is asynchronous) fails the stage.
 */
export function sync<A, B>(first: Operator<A, B>): Operators<A, B>;
export function sync<A, B, C>(first: Operator<A, B>, b: Operator<B, C>): Operators<A, C>;
export function sync<A, B, C, D>(first: Operator<A, B>, b: Operator<B, C>, c: Operator<C, D>): Operators<A, D>;
export function sync<A, B, C, D, E>(first: Operator<A, B>, b: Operator<B, C>, c: Operator<C, D>, d: Operator<D, E>): Operators<A, E>;
export function sync<A, B, C, D, E, F>(first: Operator<A, B>, b: Operator<B, C>, c: Operator<C, D>, d: Operator<D, E>, e: Operator<E, F>): Operators<A, F>;
export function sync(...operators: readonly Operator<never, unknown>[]): Operators<never, unknown> {
  for (const operator of operators) checkOption("an operator of sync", operator, isFunction);
  const whole = (source: unknown): unknown => operators.reduce<unknown>((before, operator) => operator(before as never), source);
  return { type: "sync", enter: (host) => new Chain<never, unknown>(whole as Operator<never, unknown>, host) };
}

/**
 * Operators among which some flatten: mergeMap, concatMap, switchMap, exhaustMap and what builds on them. Those are given, and
 * `build` gets them back as they are, with an ear on each; the others are used as always:
 *
 * `tracked({ mergeMap, concatMap }, (g) => pipe(filter(isNew), g.mergeMap(load, 8), bufferCount(100), g.concatMap(save)))`
 *
 * An event is in the operators until `next` has returned and every inner observable that came of it, at whatever place, has
 * completed, failed or been left; it keeps its place in the window while an output waits for demand. It is fed only while the first of these operators that it comes to is below its limit and
 * at none of the others a value waits. Strict: and while fewer events are in the operators than outputs are demanded, so no
 * output waits that was one of one event. Eager: and while an output is demanded and none waits for demand.
 *
 * At most as many inner observables are active as the limit says; a flattening operator without one takes what the window of
 * the stage gives. `switchMap` and `exhaustMap` have a limit of 1: what would end an inner observable early, or be dropped,
 * is fed when that has ended, unless one event makes several values. Order is that of the operators.
 *
 * An inner observable must not wait for a later event of the input, unless that is a part of it: a group or a window. Flatten
 * those by a `mergeMap` without a limit. What is built for each group (`group.pipe(g.concatMap(save))`) counts towards what is
 * in the operators, and does not hold other groups up.
 *
 * `retry` goes on with the next event; what was in the operators is gone, as in RxJS. An operator that emits later, and is not
 * one of those that were given, fails the stage.
 *
 * @throws BadOptionError for a name that is no flattening operator
 */
export function tracked<const Given extends Flatteners, In, Out>(operators: Given & Known<Given>, build: (operators: Given) => Operator<In, Out>): Operators<In, Out> {
  checkOptions("tracked", operators, CHECKS);
  checkOption("the chain of tracked", build, isFunction);
  return {
    type: "tracked",
    enter(host) {
      const sites = new Sites(host);
      const heard = Object.entries(operators).map(([name, operator]) => [name, sites.heard(name, operator as FlatteningOperator, FLATTENERS[name as FlattenerName])]);
      const operator = build(Object.fromEntries(heard) as Given);
      sites.built();
      checkOption("what the chain of tracked returns", operator, isFunction);
      return new Chain(operator, host, sites);
    },
  };
}

/**
 * An operator that is subscribed anew for each event: its source emits the event and completes. For operators that keep
 * nothing from one event to the next, whatever they do meanwhile: delay, timeout, retry (which gets the event once more).
 *
 * Exact: an event is fed only while fewer than `concurrency` are in their copies; strict: and fewer than outputs are demanded;
 * eager: and an output is demanded and none waits for demand. An event has settled when its copy has completed, and with
 * `ordered` those before it. What a copy emits behind a slower one waits, `ordered`, for its turn.
 *
 * An error of a copy fails the stage: what other copies have finished is delivered, those that have not are unsubscribed.
 *
 * @throws BadOptionError
 */
export function each<In, Out>(operator: Operator<In, Out>, options: EachOptions = {}): Operators<In, Out> {
  checkOption("the operator of each", operator, isFunction);
  checkOptions("each", options, { concurrency: integer(1), ordered: isBoolean });
  const { concurrency = 1, ordered = true } = options;
  return { type: "each", enter: (host) => new Copies(operator, host, concurrency, ordered) };
}

/** Makes a name that nobody knows a type error. */
type Known<Given> = { readonly [Name in Exclude<keyof Given, FlattenerName>]: never };

const CHECKS: Readonly<Record<string, Check>> = Object.fromEntries(Object.keys(FLATTENERS).map((name) => [name, isFunction]));

export function isOperators(value: unknown): boolean {
  return typeof value === "object" && value !== null && "enter" in value && typeof value.enter === "function";
}
