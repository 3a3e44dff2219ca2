import { producerConsumer, type Producer, type ProducerConsumer } from "sluice";

import type { Airport } from "./airports.ts";
import { csvLine, HEADER, type DelayTable } from "./delay-table.ts";
import type { Total } from "./totals.ts";

/** Fills the table with all that its producers have, then emits it as the lines of a CSV file. */
export function join(table: DelayTable, airports: Producer<Airport>, totals: readonly Producer<Total>[]): ProducerConsumer<Airport | Total, string> {
  return producerConsumer({
    name: "join",
    timing: true,
    subscribeTo: [airports, ...totals],
    handleEvents(list) {
      for (const event of list) table.add(event);
    },
    handleComplete: () => [HEADER, ...table.rows().map(csvLine)],
  });
}
