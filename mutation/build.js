/** Compiles a sandbox of Stryker's in place, and lets `sluice` mean its sources. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const text = readFileSync("package.json", "utf8");
writeFileSync("package.json", text.replaceAll("./dist/", "./src/"));
const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
execFileSync(process.execPath, [compiler, "-p", "mutation/tsconfig.json"], { stdio: "inherit" });
