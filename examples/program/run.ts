import { Failure, Interrupted } from "./failure.ts";

/** Gets the arguments, and a signal that the first Ctrl-C aborts; returns what to print in the end. */
type Main = (args: readonly string[], signal: AbortSignal) => Promise<string>;

/** Runs the program: a Failure is one sentence on stderr and the exit code 1, or 130 when it was interrupted. */
export async function run(main: Main): Promise<void> {
  tolerateReadersThatLeave();
  try {
    const text = await main(process.argv.slice(2), untilInterrupted());
    process.stdout.write(`${text.trimEnd()}\n`);
  } catch (error) {
    // Anything else is a defect of this program: its stack trace is wanted.
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof Interrupted ? 130 : 1;
  }
}

/** Aborted by the first Ctrl-C; a second one ends the process at once. */
function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort(new Error("SIGINT")));
  return controller.signal;
}

/** A reader that has seen enough (`| head`) closes the pipe: what is left to say is dropped. */
function tolerateReadersThatLeave(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
    });
  }
}
