import { Effect, Stream } from "effect";

import { LIST } from "../numbers.ts";
import { readingOf } from "./reading.ts";

export function run(events: number): Promise<number> {
  return Stream.range(0, events - 1, LIST).pipe(
    Stream.map(readingOf),
    Stream.map((each) => ({ ...each, value: each.value + 1 })),
    Stream.filter(({ value }) => value % 2 === 0),
    Stream.runFold(
      () => 0,
      (sum, { value }) => sum + value,
    ),
    Effect.runPromise,
  );
}
