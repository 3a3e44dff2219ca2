import { stat } from "node:fs/promises";
import { join } from "node:path";

import { broadcastDispatcher, GaveUpError, producer, supervisor, type SupervisorSnapshot } from "sluice";

import { Failure, Interrupted, systemReason } from "../program/failure.ts";
import { whole } from "../program/format.ts";
import { openOutput } from "../program/output.ts";
import { attempting, crashing, type Attempt } from "./attempt.ts";
import { checksumLine, letterLine, writeLines } from "./lines.ts";
import { Hopeless } from "./measure.ts";
import type { Options } from "./options.ts";
import { isDead, isMeasured, type Outcome } from "./outcome.ts";
import { noProgress, showProgress } from "./progress.ts";
import { queue } from "./queue.ts";
import { Tally, tallying } from "./tally.ts";
import { workers, type WorkerOptions } from "./workers.ts";

export interface Result {
  readonly found: number;
  readonly tally: Tally;
  readonly crew: readonly WorkerOptions[];
  /** Their names, restarts, and how they ended. */
  readonly workers: SupervisorSnapshot["children"];
  readonly ms: number;
}

/** A child that may end; when it fails, so does what depends on it. */
const ONCE = { restart: "transient" } as const;

/**
 * Measures every file below a folder: a queue, workers of different speed that share it, and three who hear of each outcome.
 * Throws a Failure, and leaves no file, when it cannot. A file that cannot be measured is none: it is a dead letter.
 */
export async function measureFiles(options: Options, signal: AbortSignal, attempt: Attempt = attemptOf(options)): Promise<Result> {
  const { root, out, crew } = options;
  const started = performance.now();
  const tally = new Tally();
  await checkFolder(root);
  await using sums = await openOutput(join(out, "SHA256SUMS"));
  await using letters = await openOutput(join(out, "dead-letters.jsonl"));
  using progress = options.quiet ? noProgress : showProgress(crew, process.stderr);

  // A crash of a worker stays below "workers". Whatever else fails, and be it that they crash all the time, ends the job.
  await using job = supervisor({ name: "job", maxRestarts: 0, signal })
    .child("outcomes", () => producer<Outcome>({ name: "outcomes", dispatcher: broadcastDispatcher() }), ONCE)
    .child("tally", ({ outcomes }) => tallying(outcomes, tally, () => progress.show(tally)), ONCE)
    .child("checksums", ({ outcomes }, context) => writeLines(outcomes, isMeasured, checksumLine, sums, context.signal), ONCE)
    .child("dead letters", ({ outcomes }, context) => writeLines(outcomes, isDead, letterLine, letters, context.signal), ONCE)
    .child("queue", ({ outcomes }) => queue(root, outcomes), ONCE)
    .child("workers", ({ queue: files, outcomes }) => workers(crew, files, outcomes, attempt), ONCE)
    .start();

  const { children } = job;
  void children.workers.closed.then((end) => {
    // Nobody is left who could have one more.
    if (end.type === "normal") children.outcomes.complete();
  });

  const end = await job.closed;
  const found = children.queue.snapshot().output?.emitted ?? 0;
  if (signal.aborted) throw new Interrupted(`interrupted: ${whole(tally.total.files)} of the ${whole(found)} files found so far were measured, nothing written`);
  if (end.type === "error") throw firstCause(end.error);
  await sums.publish();
  await letters.publish();
  return { found, tally, crew, workers: children.workers.snapshot().children, ms: performance.now() - started };
}

function attemptOf({ attempts, maxBytes, crashEvery }: Options): Attempt {
  const attempt = attempting({ attempts, pauseMs: 50, isWorthwhile: (error) => !(error instanceof Hopeless) }, maxBytes);
  return crashEvery === undefined ? attempt : crashing(attempt, crashEvery);
}

async function checkFolder(path: string): Promise<void> {
  const found = await stat(path).catch((error: unknown) => {
    throw new Failure(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  });
  if (!found.isDirectory()) throw new Failure(`cannot read ${path}: it is not a folder`);
}

/** A supervisor gives up because of something. */
function firstCause(error: unknown): unknown {
  return error instanceof GaveUpError ? firstCause(error.cause) : error;
}
