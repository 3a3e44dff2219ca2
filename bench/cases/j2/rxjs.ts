import { map, range, type Observable } from "rxjs";

import { STAGES } from "./stages.ts";

export function run(events: number): number {
  let numbers: Observable<number> = range(0, events);
  for (let stage = 0; stage < STAGES; stage++) numbers = numbers.pipe(map((n) => n + 1));
  let sum = 0;
  numbers.subscribe((n) => {
    sum += n;
  });
  return sum;
}
