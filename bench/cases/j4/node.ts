import type { Run } from "../../measures/calibrate.ts";
import { countNode } from "../count-node.ts";
import { AT_ONCE, waiting, type Wait } from "./waiting.ts";

/** `map` of a Readable, with `concurrency`. */
export const run =
  (wait: Wait): Run =>
  async (events) => {
    const pause = waiting(wait);
    const handle = async (n: number): Promise<number> => {
      await pause();
      return n;
    };
    let sum = 0;
    for await (const n of countNode(events).map(handle, { concurrency: AT_ONCE })) sum += n as number;
    return sum;
  };
