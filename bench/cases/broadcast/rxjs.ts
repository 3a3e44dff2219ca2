import { range, Subject } from "rxjs";

import { READERS } from "../readers.ts";
import { agreed } from "../sums.ts";

/** A Subject with four subscribers. */
export function run(events: number): number {
  const numbers = new Subject<number>();
  const sums = Array.from({ length: READERS }, () => {
    let sum = 0;
    numbers.subscribe((n) => {
      sum += n;
    });
    return () => sum;
  });
  range(0, events).subscribe(numbers);
  return agreed(sums.map((read) => read()));
}
