import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { judge, type Report, type SuiteResult } from "./judge.ts";
import { NOT_CARRIED, type NotCarried } from "./not-carried.ts";
import type { Runtime } from "./runtimes.ts";
import { SUITES, type Suite } from "./suites.ts";

/** A suite that takes longer hangs. */
const DEADLINE_MS = 300_000;

/** Runs a suite on a runtime, in processes of its own. */
export async function runSuite(runtime: Runtime, suite: Suite): Promise<SuiteResult> {
  const paths: readonly string[] = SUITES[suite];
  const listed = NOT_CARRIED.filter((entry) => entry.runtime === runtime.name && paths.some((path) => entry.file.startsWith(path)));
  const skipped = listed.filter(({ isSkipped }) => isSkipped === true);
  const folder = mkdtempSync(join(tmpdir(), "sluice-runtimes-"));
  const path = join(folder, "report.json");
  try {
    const filters = paths.map((each) => `test/${each}`);
    const output = await run([...runtime.command, ...filters, ...without(skipped), "--reporter=dot", `--reporter=${resolve("runtimes/reporter.ts")}`], path);
    const report = readReport(path);
    if (report === undefined) return { passed: 0, failures: [`no report: ${output.slice(-2000)}`], notCarried: [] };
    return judge(report, listed);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Starts all tests but these. */
function without(skipped: readonly NotCarried[]): readonly string[] {
  const tests = skipped.flatMap(({ test }) => (test === undefined ? [] : [test.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)]));
  const files = skipped.flatMap(({ file, test }) => (test === undefined ? ["--exclude", `**/${file}`] : []));
  return tests.length === 0 ? files : [...files, "--testNamePattern", `^(?!.*(?:${tests.join("|")}))`];
}

function run([command = "", ...args]: readonly string[], report: string): Promise<string> {
  return new Promise((done) => {
    const env = { ...process.env, RUNTIMES_REPORT: report, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let output = "";
    const hear = (text: Buffer): void => void (output = (output + text.toString()).slice(-20_000));
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    const deadline = setTimeout(() => {
      output += `\nended after ${DEADLINE_MS / 1000} s`;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    }, DEADLINE_MS);
    child.once("error", (error) => (output += String(error)));
    child.once("close", () => {
      clearTimeout(deadline);
      done(output);
    });
  });
}

function readReport(path: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Report;
  } catch {
    return undefined;
  }
}
