import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** Writes what became of each test where `RUNTIMES_REPORT` says. */
export default class RuntimesReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly { readonly message?: string }[]): void {
    const path = process.env["RUNTIMES_REPORT"];
    if (path === undefined) return;
    const files = modules.map((module) => ({
      path: module.moduleId,
      isFailed: module.state() === "failed",
      passed: [...module.children.allTests("passed")].map(({ fullName }) => fullName),
      failed: [...module.children.allTests("failed")].map((test) => ({ name: test.fullName, message: test.result().errors?.[0]?.message ?? "" })),
      message: module.errors()[0]?.message ?? "",
    }));
    writeFileSync(path, JSON.stringify({ files, errors: errors.map(({ message }) => message ?? "an error without a message") }));
  }
}
