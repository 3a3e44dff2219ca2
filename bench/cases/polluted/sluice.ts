import { broadcastDispatcher, consumer, fromIterable, partitionDispatcher, producer, producerConsumer, type Producer } from "sluice";

import type { Run } from "../../measures/calibrate.ts";
import { withDemand } from "../j1/sluice.ts";
import { eachShape, EVENTS_OF_A_SHAPE, type Use } from "./shapes.ts";

/** Stages of every kind: with lists and single events, sync and async, pushed and pulled, with each dispatcher. */
const useStages: Use = async (shape, change, keeps) => {
  const events = Array.from({ length: EVENTS_OF_A_SHAPE }, (_, n) => shape(n));
  let next = 0;
  const pulled = producer<unknown>({
    handleDemand(demand, self) {
      const list = events.slice(next, next + demand);
      next += list.length;
      if (next === events.length) self.complete();
      return list;
    },
  });
  const pushed = producer<unknown>({ dispatcher: broadcastDispatcher() });
  const spread = producer<unknown>({ dispatcher: partitionDispatcher({ partitions: 2, hash: (event) => (event === events[0] ? 0 : 1) }) });
  const changed = producerConsumer({ subscribeTo: [{ to: pulled, maxDemand: 7 }], handleEvent: (event: unknown) => [change(event)] });
  const later = producerConsumer({ subscribeTo: [pushed], concurrency: 3, handleEvent: async (event: unknown) => (keeps(event) ? [event] : []) });
  const lists = producerConsumer({ subscribeTo: [fromIterable(events)], handleEvents: async (list: readonly unknown[]) => list.map(change).filter(keeps) });
  const consumed = [
    drain(changed),
    drain(later),
    drain(spread, { partition: 0 }),
    drain(spread, { partition: 1 }),
    loop(lists),
    loop(pushed.events({ maxDemand: 5 })),
  ];
  // The subscriptions to `pushed` have to exist first.
  await new Promise((resolve) => setImmediate(resolve));
  for (const each of [pushed, spread]) {
    each.emit(events);
    each.complete();
  }
  await Promise.all(consumed);
};

async function drain(to: Producer<unknown>, options: Readonly<Record<string, unknown>> = {}): Promise<void> {
  await consumer({ subscribeTo: [{ to, ...options }], handleEvents: () => undefined }).closed;
}

async function loop(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events) continue;
}

/** J1 in a process that has seen all of that. */
export async function afterwards(maxDemand: number, minDemand: number): Promise<Run> {
  await eachShape(useStages);
  return withDemand(maxDemand, minDemand);
}
