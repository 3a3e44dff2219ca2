/** What most who make a stream of their own write. */
export async function* countAsync(events: number): AsyncGenerator<number> {
  for (let n = 0; n < events; n++) yield n;
}
