import { TransformStream, WritableStream } from "node:stream/web";

import { countWhatwg } from "../count-whatwg.ts";
import { STAGES } from "./stages.ts";

const increment = (): TransformStream<number, number> =>
  new TransformStream<number, number>({
    transform(n, controller) {
      controller.enqueue(n + 1);
    },
  });

/** Ten TransformStreams, all with the default strategies. */
export async function run(events: number): Promise<number> {
  let numbers = countWhatwg(events);
  for (let stage = 0; stage < STAGES; stage++) numbers = numbers.pipeThrough(increment());
  let sum = 0;
  const total = new WritableStream<number>({
    write(n) {
      sum += n;
    },
  });
  await numbers.pipeTo(total);
  return sum;
}
