export function* countSync(events: number): Generator<number> {
  for (let n = 0; n < events; n++) yield n;
}
