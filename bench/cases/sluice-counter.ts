import { demandDispatcher, producer, type DispatcherFactory, type Producer } from "sluice";

import { numbers } from "./numbers.ts";

/** Counts from 0 and ends after `events` events. */
export function counter(events: number, dispatcher: DispatcherFactory<number> = demandDispatcher()): Producer<number> {
  let next = 0;
  return producer<number>({
    dispatcher,
    handleDemand(demand, self) {
      const list = numbers(next, Math.min(next + demand, events));
      next += list.length;
      if (next === events) self.complete();
      return list;
    },
  });
}
