import { run } from "../program/run.ts";
import { serveQuakes } from "./job.ts";
import { readOptions, USAGE } from "./options.ts";
import { report } from "./report.ts";

await run(async (args, signal) => {
  const options = readOptions(args);
  if (options === "help") return USAGE;
  return report(await serveQuakes(options, signal));
});
