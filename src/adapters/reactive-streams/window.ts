import { checkOption, integer, type WindowOptions } from "../../core/index.ts";

/** How much of an unbounded request is passed on at once. */
export interface Window {
  readonly max: number;
  readonly min: number;
}

/** The defaults are those of every consumer. @throws BadOptionError */
export function windowOf({ maxDemand = 1000, minDemand }: WindowOptions): Window {
  checkOption("maxDemand", maxDemand, integer(1));
  const min = minDemand ?? maxDemand >> 1;
  checkOption("minDemand", min, integer(0, maxDemand - 1));
  return { max: maxDemand, min };
}
