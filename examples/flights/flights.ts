import { producer, type Producer, type Self } from "sluice";

import type { FlightColumns, FlightsFile } from "./flights-file.ts";

export interface Flight {
  /** The IATA code of the airport; empty where the file has none. */
  readonly origin: string;
  /** In minutes, negative when early; null where the file has none. */
  readonly delay: number | null;
}

export interface FlightsOptions {
  /** The most flights to read, all of them by default. */
  readonly limit?: number;
  /** Called with the count so far, once for each list. */
  readonly onRead?: (count: number) => void;
}

const NOTHING: FlightColumns = { rows: 0, origin: [], delay: [] };

/**
 * The flights of a file, decoded on demand: what waits here is the rest of one row group, still as
 * columns. Owns the file from now on, and closes it when it ends.
 */
export function flights(file: FlightsFile, { limit = Infinity, onRead }: FlightsOptions = {}): Producer<Flight> {
  const total = Math.min(file.rows, limit);
  let read = 0;
  let nextGroup = 0;
  /** The row group at hand, and the next row in it. */
  let columns = NOTHING;
  let row = 0;

  /** Objects are made for what was asked for only, so that they die young. */
  function take(most: number): Flight[] {
    const { origin, delay } = columns;
    const end = row + Math.min(most, total - read, columns.rows - row);
    const list: Flight[] = [];
    for (let at = row; at < end; at++) {
      const minutes = delay[at] ?? null;
      list.push({ origin: origin[at] ?? "", delay: minutes === null ? null : Number(minutes) });
    }
    row = end;
    read += list.length;
    onRead?.(read);
    return list;
  }

  /** For a demand that reaches beyond the row group at hand. */
  async function decodeFor(demand: number, self: Self<Flight>): Promise<void> {
    let owed = Math.min(demand, total - read);
    while (owed > 0 && !self.signal.aborted) {
      if (row === columns.rows) {
        columns = NOTHING; // so that it is free before the next one is decoded
        columns = await file.readRowGroup(nextGroup++);
        row = 0;
      }
      const list = take(owed);
      owed -= list.length;
      self.emit(list);
    }
    if (read === total) self.complete();
  }

  return producer<Flight>({
    name: "flights",
    timing: true,
    handleDemand(demand, self) {
      // Mostly the row group at hand has enough, and no promise is needed.
      if (columns.rows - row < Math.min(demand, total - read)) return decodeFor(demand, self);
      const list = take(demand);
      if (read === total) self.complete();
      return list;
    },
    handleStop: () => file.close(),
  });
}
