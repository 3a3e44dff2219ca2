import { fromIterable } from "sluice";

import { countAsync } from "../count-async.ts";
import type { WayIn } from "./way-in.ts";

function* count(events: number): Generator<number> {
  for (let n = 0; n < events; n++) yield n;
}

export const generator: WayIn = (events) => fromIterable(count(events));

export const asyncGenerator: WayIn = (events) => fromIterable(countAsync(events));
