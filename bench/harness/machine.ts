import { readFileSync } from "node:fs";
import { availableParallelism, cpus, totalmem } from "node:os";

/** Where the figures come from: they mean nothing elsewhere, only their ratios do. */
export interface Machine {
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMB: number;
}

export function describeMachine(): Machine {
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryMB: Math.round(totalmem() / 2 ** 20),
  };
}

/** The libraries that are measured against, by their packages. */
const PEERS = ["rxjs", "effect", "@most/core", "ix", "highland", "streaming-iterables", "p-map", "reactor-core-js", "rxjs-for-await"];

/** The versions that are installed; without an entry where a package is not. */
export function peerVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const name of PEERS) {
    try {
      const file = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
      versions[name] = (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return versions;
}
