import { readingOf, type Reading } from "./reading.ts";

async function* count(events: number): AsyncGenerator<Reading> {
  for (let n = 0; n < events; n++) yield readingOf(n);
}

async function* map(source: AsyncIterable<Reading>, change: (reading: Reading) => Reading): AsyncGenerator<Reading> {
  for await (const each of source) yield change(each);
}

async function* filter(source: AsyncIterable<Reading>, keeps: (reading: Reading) => boolean): AsyncGenerator<Reading> {
  for await (const each of source) if (keeps(each)) yield each;
}

export async function run(events: number): Promise<number> {
  let sum = 0;
  const incremented = map(count(events), (each) => ({ ...each, value: each.value + 1 }));
  for await (const { value } of filter(incremented, (each) => each.value % 2 === 0)) sum += value;
  return sum;
}
