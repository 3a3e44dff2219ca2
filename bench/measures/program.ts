import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

import { BenchError, type Case, type Figures, type LimitTarget, type RatioTarget } from "../harness/case.ts";
import { REPORT_FD } from "./report-fd.ts";

const SECONDS = "seconds";
const PEAK = "peak MB";

export interface ProgramCase {
  readonly name: string;
  readonly by: string;
  /** The compiled program. */
  readonly program: URL;
  /** Its arguments, given the folder that the run may write into. */
  readonly args: (folder: string) => readonly string[];
  /** Throws a BenchError when what the run left in the folder is wrong. */
  readonly check: (folder: string) => Promise<void>;
}

/** How long a whole program takes, from its start to its exit, and the most memory it had. */
export function programCase({ name, by, ...program }: ProgramCase): Case {
  const run = (): Promise<Figures> => runInFolder(program);
  return {
    name,
    by,
    prepare: async () => {
      // Once unmeasured: the files it reads are in the page cache afterwards.
      await run();
      return run;
    },
  };
}

export function secondsTarget(ours: string, peer: string, atMost: number): RatioTarget {
  return { type: "ratio", figure: SECONDS, ours, peer, atMost };
}

/** Holds for every run. */
export function peakTarget(ours: string, atMost: number): LimitTarget {
  return { type: "limit", figure: PEAK, ours, atMost, oursBy: "max" };
}

async function runInFolder({ program, args, check }: Omit<ProgramCase, "name" | "by">): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-bench-"));
  try {
    const figures = await runProgram(program, args(folder));
    await check(folder);
    return figures;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runProgram(program: URL, args: readonly string[]): Promise<Figures> {
  const path = fileURLToPath(program);
  const reportPeak = new URL("report-peak.js", import.meta.url).href;
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, ["--expose-gc", "--import", reportPeak, path, ...args], {
      stdio: ["ignore", "ignore", "inherit", "pipe"],
    });
    const peak = text(child.stdio[REPORT_FD] as Readable);
    child.on("error", reject);
    child.on("exit", (code) => {
      const seconds = (performance.now() - start) / 1000;
      if (code !== 0) reject(new BenchError(`expected ${path} to exit with 0, got: ${code}`));
      else peak.then((bytes) => resolve({ [SECONDS]: seconds, [PEAK]: Number(bytes) / 1e6 }), reject);
    });
  });
}
