async function* count(events: number): AsyncGenerator<number> {
  for (let n = 0; n < events; n++) yield n;
}

async function* map(source: AsyncIterable<number>, change: (n: number) => number): AsyncGenerator<number> {
  for await (const n of source) yield change(n);
}

async function* filter(source: AsyncIterable<number>, keeps: (n: number) => boolean): AsyncGenerator<number> {
  for await (const n of source) if (keeps(n)) yield n;
}

export async function run(events: number): Promise<number> {
  let sum = 0;
  const incremented = map(count(events), (n) => n + 1);
  const evens = filter(incremented, (n) => n % 2 === 0);
  for await (const n of evens) sum += n;
  return sum;
}
