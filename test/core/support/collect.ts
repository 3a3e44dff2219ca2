import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects the garbage, now. */
export const collect: () => void = bunsCollector() ?? enginesCollector();

function bunsCollector(): (() => void) | undefined {
  const { Bun: bun } = globalThis as { readonly Bun?: { gc(isSync: boolean): void } };
  return bun && (() => bun.gc(true));
}

function enginesCollector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
