import type { Producer } from "sluice";

/** Takes all events of a stage out by one boundary, and returns their sum. */
export type WayOut = (numbers: Producer<number>) => Promise<number>;
