import { total } from "../sums.ts";
import { READERS } from "../readers.ts";

async function* count(events: number): AsyncGenerator<number> {
  for (let n = 0; n < events; n++) yield n;
}

async function read(numbers: AsyncIterable<number>): Promise<number> {
  let sum = 0;
  for await (const n of numbers) sum += n;
  return sum;
}

/** Four loops over one generator, which gives each event to the one that has waited longest. */
export async function run(events: number): Promise<number> {
  const numbers = count(events);
  return total(await Promise.all(Array.from({ length: READERS }, () => read(numbers))));
}
