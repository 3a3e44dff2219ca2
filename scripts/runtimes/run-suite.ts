import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { NOT_CARRIED, type NotCarried } from "./not-carried.ts";
import type { Runtime } from "./runtimes.ts";
import { SUITES, type Suite } from "./suites.ts";

/** A suite that takes longer hangs. */
const DEADLINE_MS = 600_000;

/** What `runtimes/reporter.ts` writes. */
interface Report {
  readonly files: readonly {
    readonly path: string;
    readonly isFailed: boolean;
    readonly passed: readonly string[];
    readonly failed: readonly { readonly name: string; readonly message: string }[];
    readonly message: string;
  }[];
  readonly errors: readonly string[];
}

export interface SuiteResult {
  readonly passed: number;
  /** What failed and is not listed, and what passed though it is listed. */
  readonly failures: readonly string[];
  /** Listed, and failed or not started. */
  readonly notCarried: readonly NotCarried[];
}

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

function judge({ files, errors }: Report, listed: readonly NotCarried[]): SuiteResult {
  const failures = errors.map((message) => `unhandled: ${message}`);
  const notCarried = new Set(listed.filter(({ isSkipped }) => isSkipped === true));
  let passed = 0;
  for (const file of files) {
    const entries = listed.filter((entry) => file.path.endsWith(`/test/${entry.file}`));
    passed += file.passed.length;
    for (const { name, message } of file.failed) {
      const entry = entries.find(({ test }) => test !== undefined && isPartOf(test, name));
      if (entry === undefined) failures.push(`${short(file.path)}: ${name}: ${message}`);
      else notCarried.add(entry);
    }
    if (file.isFailed && file.failed.length === 0) {
      const entry = entries.find(({ test }) => test === undefined);
      if (entry === undefined) failures.push(`${short(file.path)}: ${file.message}`);
      else notCarried.add(entry);
    }
  }
  for (const entry of listed) {
    if (!notCarried.has(entry)) failures.push(`${entry.file}: ${entry.test ?? "all of it"}: is listed as not carried, and passed`);
  }
  if (passed === 0 && failures.length === 0) failures.push("no test ran");
  return { passed, failures, notCarried: [...notCarried] };
}

/** vitest joins the names of groups and test by " > " here, and by a space in the pattern. */
function isPartOf(test: string, fullName: string): boolean {
  return fullName.replaceAll(" > ", " ").includes(test);
}

const short = (path: string): string => path.slice(path.lastIndexOf("/test/") + 1);
