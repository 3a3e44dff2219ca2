/** Puts a stage together from its options: checks them all, then makes its halves, then subscribes. */
import type { BufferKeep } from "./buffer.ts";
import type { DispatcherFactory } from "./dispatcher.ts";
import { isLatestBy } from "./latest-by.ts";
import { DemandWindow } from "./demand-window.ts";
import { demandDispatcher } from "./dispatchers/demand.ts";
import { BadOptionError } from "./errors.ts";
import { makeHandle, selfOf, type AnyStage } from "./handle.ts";
import { InletHalf } from "./inlet.ts";
import { anything, bound, checkOptions, integer, isBoolean, isFunction, isSignal, isString, milliseconds, oneOf, type Check } from "./options.ts";
import { OutletHalf } from "./outlet.ts";
import type { ExitReason } from "./protocol.ts";
import type { Reporter } from "./report.ts";
import { StageCore, type Role } from "./stage.ts";
import type { Self } from "./stages.ts";
import { parseTargets } from "./subscribe-options.ts";
import type { CancelInfo, Subscription } from "./subscription.ts";

/** The options of all three starter functions, before they are checked. */
export interface AnyOptions {
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly stopWithinMs?: number | undefined;
  readonly timing?: boolean | undefined;
  readonly handleSubscribe?: ((from: never, self: never) => unknown) | undefined;
  readonly handleCancel?: ((info: CancelInfo, from: never, self: never) => unknown) | undefined;
  readonly handleInfo?: ((message: unknown, self: never) => unknown) | undefined;
  readonly handleStop?: ((reason: ExitReason) => unknown) | undefined;
  readonly handleReport?: Reporter | undefined;
  readonly dispatcher?: DispatcherFactory<never> | undefined;
  readonly bufferSize?: number | undefined;
  readonly bufferKeep?: BufferKeep<never> | undefined;
  readonly bufferLow?: number | undefined;
  readonly handleBufferLow?: ((self: never) => unknown) | undefined;
  readonly whenUnused?: "stop" | "wait" | undefined;
  readonly demand?: "forward" | "accumulate" | undefined;
  readonly handleDiscarded?: ((count: number, self: never) => unknown) | undefined;
  readonly handleDemand?: ((demand: number, self: never) => unknown) | undefined;
  readonly maxDemand?: number | undefined;
  readonly minDemand?: number | undefined;
  readonly subscribeTo?: readonly unknown[] | undefined;
  readonly handleEvents?: ((events: readonly never[], from: Subscription, self: never) => unknown) | undefined;
  readonly handleEvent?: ((event: never, self: never, from: Subscription) => unknown) | undefined;
  readonly concurrency?: number | undefined;
  readonly ordered?: boolean | undefined;
  readonly handleComplete?: ((self: never) => unknown) | undefined;
}

/** A callback once its types have been checked by the starter function that took it. */
type Callback = (...args: readonly unknown[]) => unknown;

const STAGE_CHECKS: Readonly<Record<string, Check>> = {
  name: isString,
  signal: isSignal,
  stopWithinMs: milliseconds,
  timing: isBoolean,
  handleSubscribe: isFunction,
  handleCancel: isFunction,
  handleInfo: isFunction,
  handleStop: isFunction,
  handleReport: isFunction,
};

const OUTLET_CHECKS: Readonly<Record<string, Check>> = {
  dispatcher: isFunction,
  bufferSize: bound,
  bufferKeep: (value) => (value === "first" || value === "last" || isLatestBy(value) ? undefined : 'one of "first", "last", or what latestBy() returns'),
  bufferLow: integer(0),
  handleBufferLow: isFunction,
  whenUnused: oneOf("stop", "wait"),
  handleDiscarded: isFunction,
};

const INLET_CHECKS: Readonly<Record<string, Check>> = {
  // The window checks them: the bound of one is the value of the other.
  maxDemand: anything,
  minDemand: anything,
  subscribeTo: anything,
  handleEvents: isFunction,
  handleEvent: isFunction,
  concurrency: integer(1),
  ordered: isBoolean,
  handleComplete: isFunction,
};

/** The checks of the options of each kind of stage. */
export const CHECKS_OF: Readonly<Record<Role, Readonly<Record<string, Check>>>> = {
  producer: { ...STAGE_CHECKS, ...OUTLET_CHECKS, handleDemand: isFunction, demand: oneOf("forward", "accumulate") },
  producerConsumer: { ...STAGE_CHECKS, ...OUTLET_CHECKS, ...INLET_CHECKS },
  consumer: { ...STAGE_CHECKS, ...INLET_CHECKS },
};

let started = 0;

/** @throws BadOptionError before anything exists */
export function start<In, Out>(role: Role, options: AnyOptions): AnyStage<In, Out> {
  checkOptions(role, options, CHECKS_OF[role]);
  if (role !== "producer") checkHandlers(role, options);
  const window = new DemandWindow(options);
  const links = parseTargets(options.subscribeTo, window);

  const core = new StageCore({
    role,
    name: options.name ?? `${role} ${(started += 1)}`,
    signal: options.signal,
    stopWithinMs: options.stopWithinMs,
    timing: options.timing,
    handleInfo: bind(options.handleInfo, 1),
    handleStop: options.handleStop,
    handleReport: options.handleReport,
  });
  const outlet = role === "consumer" ? undefined : makeOutlet<Out>(core, role, options, bind);
  core.outlet = outlet;
  const inlet = role === "producer" ? undefined : makeInlet(core, options, bind);
  core.inlet = inlet;
  const self: Self<Out> = selfOf(core, inlet, outlet);
  if (outlet !== undefined) outlet.self = self;
  if (inlet !== undefined) inlet.self = self;
  core.handleComplete = bind(options.handleComplete, 0);
  core.heedSignal();
  for (const { target, settings } of links) inlet?.subscribe(target, settings);
  return makeHandle(core, inlet, outlet, window);

  /** Gives a callback `self` behind its arguments: for all but those of the hot path, which get it as an argument. */
  function bind(callback: unknown, count: 0 | 1 | 2): Callback | undefined {
    if (callback === undefined) return undefined;
    const call = callback as Callback;
    if (count === 0) return () => call(self);
    if (count === 1) return (first) => call(first, self);
    return (first, second) => call(first, second, self);
  }
}

type Bind = (callback: unknown, count: 0 | 1 | 2) => Callback | undefined;

function makeOutlet<Out>(core: StageCore, role: Role, options: AnyOptions, bind: Bind): OutletHalf<Out> {
  const handleDemand = options.handleDemand as Callback | undefined;
  const isDriven = role === "producer" && handleDemand === undefined;
  return new OutletHalf<Out>(core, {
    dispatcher: (options.dispatcher as DispatcherFactory<Out> | undefined) ?? demandDispatcher(),
    bufferSize: options.bufferSize ?? (role === "producer" ? 10_000 : Infinity),
    bufferKeep: options.bufferKeep as BufferKeep<Out> | undefined,
    bufferLow: options.bufferLow ?? 0,
    handleBufferLow: bind(options.handleBufferLow, 0),
    demandMode: options.demand ?? "forward",
    whenUnused: options.whenUnused ?? (isDriven ? "wait" : "stop"),
    handleDemand,
    handleSubscribe: bind(options.handleSubscribe, 1),
    handleCancel: bind(options.handleCancel, 2),
    handleDiscarded: bind(options.handleDiscarded, 1),
  });
}

function makeInlet(core: StageCore, options: AnyOptions, bind: Bind): InletHalf {
  return new InletHalf(core, {
    identity: core,
    handleEvents: options.handleEvents as Callback | undefined,
    handleEvent: options.handleEvent as Callback | undefined,
    concurrency: options.concurrency ?? 1,
    isOrdered: options.ordered ?? true,
    handleSubscribe: bind(options.handleSubscribe, 1),
    handleCancel: bind(options.handleCancel, 2),
  });
}

function checkHandlers(role: Role, { handleEvents, handleEvent, concurrency, ordered }: AnyOptions): void {
  if ((handleEvents === undefined) === (handleEvent === undefined)) {
    throw new BadOptionError(`handleEvents and handleEvent of ${role}`, "given one of them", handleEvent === undefined ? "none" : "both");
  }
  if (handleEvent === undefined && concurrency !== undefined) throw new BadOptionError("concurrency", "given with handleEvent only", concurrency);
  if (handleEvent === undefined && ordered !== undefined) throw new BadOptionError("ordered", "given with handleEvent only", ordered);
}

/**
 * One chain of stages that never runs, and is never collected.
 *
 * V8 forgets the shapes of a class when its last instance is collected, and what was optimized for them is optimized no
 * more: a program whose pipelines come and go fell from 75 to 500 ns an event at 10/5 after the third. Two ways of handling
 * events, as both have shapes of their own.
 */
export const KEPT: readonly unknown[] = keep();

function keep(): unknown[] {
  const nothing = (): void => undefined;
  const first = start<never, unknown>("producer", { name: "kept", handleDemand: nothing });
  const second = start<unknown, unknown>("producerConsumer", { name: "kept", subscribeTo: [first], handleEvents: nothing });
  const third = start<unknown, never>("consumer", { name: "kept", subscribeTo: [second], handleEvent: nothing });
  return [first, second, third];
}
