/** How many events the runs of very many have: faults 36 and 58. */
import { WAYS_IN, WAYS_OUT } from "./table.ts";

const MANY = 200_000;
/** For the pairs beside the cover. */
const FEWER = 10_000;

/** The whole number for each way in and each way out once at least, and a tenth of it for all other pairs. */
export function longOf(placeIn: number, placeOut: number, isThorough: boolean): number {
  const isCover = placeIn % WAYS_OUT.length === placeOut || placeOut % WAYS_IN.length === placeIn;
  return isCover || isThorough ? MANY : FEWER;
}
