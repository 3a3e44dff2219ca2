import { fileURLToPath } from "node:url";
import { defineConfig, type ViteUserConfig as UserConfig } from "vitest/config";
import { playwright } from "@vitest/browser-playwright";
import base from "../../vitest.config.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What Chromium does without: looking for updates and the like. */
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--js-flags=--expose-gc"];

const aliases = base.resolve?.alias;

/** The same tests in a page: vitest's browser mode, with the Chromium that the system has. */
const config: UserConfig = defineConfig({
  root: here(".."),
  resolve: {
    alias: [
      ...(Array.isArray(aliases) ? aliases : []),
      { find: /^node:events$/, replacement: here("events.ts") },
      { find: /^node:(v8|vm)$/, replacement: here("garbage.ts") },
    ],
    dedupe: ["vitest"],
  },
  server: { fs: { allow: [here("../..")] } },
  test: {
    dir: here("../../test"),
    include: ["{core,adapters,testing}/**/*.test.ts"],
    setupFiles: [here("setup.ts"), here("../../test/setup/monitor.ts")],
    testTimeout: 60_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({ launchOptions: { executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ARGS } }),
      instances: [{ browser: "chromium" }],
    },
  },
});

export default config;
