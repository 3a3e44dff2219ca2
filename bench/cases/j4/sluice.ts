import { consumer, producerConsumer } from "sluice";

import type { Run } from "../../measures/calibrate.ts";
import { counter } from "../sluice-counter.ts";
import { intoConsumer } from "../ways-out/loops.ts";
import { AT_ONCE, waiting, type Wait } from "./waiting.ts";

export const inConsumer =
  (wait: Wait): Run =>
  async (events) => {
    const pause = waiting(wait);
    let sum = 0;
    await consumer({
      subscribeTo: [counter(events)],
      concurrency: AT_ONCE,
      async handleEvent(n: number) {
        await pause();
        sum += n;
      },
    }).closed;
    return sum;
  };

/** Its outputs go on to a consumer, in the order of their events or as they come. */
export const inProducerConsumer =
  (wait: Wait, ordered: boolean): Run =>
  (events) => {
    const pause = waiting(wait);
    const handled = producerConsumer({
      subscribeTo: [counter(events)],
      concurrency: AT_ONCE,
      ordered,
      async handleEvent(n: number) {
        await pause();
        return [n];
      },
    });
    return intoConsumer(handled);
  };
