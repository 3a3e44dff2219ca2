import type { Airport } from "./airports.ts";
import { Totals, type Total } from "./totals.ts";

/** One line of the table. */
export interface Delays {
  readonly origin: string;
  /** The name of the airport; empty where it is not known. */
  readonly airport: string;
  readonly flights: number;
  readonly delayed: number;
  /** In minutes, over the flights whose delay is known; undefined where none is. */
  readonly meanDelay: number | undefined;
}

/** Joins totals with the names of airports. Either may come first. */
export class DelayTable {
  readonly #totals = new Totals();
  readonly #names = new Map<string, string>();

  add(event: Total | Airport): void {
    if ("iata" in event) this.#names.set(event.iata, event.name);
    else this.#totals.addTotal(event);
  }

  /** Most flights first, then by origin. */
  rows(): Delays[] {
    return this.#totals
      .list()
      .map(({ origin, flights, delayed, timed, minutes }) => ({
        origin,
        airport: this.#names.get(origin) ?? "",
        flights,
        delayed,
        meanDelay: timed === 0 ? undefined : minutes / timed,
      }))
      .toSorted((a, b) => b.flights - a.flights || (a.origin < b.origin ? -1 : 1));
  }
}

export const HEADER = "origin,airport,flights,delayed,meanDelay\n";

export function csvLine({ origin, airport, flights, delayed, meanDelay }: Delays): string {
  return `${quoted(origin)},${quoted(airport)},${flights},${delayed},${minutes(meanDelay)}\n`;
}

export const minutes = (value: number | undefined): string => value?.toFixed(2) ?? "";

const quoted = (field: string): string => (/[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);
