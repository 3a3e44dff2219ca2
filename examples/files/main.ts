import { run } from "../program/run.ts";
import { measureFiles } from "./job.ts";
import { readOptions, USAGE } from "./options.ts";
import { report } from "./report.ts";

await run(async (args, signal) => {
  const options = readOptions(args);
  if (options === "help") return USAGE;
  return report(await measureFiles(options, signal), options.out);
});
