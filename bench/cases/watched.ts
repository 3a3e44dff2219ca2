import { consumer, producer, type Producer } from "sluice";

import { numbers } from "./numbers.ts";

/** Counts from 0, ends after so many events, and tells of each list before it goes out. */
export function watchedCounter(events: number, passed: (count: number) => void): Producer<number> {
  let next = 0;
  return producer<number>({
    handleDemand(demand, self) {
      const list = numbers(next, Math.min(next + demand, events));
      next += list.length;
      if (next === events) self.complete();
      passed(list.length);
      return list;
    },
  });
}

/** Sums up what a stage gives, and tells of each list that has come. */
export async function watchedSum(stage: Producer<number>, passed: (count: number) => void): Promise<number> {
  let sum = 0;
  await consumer({
    subscribeTo: [stage],
    handleEvents(list: readonly number[]) {
      let part = 0;
      for (const n of list) part += n;
      sum += part;
      passed(list.length);
    },
  }).closed;
  return sum;
}
