/*
 * The process of one case: `node --expose-gc run-case.js JOB SECTION CASE`.
 * Forked, it makes a timed run for each message of its parent. Started by hand
 * (with `--cpu-prof`, say) it makes seven and prints them.
 */
import { jobs } from "../jobs/index.ts";
import { BenchError, type Figures, type TimedRun } from "./case.ts";
import type { Reply } from "./replies.ts";

const RUNS_BY_HAND = 7;

function prepare([jobName, sectionName, caseName]: readonly string[]): Promise<TimedRun> {
  const section = jobs.find(({ name }) => name === jobName)?.sections.find(({ name }) => name === sectionName);
  const found = section?.cases.find(({ name }) => name === caseName);
  if (found === undefined) {
    throw new BenchError(`expected a job, a section and a case, got: ${jobName}, ${sectionName}, ${caseName}`);
  }
  return found.prepare();
}

function runOnce(timedRun: TimedRun): Promise<Figures> {
  if (globalThis.gc === undefined) throw new BenchError("expected node to run with --expose-gc, got: no gc function");
  globalThis.gc();
  return timedRun();
}

async function serve(): Promise<void> {
  const reply = (message: Reply): void => void process.send?.(message);
  const fail = (error: unknown): void => {
    const told = error instanceof BenchError ? error.message : error instanceof Error ? error.stack : undefined;
    reply({ type: "failed", message: told ?? String(error) });
  };
  process.on("disconnect", () => process.exit());
  process.on("uncaughtException", fail);
  try {
    const timedRun = await prepare(process.argv.slice(2));
    process.on("message", () => {
      runOnce(timedRun).then((figures) => reply({ type: "figures", figures }), fail);
    });
    reply({ type: "ready" });
  } catch (error) {
    fail(error);
  }
}

async function runByHand(): Promise<void> {
  const timedRun = await prepare(process.argv.slice(2));
  for (let run = 0; run < RUNS_BY_HAND; run++) console.log(await runOnce(timedRun));
}

await (process.send === undefined ? runByHand() : serve());
