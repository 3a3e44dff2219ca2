import { range } from "ix/asynciterable";
import { flatMap } from "ix/asynciterable/operators";

import type { Run } from "../../measures/calibrate.ts";
import { AT_ONCE, waiting, type Wait } from "./waiting.ts";

export const run =
  (wait: Wait): Run =>
  async (events) => {
    const pause = waiting(wait);
    const handle = async (n: number): Promise<readonly number[]> => {
      await pause();
      return [n];
    };
    let sum = 0;
    for await (const n of range(0, events).pipe(flatMap(handle, AT_ONCE))) sum += n;
    return sum;
  };
