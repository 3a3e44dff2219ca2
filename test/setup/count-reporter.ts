import type { Reporter, TestModule } from "vitest/node";

/** The last line of a run: how many tests passed and failed. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    for (const module of modules) {
      let own = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed += 1;
        if (state === "failed") own += 1;
      }
      // A file that could not be loaded has no tests to fail.
      failed += own === 0 && module.state() === "failed" ? 1 : own;
    }
    // Behind the summary of the default reporter, which prints at the end of the run as well.
    setImmediate(() => process.stdout.write(`${passed} passed, ${failed} failed\n`));
  }
}
