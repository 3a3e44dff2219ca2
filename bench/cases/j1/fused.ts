/** No stream at all. */
export function run(events: number): number {
  let sum = 0;
  for (let next = 0; next < events; next++) {
    const n = next + 1;
    if (n % 2 === 0) sum += n;
  }
  return sum;
}
