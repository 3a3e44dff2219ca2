import { filter, map, range } from "rxjs";

import { readingOf } from "./reading.ts";

export function run(events: number): number {
  let sum = 0;
  range(0, events)
    .pipe(
      map(readingOf),
      map((each) => ({ ...each, value: each.value + 1 })),
      filter(({ value }) => value % 2 === 0),
    )
    .subscribe(({ value }) => {
      sum += value;
    });
  return sum;
}
