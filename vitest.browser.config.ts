import type { ViteUserConfig as UserConfig } from "vitest/config";

import common from "./vitest.config.ts";

/** What needs a browser, and so is no part of `npm test`: `npm run test:browser`. */
const config: UserConfig = {
  ...common,
  test: { ...common.test, include: ["test/**/*.browser.ts"], typecheck: { enabled: false } },
};

export default config;
