import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig as UserConfig } from "vitest/config";
import base from "../vitest.config.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** As `npm test` has them, but for what needs the compiler: types, and the build, which the script makes once. */
const config: UserConfig = defineConfig({
  root: here(".."),
  resolve: base.resolve ?? {},
  test: {
    include: ["test/{core,adapters,testing}/**/*.test.ts"],
    setupFiles: ["test/setup/seed.ts", "test/setup/monitor.ts"],
    testTimeout: 60_000,
  },
});

export default config;
