/* Preloaded into a measured program: tells the bench its peak memory when it exits. */
import { writeSync } from "node:fs";

import { REPORT_FD } from "./report-fd.ts";

// maxRSS is in kilobytes of 1,024 bytes.
process.on("exit", () => writeSync(REPORT_FD, String(process.resourceUsage().maxRSS * 1024)));
