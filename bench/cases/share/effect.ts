import { Effect, Queue, Stream, type Cause } from "effect";

import { LIST, numbers } from "../numbers.ts";
import { READERS } from "../readers.ts";
import { total } from "../sums.ts";

/** A queue of lists and four fibers that take from it. */
export function run(events: number): Promise<number> {
  return Effect.runPromise(
    Effect.gen(function* () {
      const queue = yield* Queue.bounded<readonly number[], Cause.Done>(READERS);
      const fill = Effect.gen(function* () {
        for (let next = 0; next < events; next += LIST) yield* Queue.offer(queue, numbers(next, Math.min(next + LIST, events)));
        yield* Queue.end(queue);
      });
      const read = Stream.runFold(
        Stream.fromQueue(queue),
        () => 0,
        (sum, list) => {
          let part = 0;
          for (const n of list) part += n;
          return sum + part;
        },
      );
      const [, ...sums] = yield* Effect.all([fill, ...Array.from({ length: READERS }, () => read)], { concurrency: "unbounded" });
      return total(sums);
    }),
  );
}
