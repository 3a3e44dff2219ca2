import type { Producer } from "sluice";
import { fromReadableStream, toReadableStream } from "sluice/web";

export const overAndBack =
  (window: Readonly<{ maxDemand?: number }> = {}) =>
  (numbers: Producer<number>): Producer<number> =>
    fromReadableStream(toReadableStream(numbers, window));

export const overAndBackInLists = (numbers: Producer<number>): Producer<number> =>
  fromReadableStream(toReadableStream(numbers, { lists: true }), { lists: true });
