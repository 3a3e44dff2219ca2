import { setTimeout as sleep } from "node:timers/promises";

import { broadcastDispatcher, fromIterable, type Producer } from "sluice";

import type { Quake } from "./quakes.ts";

/** A live feed: whoever subscribes gets each quake at its time, and none of those before. */
export function feed(quakes: readonly Quake[], speed: number): Producer<Quake> {
  return fromIterable((signal) => replay(quakes, speed, signal), { name: "feed", dispatcher: broadcastDispatcher() });
}

/** Waits until each quake is due, `speed` times as fast as it was, and the first one is at once. */
async function* replay(quakes: readonly Quake[], speed: number, signal: AbortSignal): AsyncGenerator<Quake, void, undefined> {
  const begin = performance.now();
  const first = quakes[0]?.time ?? 0;
  for (const quake of quakes) {
    const wait = begin + (quake.time - first) / speed - performance.now();
    if (wait >= 1) await sleep(wait, undefined, { signal });
    yield quake;
  }
}
