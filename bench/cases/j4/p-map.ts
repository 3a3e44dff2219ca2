import pMap, { pMapSkip } from "p-map";

import type { Run } from "../../measures/calibrate.ts";
import { countSync } from "../count-sync.ts";
import { AT_ONCE, waiting, type Wait } from "./waiting.ts";

/** Its results would be an array of all events: they are skipped. */
export const run =
  (wait: Wait): Run =>
  async (events) => {
    const pause = waiting(wait);
    let sum = 0;
    const handle = async (n: number): Promise<typeof pMapSkip> => {
      await pause();
      sum += n;
      return pMapSkip;
    };
    await pMap(countSync(events), handle, { concurrency: AT_ONCE });
    return sum;
  };
