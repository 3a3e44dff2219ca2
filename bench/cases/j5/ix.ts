import { range, toDOMStream } from "ix/asynciterable";

/** As a WHATWG stream. There is no case for its `toNodeStream`: a loop over that stalls when its buffer has been full once. */
export async function readLoop(events: number): Promise<number> {
  let sum = 0;
  const reader = toDOMStream(range(0, events)).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return sum;
    sum += value;
  }
}
