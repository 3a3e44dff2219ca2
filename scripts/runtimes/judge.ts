import type { NotCarried } from "./not-carried.ts";

/** What `runtimes/reporter.ts` writes. */
export interface Report {
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

/** What became of a suite of which some tests are listed as not carried: the list must be right in both directions. */
export function judge({ files, errors }: Report, listed: readonly NotCarried[]): SuiteResult {
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
  if (passed === 0 && failures.length === 0 && notCarried.size === 0) failures.push("no test ran");
  return { passed, failures, notCarried: [...notCarried] };
}

/** vitest joins the names of groups and test by " > " here, and by a space in the pattern. */
function isPartOf(test: string, fullName: string): boolean {
  return fullName.replaceAll(" > ", " ").includes(test);
}

const short = (path: string): string => path.slice(path.lastIndexOf("/test/") + 1);
