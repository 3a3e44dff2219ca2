import { LIST, numbers } from "../numbers.ts";

/** Lists without a protocol: the floor of every design that moves lists. */
export function run(events: number): number {
  let sum = 0;
  for (let next = 0; next < events; next += LIST) {
    const list = numbers(next, Math.min(next + LIST, events));
    const evens = list.map((n) => n + 1).filter((n) => n % 2 === 0);
    for (const n of evens) sum += n;
  }
  return sum;
}
