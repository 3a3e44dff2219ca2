import { broadcastDispatcher, demandDispatcher, partitionDispatcher, type DispatcherFactory, type Partition } from "sluice";
import type { Event, PartitionSpec, StageSut } from "./trace.ts";

/** What a hash of the recordings gives that names no partition, or nothing that Sluice knows. */
const NOWHERE = "nowhere" as never;

export function dispatcherOf(spec: StageSut["dispatcher"]): DispatcherFactory<Event> {
  if (spec === undefined) return demandDispatcher();
  if (typeof spec !== "object") return spec as never;
  if (spec.type === "demand") return demandDispatcher(spec.maxDemand === undefined ? {} : { maxDemand: spec.maxDemand });
  if (spec.type === "broadcast") return broadcastDispatcher();
  return partitionDispatcher<Event, Partition>({ partitions: spec.partitions as readonly Partition[], hash: hashOf(spec) });
}

function hashOf({ partitions, hash }: PartitionSpec): (event: Event) => Partition | { partition: Partition; event: Event } | undefined {
  if (hash === undefined) return undefined as never;
  const names: readonly Partition[] = typeof partitions === "number" ? Array.from({ length: partitions }, (_, i) => i) : (partitions ?? []);
  const nth = (event: Event): Partition => names[Number(event) % names.length] as Partition;
  switch (hash) {
    case "none-odd":
      return (event) => (Number(event) % 2 === 0 ? nth(event) : undefined);
    case "times10":
      return (event) => ({ partition: nth(event), event: Number(event) * 10 });
    case "unknown":
    case "bad":
      return () => NOWHERE;
    default:
      return nth;
  }
}

/** A selector by its name in the recordings. */
export function selectorOf(name: string): unknown {
  if (name === "even") return (event: Event) => Number(event) % 2 === 0;
  if (name === "odd") return (event: Event) => Number(event) % 2 !== 0;
  if (name.startsWith("gt:")) return (event: Event) => Number(event) > Number(name.slice(3));
  return name;
}
