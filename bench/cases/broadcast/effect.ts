import { Effect, Stream } from "effect";

import { LIST } from "../numbers.ts";
import { READERS } from "../readers.ts";
import { agreed } from "../sums.ts";

/** Four streams of one; up to four chunks ahead of the slowest. */
export function run(events: number): Promise<number> {
  return Effect.gen(function* () {
    const streams = yield* Stream.broadcastN(Stream.range(0, events - 1, LIST), { n: READERS, capacity: READERS });
    const sums = streams.map((each) =>
      Stream.runFold(
        each,
        () => 0,
        (sum, n) => sum + n,
      ),
    );
    return agreed(yield* Effect.all(sums, { concurrency: "unbounded" }));
  }).pipe(Effect.scoped, Effect.runPromise);
}
