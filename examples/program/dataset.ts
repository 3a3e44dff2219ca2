import { fileURLToPath } from "node:url";

/** The file of that name in the package vega-datasets, which exports its code only. */
export function dataset(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.resolve("vega-datasets")));
}
