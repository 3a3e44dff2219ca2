import { Effect, Stream } from "effect";

import type { Run } from "../../measures/calibrate.ts";
import { LIST } from "../numbers.ts";
import { AT_ONCE, waiting, type Wait } from "./waiting.ts";

export const run =
  (wait: Wait): Run =>
  (events) => {
    const pause = waiting(wait);
    const handle = async (n: number): Promise<number> => {
      await pause();
      return n;
    };
    return Stream.range(0, events - 1, LIST).pipe(
      Stream.mapEffect((n) => Effect.promise(() => handle(n)), { concurrency: AT_ONCE }),
      Stream.runFold(
        () => 0,
        (sum, n) => sum + n,
      ),
      Effect.runPromise,
    );
  };
