import { existsSync } from "node:fs";
import { SUITES, type Suite } from "./suites.ts";

/** Where vitest is started, and how. The same files of tests run everywhere. */
export interface Runtime {
  readonly name: string;
  readonly command: readonly string[];
  readonly suites: readonly Suite[];
}

const ALL = Object.keys(SUITES) as readonly Suite[];
const BINARIES = "runtimes/node_modules";
const VITEST = ["node_modules/vitest/vitest.mjs", "run", "--config", "runtimes/vitest.config.ts"];

const node = (major: number): Runtime => ({ name: `node@${major}`, command: [`${BINARIES}/node${major}/bin/node`, ...VITEST], suites: ALL });

export const RUNTIMES: readonly Runtime[] = [
  node(20),
  node(22),
  node(24),
  node(26),
  { name: "bun", command: [`${BINARIES}/.bin/bun`, "--bun", ...VITEST], suites: ALL },
  { name: "deno", command: [`${BINARIES}/.bin/deno`, "run", "-A", ...VITEST], suites: ALL },
  {
    name: "chromium",
    command: [process.execPath, `${BINARIES}/vitest/vitest.mjs`, "run", "--config", "runtimes/chromium/vitest.config.ts"],
    suites: ALL.filter((suite) => suite !== "node"),
  },
];

/** The Chromium of the system: what `CHROMIUM` names, or where Debian puts it. */
export function hasChromium(): boolean {
  return existsSync(process.env["CHROMIUM"] ?? "/usr/bin/chromium");
}
