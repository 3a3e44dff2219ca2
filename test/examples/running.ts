import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a compiled example in a folder of its own, which `meanwhile` may act on. */
export async function runExample(name: string, folder: string, args: readonly string[], meanwhile?: (child: ChildProcess) => void): Promise<Ended> {
  const program = fileURLToPath(new URL(`../../build/examples/${name}/main.js`, import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
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
