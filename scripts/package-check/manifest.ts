import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** A subpath of `exports`, but for package.json's own. */
interface Conditions {
  readonly types: string;
  readonly default: string;
}

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Conditions | string>>;
}

export function readManifest(folder = "."): Manifest {
  return JSON.parse(readFileSync(resolve(folder, "package.json"), "utf8")) as Manifest;
}

/** Each subpath and its compiled module. */
export function subpaths({ exports }: Manifest): ReadonlyMap<string, string> {
  return new Map(Object.entries(exports).flatMap(([name, target]) => (typeof target === "string" ? [] : [[name, target.default] as const])));
}

/** Each subpath and its source. */
export function sources(manifest: Manifest): ReadonlyMap<string, string> {
  return new Map([...subpaths(manifest)].map(([name, path]) => [name, resolve(path.replace("./dist/", "src/").replace(/\.js$/, ".ts"))]));
}
