/**
 * `npm run runtimes`: the tests on every runtime. `npm run runtimes -- node@24 bun web` runs those runtimes and suites only.
 * The runtimes are installed below `runtimes`, by this program. Chromium is the system's; without one the page is left out, and
 * the last lines say so.
 */
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { RUNTIMES, hasChromium, type Runtime } from "./runtimes.ts";
import type { SuiteResult } from "./judge.ts";
import { runSuite } from "./run-suite.ts";
import { SUITES, isSuite, type Suite } from "./suites.ts";

const names = process.argv.slice(2);
const unknown = names.filter((name) => !isSuite(name) && RUNTIMES.every((runtime) => runtime.name !== name));
if (unknown.length > 0) {
  console.error(`expected runtimes (${RUNTIMES.map(({ name }) => name).join(", ")}) or suites (${Object.keys(SUITES).join(", ")}), got: ${unknown.join(" ")}`);
  process.exit(2);
}
const isAsked = (name: string, all: readonly string[]): boolean => names.includes(name) || !names.some((each) => all.includes(each));
const suites = (Object.keys(SUITES) as Suite[]).filter((suite) => isAsked(suite, Object.keys(SUITES)));
const asked = RUNTIMES.filter(({ name }) => isAsked(name, RUNTIMES.map((runtime) => runtime.name)));
const runtimes = asked.filter(({ name }) => name !== "chromium" || hasChromium());

// The binaries of Node come by an install script of its packages.
if (!isInstalled()) execFileSync("npm", ["ci", "--prefix", "runtimes", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"], { stdio: "inherit" });

const started = performance.now();
const results = new Map<Runtime, ReadonlyMap<Suite, SuiteResult>>();
console.log(row("", suites, "seconds"));
for (const runtime of runtimes) {
  const begun = performance.now();
  const own = new Map<Suite, SuiteResult>();
  for (const suite of suites) {
    if (!runtime.suites.includes(suite)) continue;
    let result = await runSuite(runtime, suite);
    if (result.failures.length > 0) {
      // A shared machine may stand still for longer than a test waits. What fails twice has failed.
      for (const failure of result.failures) console.log(`${runtime.name} ${suite}, once more: ${failure.split("\n", 1)[0]}`);
      result = await runSuite(runtime, suite);
    }
    own.set(suite, result);
  }
  results.set(runtime, own);
  console.log(row(runtime.name, suites.map((suite) => cell(own.get(suite))), ((performance.now() - begun) / 1000).toFixed(0)));
}

let passed = 0;
let failed = 0;
for (const [runtime, own] of results) {
  for (const [suite, result] of own) {
    passed += result.passed;
    failed += result.failures.length;
    for (const failure of result.failures) console.log(`\nFAILED ${runtime.name} ${suite}: ${failure}`);
  }
}
console.log("\nNot carried (-), and why:");
for (const [runtime, own] of results) {
  for (const { notCarried } of own.values()) {
    for (const { file, test, reason } of notCarried) console.log(`  ${runtime.name}  ${file}${test === undefined ? "" : `: ${test}`}\n      ${reason}`);
  }
}
for (const { name } of asked) if (name === "chromium" && !hasChromium()) console.log("\nNo Chromium on this machine: nothing ran in a page. Install it, or name it by CHROMIUM.");
console.log(`\n${((performance.now() - started) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** npm writes the one file behind what it has installed of the other. */
function isInstalled(): boolean {
  const [installed, locked] = ["runtimes/node_modules/.package-lock.json", "runtimes/package-lock.json"].map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs);
  return installed !== undefined && installed >= (locked ?? 0);
}

/** Passed, then `!` and what failed, then `-` and what is not carried. */
function cell(result: SuiteResult | undefined): string {
  if (result === undefined) return ".";
  const { passed: count, failures, notCarried } = result;
  return `${count}${failures.length > 0 ? ` !${failures.length}` : ""}${notCarried.length > 0 ? ` -${notCarried.length}` : ""}`;
}

function row(name: string, cells: readonly string[], last: string): string {
  return [name.padEnd(9), ...cells.map((each, place) => each.padStart(Math.max(9, (suites[place] ?? "").length + 1))), last.padStart(8)].join(" ");
}
