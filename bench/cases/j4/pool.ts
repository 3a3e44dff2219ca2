import type { Run } from "../../measures/calibrate.ts";
import { AT_ONCE, waiting, type Wait } from "./waiting.ts";

/*
 * Written by hand: sixteen loops over one counter. They know no demand, no stop and no order of results.
 */

const loops = (loop: () => Promise<void>): Promise<unknown> => Promise.all(Array.from({ length: AT_ONCE }, loop));

/** The handler sums up. */
export const pool =
  (wait: Wait): Run =>
  async (events) => {
    const pause = waiting(wait);
    let sum = 0;
    const handle = async (n: number): Promise<void> => {
      await pause();
      sum += n;
    };
    let next = 0;
    await loops(async () => {
      while (next < events) await handle(next++);
    });
    return sum;
  };

/** The handler returns a list, the loops sum up. */
export const poolWithResults =
  (wait: Wait): Run =>
  async (events) => {
    const pause = waiting(wait);
    const handle = async (n: number): Promise<readonly number[]> => {
      await pause();
      return [n];
    };
    let next = 0;
    let sum = 0;
    await loops(async () => {
      while (next < events) for (const n of await handle(next++)) sum += n;
    });
    return sum;
  };
