/** The options of what is fed from a producer: a Readable, and the readable half of a Duplex. */
import {
  BadOptionError,
  CLOSE_WITHIN_MS,
  OUTLET,
  checkOption,
  integer,
  isSignal,
  milliseconds,
  type Check,
  type DispatchOptions,
  type Subscribable,
  type SubscribeOptions,
  type WindowOptions,
} from "../../core/index.ts";
import { carryBytes, carryNullish } from "./carrying.ts";
import { checkNullish, type NullishOption } from "./nullish.ts";
import type { SupplySettings } from "./supply.ts";

/**
 * Without `maxDemand` and `minDemand` the stream asks for what is missing to its high-water mark, and nothing is read ahead
 * beside it. With one of them the stream has a window of its own: it reads ahead, and together they hold at most the
 * high-water mark and `maxDemand` events.
 */
export interface SupplyOptions extends NullishOption, Omit<SubscribeOptions, "cancel" | "mode" | "replaces" | "onCrash" | "maxRedeliveries">, WindowOptions {
  /** Destroys the stream with this signal's reason, and ends its subscription. An abort does not wait for clean-up. */
  readonly signal?: AbortSignal | undefined;
  /** `immediate`: does not wait with an error until what came before it has been read. Default: waits. */
  readonly errors?: "immediate" | undefined;
  /** How long 'close' waits for what the departure of the stream has released, in ms. Default 1,000. */
  readonly closeWithinMs?: number | undefined;
}

/** A stage that has consumers, by its key. */
export const isSubscribable: Check = (value) => (typeof value === "object" && value !== null && OUTLET in value ? undefined : "a producer");

export const isImmediate: Check = (value) => (value === "immediate" ? undefined : '"immediate" or not given');

/** Checks the options of a supply that do not depend on its producer. @throws BadOptionError */
export function checkSupply({ nullish, maxDemand, minDemand, signal, errors, closeWithinMs }: SupplyOptions, isObjects: boolean): void {
  checkNullish(nullish, isObjects);
  windowOf(maxDemand, minDemand);
  if (signal !== undefined) checkOption("signal", signal, isSignal);
  if (errors !== undefined) checkOption("errors", errors, isImmediate);
  if (closeWithinMs !== undefined) checkOption("closeWithinMs", closeWithinMs, milliseconds);
}

/**
 * What a supply needs of its options, which have been checked. What is neither among them nor among those of the producer's
 * dispatcher, nor `known`, is unknown.
 *
 * @throws BadOptionError
 */
export function supplySettings(owner: string, producer: Subscribable<unknown>, options: SupplyOptions, isObjects: boolean, known: readonly string[]): SupplySettings {
  const { nullish, maxDemand, minDemand, signal, errors, closeWithinMs = CLOSE_WITHIN_MS, ...rest } = options;
  const outlet = producer[OUTLET];
  return {
    dispatch: dispatchOptions(owner, outlet.dispatchOptions, rest, [...OWN, ...known]),
    window: windowOf(maxDemand, minDemand),
    isImmediate: errors === "immediate",
    carry: isObjects ? carryNullish(outlet.name, nullish === "wrap") : carryBytes(outlet.name),
    closeWithinMs,
    signal,
  };
}

const OWN = ["nullish", "maxDemand", "minDemand", "signal", "errors", "closeWithinMs"] as const;

function dispatchOptions(owner: string, takes: readonly string[], given: object, known: readonly string[]): DispatchOptions {
  // A stream does not give back what it has not passed on.
  const names = takes.filter((name) => name !== "onCrash" && name !== "maxRedeliveries");
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw new BadOptionError(`the options of ${owner}`, `among ${[...known, ...names].join(", ")}`, name);
  }
  return Object.fromEntries(names.map((name) => [name, (given as Record<string, unknown>)[name]]));
}

/** One of the two alone means its own default for the other. */
function windowOf(maxDemand: number | undefined, minDemand: number | undefined): SupplySettings["window"] {
  if (maxDemand === undefined && minDemand === undefined) return undefined;
  const max = maxDemand ?? 1000;
  checkOption("maxDemand", max, integer(1));
  const min = minDemand ?? max >> 1;
  checkOption("minDemand", min, integer(0, max - 1));
  return { max, min };
}
