import { producerConsumer, type Producer, type ProducerConsumer } from "sluice";

import type { Flight } from "./flights.ts";
import { Totals, type Total } from "./totals.ts";

/** Counts its share of the flights, and emits its totals when all flights have been read. */
export function counting(flights: Producer<Flight>, name: string, maxDemand: number): ProducerConsumer<Flight, Total> {
  const counted = new Totals();
  return producerConsumer({
    name,
    timing: true,
    subscribeTo: [{ to: flights, maxDemand }],
    handleEvents(list) {
      for (const { origin, delay } of list) counted.addFlight(origin, delay);
    },
    handleComplete: () => counted.list(),
  });
}
