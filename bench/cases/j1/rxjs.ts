import { filter, map, range } from "rxjs";

export function run(events: number): number {
  let sum = 0;
  range(0, events)
    .pipe(
      map((n) => n + 1),
      filter((n) => n % 2 === 0),
    )
    .subscribe((n) => {
      sum += n;
    });
  return sum;
}
