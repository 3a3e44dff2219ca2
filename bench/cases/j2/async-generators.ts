import { STAGES } from "./stages.ts";

async function* count(events: number): AsyncGenerator<number> {
  for (let n = 0; n < events; n++) yield n;
}

async function* increment(source: AsyncIterable<number>): AsyncGenerator<number> {
  for await (const n of source) yield n + 1;
}

export async function run(events: number): Promise<number> {
  let numbers = count(events);
  for (let stage = 0; stage < STAGES; stage++) numbers = increment(numbers);
  let sum = 0;
  for await (const n of numbers) sum += n;
  return sum;
}
