import { lastValueFrom, mergeMap, range, reduce } from "rxjs";

import type { Run } from "../../measures/calibrate.ts";
import { AT_ONCE, waiting, type Wait } from "./waiting.ts";

export const run =
  (wait: Wait): Run =>
  (events) => {
    const pause = waiting(wait);
    const handle = async (n: number): Promise<number> => {
      await pause();
      return n;
    };
    return lastValueFrom(
      range(0, events).pipe(
        mergeMap(handle, AT_ONCE),
        reduce((sum, n) => sum + n, 0),
      ),
    );
  };
