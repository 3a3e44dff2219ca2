import { countSync } from "../count-sync.ts";

function* map(source: Iterable<number>, change: (n: number) => number): Generator<number> {
  for (const n of source) yield change(n);
}

function* filter(source: Iterable<number>, keeps: (n: number) => boolean): Generator<number> {
  for (const n of source) if (keeps(n)) yield n;
}

export function run(events: number): number {
  let sum = 0;
  const incremented = map(countSync(events), (n) => n + 1);
  const evens = filter(incremented, (n) => n % 2 === 0);
  for (const n of evens) sum += n;
  return sum;
}
