import { LIST } from "../numbers.ts";
import { readings } from "./reading.ts";

export function run(events: number): number {
  let sum = 0;
  for (let next = 0; next < events; next += LIST) {
    const list = readings(next, Math.min(next + LIST, events));
    const evens = list.map((each) => ({ ...each, value: each.value + 1 })).filter(({ value }) => value % 2 === 0);
    for (const { value } of evens) sum += value;
  }
  return sum;
}
