import type { Event, PartitionSpec } from "../../trace.ts";
import { crash } from "../end.ts";

export type Partition = number | string;

export interface Hash {
  readonly partitions: readonly Partition[];
  /** Where the event goes and as what, or undefined if it is dropped. */
  of(event: Event): { readonly event: Event; readonly partition: Partition } | undefined;
}

/** The named hash functions of the recordings. */
export function hashOf({ partitions: given = [], hash }: PartitionSpec): Hash {
  const partitions = typeof given === "number" ? Array.from({ length: given }, (_, i) => i) : given;
  const nth = (event: Event): Partition => partitions[Number(event) % partitions.length] as Partition;
  return {
    partitions,
    of(event) {
      switch (hash) {
        case "none-odd":
          return Number(event) % 2 === 0 ? { event, partition: nth(event) } : undefined;
        case "times10":
          return { event: Number(event) * 10, partition: nth(event) };
        case "unknown":
        case "bad":
          throw crash("RuntimeError");
        default:
          return { event, partition: nth(event) };
      }
    },
  };
}
