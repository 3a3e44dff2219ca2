import { Flux } from "reactor-core-js/flux.js";

import { STAGES } from "./stages.ts";

export function run(events: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let numbers = Flux.range(0, events);
    for (let stage = 0; stage < STAGES; stage++) numbers = numbers.map((n) => n + 1);
    let sum = 0;
    numbers.consume(
      (n) => {
        sum += n;
      },
      reject,
      () => resolve(sum),
    );
  });
}
