import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { judge, type Report } from "../../scripts/runtimes/judge.ts";
import { NOT_CARRIED, type NotCarried } from "../../scripts/runtimes/not-carried.ts";
import { RUNTIMES } from "../../scripts/runtimes/runtimes.ts";
import { SUITES } from "../../scripts/runtimes/suites.ts";

const report = (failed: readonly string[], passed: readonly string[] = ["flows"], errors: readonly string[] = []): Report => ({
  files: [{ path: "/home/ann/sluice/test/core/stage.test.ts", isFailed: failed.length > 0, passed, failed: failed.map((name) => ({ name, message: "broken" })), message: "" }],
  errors,
});
const unloaded: Report = { files: [{ path: "/home/ann/sluice/test/core/stage.test.ts", isFailed: true, passed: [], failed: [], message: "no such module" }], errors: [] };
const listed: NotCarried = { runtime: "bun", file: "core/stage.test.ts", test: "a stage ends", reason: "theirs" };

describe("the verdict on a suite", () => {
  test("counts what passed", () => {
    expect(judge(report([], ["flows", "ends"]), [])).toEqual({ passed: 2, failures: [], notCarried: [] });
  });

  test("fails for a test that failed and is not listed", () => {
    expect(judge(report(["a stage > flows"]), [listed]).failures).toContain("test/core/stage.test.ts: a stage > flows: broken");
  });

  test("lets a listed test fail, whatever groups it stands in", () => {
    expect(judge(report(["a stage > ends"]), [listed])).toEqual({ passed: 1, failures: [], notCarried: [listed] });
  });

  test("fails for a listed test that passed", () => {
    expect(judge(report([]), [listed]).failures).toEqual(["core/stage.test.ts: a stage ends: is listed as not carried, and passed"]);
  });

  test("says nothing of a listed test that was not started", () => {
    const skipped: NotCarried = { ...listed, isSkipped: true };
    expect(judge(report([]), [skipped])).toEqual({ passed: 1, failures: [], notCarried: [skipped] });
  });

  test("fails for a file that does not load, unless the whole of it is listed", () => {
    expect(judge(unloaded, [listed]).failures).toContain("test/core/stage.test.ts: no such module");
    const { test: _, ...whole } = listed;
    expect(judge(unloaded, [whole])).toEqual({ passed: 0, failures: [], notCarried: [whole] });
  });

  test("fails for an error that no test has caught", () => {
    expect(judge(report([], ["flows"], ["boom"]), []).failures).toEqual(["unhandled: boom"]);
  });

  test("fails when nothing ran", () => {
    expect(judge({ files: [], errors: [] }, []).failures).toEqual(["no test ran"]);
  });
});

test.each(NOT_CARRIED)("what $runtime does not carry is a test of ours: $file", ({ runtime, file }) => {
  expect(existsSync(`test/${file}`)).toBe(true);
  const { suites } = RUNTIMES.find(({ name }) => name === runtime) ?? { suites: [] };
  expect(suites.some((suite) => SUITES[suite].some((path) => file.startsWith(path)))).toBe(true);
});
