import { numbers } from "../numbers.ts";

/** An event as programs have them: made by the source, made anew by the map. */
export interface Reading {
  readonly id: number;
  readonly place: string;
  readonly value: number;
}

/** The reading of a number. */
export const readingOf = (n: number): Reading => ({ id: n, place: PLACES[n & 3] as string, value: n });

const PLACES = ["north", "east", "south", "west"];

export const readings = (from: number, to: number): Reading[] => numbers(from, to).map(readingOf);
