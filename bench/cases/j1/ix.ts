import { range } from "ix/asynciterable";
import { filter, map } from "ix/asynciterable/operators";

export async function run(events: number): Promise<number> {
  let sum = 0;
  const evens = range(0, events).pipe(
    map((n) => n + 1),
    filter((n) => n % 2 === 0),
  );
  for await (const n of evens) sum += n;
  return sum;
}
