import { transform } from "streaming-iterables";

import type { Run } from "../../measures/calibrate.ts";
import { countSync } from "../count-sync.ts";
import { AT_ONCE, waiting, type Wait } from "./waiting.ts";

export const run =
  (wait: Wait): Run =>
  async (events) => {
    const pause = waiting(wait);
    const handle = async (n: number): Promise<number> => {
      await pause();
      return n;
    };
    let sum = 0;
    for await (const n of transform(AT_ONCE, handle, countSync(events))) sum += n;
    return sum;
  };
