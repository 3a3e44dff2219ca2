import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig as UserConfig } from "vitest/config";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const config: UserConfig = defineConfig({
  resolve: {
    alias: [
      { find: /^sluice$/, replacement: at("./src/core/index.ts") },
      { find: /^sluice\/testing$/, replacement: at("./src/testing/index.ts") },
      { find: /^sluice\/([\w-]+)$/, replacement: `${at("./src/adapters/")}$1.ts` },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/setup/build.ts"],
    setupFiles: ["test/setup/seed.ts", "test/setup/monitor.ts"],
    reporters: ["default", "./test/setup/count-reporter.ts"],
    // vitest leaves one core alone: on two that is half of the machine, and 239 s instead of half as many.
    maxWorkers: "100%",
    // No test is about speed; a crowded machine must not fail one.
    testTimeout: 60_000,
    env: { MATRIX_DEADLINE_MS: "10000" },
    // An unhandled rejection fails the run: vitest's default, and the reason why no test catches them by itself.
    dangerouslyIgnoreUnhandledErrors: false,
    typecheck: { enabled: true, include: ["test/types/**/*.test-d.ts"], tsconfig: "./tsconfig.json" },
  },
});

export default config;
