import { Failure } from "./failure.ts";
import { countDelays, Interrupted } from "./job.ts";
import { readOptions, USAGE } from "./options.ts";
import { report } from "./report.ts";

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = readOptions(args);
    if (options === "help") {
      process.stdout.write(USAGE);
      return 0;
    }
    const result = await countDelays(options, untilInterrupted());
    process.stdout.write(`${report(result, options.out)}\n`);
    return 0;
  } catch (error) {
    // Anything else is a defect of this program: its stack trace is wanted.
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error instanceof Interrupted ? 130 : 1;
  }
}

/** Aborted by the first Ctrl-C; a second one ends the process at once. */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort(new Error("SIGINT")));
  return controller.signal;
}

// A reader that has seen enough (`| head`) closes the pipe: what is left to say is dropped.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await main(process.argv.slice(2));
