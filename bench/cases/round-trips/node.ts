import type { Producer } from "sluice";
import { fromReadable, toReadable } from "sluice/node";

export const overAndBack =
  (window: Readonly<{ maxDemand?: number }> = {}) =>
  (numbers: Producer<number>): Producer<number> =>
    fromReadable<number>(toReadable(numbers, window));
