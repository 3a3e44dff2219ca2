import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The path of a compiled example. */
export function program(name: string): string {
  return fileURLToPath(new URL(`../../build/examples/${name}/main.js`, import.meta.url));
}

/** Runs a compiled example in a folder of its own, which `meanwhile` may act on. */
export function runExample(name: string, folder: string, args: readonly string[], meanwhile?: (child: ChildProcess) => void): Promise<Ended> {
  return ended(spawn(process.execPath, [program(name), ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] }), meanwhile);
}

/** What a program says until it ends. */
export async function ended(child: ChildProcessByStdio<Writable | null, Readable, Readable>, meanwhile?: (child: ChildProcess) => void): Promise<Ended> {
  const code = new Promise<number | null>((resolve, reject) => child.once("error", reject).once("close", resolve));
  meanwhile?.(child);
  const [stdout, stderr] = await Promise.all([child.stdout.closed ? "" : text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "sluice-example-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
