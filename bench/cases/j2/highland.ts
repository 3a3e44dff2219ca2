import { countHighland } from "../count-highland.ts";
import { STAGES } from "./stages.ts";

export function run(events: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let numbers = countHighland(events);
    for (let stage = 0; stage < STAGES; stage++) numbers = numbers.map((n) => n + 1);
    let sum = 0;
    numbers
      .stopOnError(reject)
      .each((n) => {
        sum += n;
      })
      .done(() => resolve(sum));
  });
}
