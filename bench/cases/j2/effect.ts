import { Effect, Stream } from "effect";

import { LIST } from "../numbers.ts";
import { STAGES } from "./stages.ts";

export function run(events: number): Promise<number> {
  let numbers = Stream.range(0, events - 1, LIST);
  for (let stage = 0; stage < STAGES; stage++) numbers = Stream.map(numbers, (n) => n + 1);
  return numbers.pipe(
    Stream.runFold(
      () => 0,
      (sum, n) => sum + n,
    ),
    Effect.runPromise,
  );
}
