async function* count(events: number): AsyncGenerator<number> {
  for (let n = 0; n < events; n++) yield n;
}

export async function run(events: number): Promise<number> {
  let sum = 0;
  for await (const n of count(events)) sum += n;
  return sum;
}
