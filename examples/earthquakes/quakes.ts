import { readFile } from "node:fs/promises";

export interface Quake {
  readonly id: string;
  /** In ms since 1970. */
  readonly time: number;
  readonly magnitude: number;
  /** "4km W of Castaic, CA" */
  readonly where: string;
  /** The last part of that: a country, or a state of the USA. */
  readonly place: string;
  /** In degrees. */
  readonly longitude: number;
  readonly latitude: number;
  /** In km. */
  readonly depth: number;
}

/** What earthquakes.json has of each, and more. */
interface Feature {
  readonly id: string;
  readonly properties: { readonly time: number; readonly mag: number; readonly place: string };
  readonly geometry: { readonly coordinates: readonly [longitude: number, latitude: number, depth: number] };
}

/** The quakes of a GeoJSON file of the USGS, the oldest first. */
export async function readQuakes(path: string): Promise<readonly Quake[]> {
  const { features } = JSON.parse(await readFile(path, "utf8")) as { readonly features: readonly Feature[] };
  return features.map(quakeOf).toSorted((a, b) => a.time - b.time);
}

function quakeOf({ id, properties, geometry }: Feature): Quake {
  const [longitude, latitude, depth] = geometry.coordinates;
  return { id, time: properties.time, magnitude: properties.mag, where: properties.place, place: placeOf(properties.place), longitude, latitude, depth };
}

/** Some networks write the whole name, some do not. */
const FULL_NAMES: Readonly<Record<string, string>> = { CA: "California", MX: "Mexico" };

function placeOf(where: string): string {
  const name = where.slice(where.lastIndexOf(", ") + 1).trim();
  return FULL_NAMES[name] ?? name;
}
