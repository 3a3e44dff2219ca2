import * as rxjs7 from "rxjs";
import * as rxjs8 from "rxjs8";

/** RxJS 7, as its types have it. */
export type Rx = typeof rxjs7;

/** The versions that run the same tests. The types of the second are much the same; what it lacks is `undefined`. */
export const VERSIONS: readonly (readonly [string, Rx])[] = [
  ["RxJS 7", rxjs7],
  ["RxJS 8", rxjs8 as unknown as Rx],
];
