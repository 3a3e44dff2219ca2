import { countHighland } from "../count-highland.ts";

export function run(events: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let sum = 0;
    countHighland(events)
      .map((n) => n + 1)
      .filter((n) => n % 2 === 0)
      .stopOnError(reject)
      .each((n) => {
        sum += n;
      })
      .done(() => resolve(sum));
  });
}
