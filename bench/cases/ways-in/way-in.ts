import type { Producer } from "sluice";

/** Counts from 0 by one boundary, and ends after so many events. */
export type WayIn = (events: number) => Producer<number>;
