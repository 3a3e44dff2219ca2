import { demandDispatcher, type DispatcherFactory } from "sluice";
import type { Event, StageSut } from "./trace.ts";

/** A trace that Sluice cannot play yet; it counts as deferred. */
export class NotCovered extends Error {}

export function dispatcherOf(spec: StageSut["dispatcher"]): DispatcherFactory<Event> {
  if (spec === undefined) return demandDispatcher();
  if (typeof spec !== "object") return spec as never;
  if (spec.type === "demand") return demandDispatcher(spec.maxDemand === undefined ? {} : { maxDemand: spec.maxDemand });
  throw new NotCovered(`the ${spec.type} dispatcher`);
}
