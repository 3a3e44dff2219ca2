import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFile, chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import * as fc from "fast-check";
import { producer } from "sluice";
import { ConsumerProbe, settle } from "sluice/testing";
import { describe, expect, test } from "vitest";

import { attempting, type Attempt } from "../../examples/files/attempt.ts";
import { measureFiles, type Result } from "../../examples/files/job.ts";
import type { Options } from "../../examples/files/options.ts";
import type { Outcome } from "../../examples/files/outcome.ts";
import { queue } from "../../examples/files/queue.ts";
import { GaveUp, withRetries } from "../../examples/files/retry.ts";
import { walk } from "../../examples/files/walk.ts";
import { workers } from "../../examples/files/workers.ts";
import { ended, program, runExample, temporaryFolder, type Folder } from "./running.ts";

const run = runExample.bind(undefined, "files");
const isRoot = process.getuid?.() === 0;

/** A folder with so many files in several folders, and one for what is found. */
async function folderOf(files: number): Promise<Folder & { readonly root: string; readonly out: string }> {
  const folder = await temporaryFolder();
  const root = join(folder.path, "root");
  for (const name of ["a", "b/c", "empty"]) await mkdir(join(root, name), { recursive: true });
  for (let at = 0; at < files; at++) await writeFile(join(root, ["", "a", "b", "b/c"][at % 4] ?? "", `${at}.txt`), `file ${at}\n`.repeat(at));
  return { ...folder, root, out: join(folder.path, "out") };
}

/** A run of workers with these concurrencies. */
function measured({ root, out }: { readonly root: string; readonly out: string }, crew: readonly number[], attempt?: Attempt, signal = new AbortController().signal): Promise<Result> {
  const options: Options = {
    root,
    out,
    crew: crew.map((concurrency, index) => ({ name: `worker ${index + 1}`, concurrency })),
    attempts: 3,
    maxBytes: 1_000_000,
    quiet: true,
  };
  return attempt === undefined ? measureFiles(options, signal) : measureFiles(options, signal, attempt);
}

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, "utf8")).split("\n").slice(0, -1);
}

async function pathsIn(root: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of walk(root)) paths.push(path);
  return paths.toSorted();
}

/** A promise and what resolves it. */
function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((given) => (resolve = given));
  return { promise, resolve };
}

const done: Attempt = async (path, worker) => ({ type: "measured", path, worker, bytes: 1, gzipped: 1, sha256: "0" });

describe("every file below node_modules", { timeout: 120_000 }, () => {
  test("is measured once, or is a dead letter, though a worker crashes now and then", async () => {
    await using folder = await temporaryFolder();
    const root = join(import.meta.dirname, "../../node_modules");
    const { code, stdout } = await run(folder.path, ["--quiet", "--root", root, "--crash", "1500"]);
    expect(code).toBe(0);

    const paths = await pathsIn(root);
    const sums = await linesOf(join(folder.path, "out/SHA256SUMS"));
    const letters = (await linesOf(join(folder.path, "out/dead-letters.jsonl"))).map((line) => (JSON.parse(line) as { path: string }).path);
    expect([...sums.map((line) => line.slice(66)), ...letters].toSorted()).toEqual(paths);
    expect(stdout).toContain(`${paths.length.toLocaleString("en-US")} files found = `);
    const restarts = [...stdout.matchAll(/│ worker \d │.*│ +(\d+) │\n/g)].map((match) => Number(match[1]));
    expect(restarts).toHaveLength(3);
    expect(restarts.reduce((sum, count) => sum + count)).toBeGreaterThanOrEqual(Math.floor(paths.length / 1500));
    expect(Number(/peak memory (\d+) MB/.exec(stdout)?.[1])).toBeLessThan(300);
  });
});

describe("what becomes of a file", () => {
  test("its checksum stands in a file that sha256sum reads, whatever its name", async () => {
    await using folder = await folderOf(30);
    await writeFile(join(folder.root, "two\nlines"), "1");
    await writeFile(join(folder.root, "back\\slash"), "2");
    const { tally } = await measured(folder, [2]);
    execFileSync("sha256sum", ["--check", "--strict", "--quiet", join(folder.out, "SHA256SUMS")]);
    expect(tally.total.files).toBe(32);
  });

  test("its sizes are added up by worker and by extension", async () => {
    await using folder = await folderOf(0);
    const content = "so it goes\n".repeat(1000);
    await writeFile(join(folder.root, "a.txt"), content);
    await writeFile(join(folder.root, "b/b.txt"), content);
    await writeFile(join(folder.root, "b/LICENSE"), "");
    const { tally } = await measured(folder, [1]);
    const both = { files: 2, bytes: 22_000, gzipped: 2 * gzipSync(content).length };
    const none = { files: 1, bytes: 0, gzipped: gzipSync("").length };
    expect(Object.fromEntries(tally.byExtension)).toEqual({ "": none, ".txt": both });
    expect([...tally.byWorker]).toEqual([["worker 1", { files: 3, bytes: 22_000, gzipped: both.gzipped + none.gzipped }]]);
  });

  test("one that cannot be measured is a dead letter that says why", async () => {
    await using folder = await folderOf(5);
    const at = (name: string): string => join(folder.root, name);
    await symlink("nowhere", at("dangling"));
    await symlink("loop", at("loop"));
    await symlink("a", at("linked folder"));
    await symlink("0.txt", at("linked file"));
    await writeFile(at("large"), Buffer.alloc(1_000_001));
    execFileSync("mkfifo", [at("pipe")]);
    const { found, tally } = await measured(folder, [1, 2]);
    const letters = (await linesOf(join(folder.out, "dead-letters.jsonl"))).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(letters.toSorted((a, b) => (String(a["path"]) < String(b["path"]) ? -1 : 1))).toMatchObject([
      { path: at("dangling"), reason: "no such file or directory", attempts: 3 },
      { path: at("large"), reason: "too large", attempts: 1 },
      { path: at("linked folder"), reason: "not a file", attempts: 1 },
      { path: at("loop"), reason: "too many symbolic links encountered", attempts: 3 },
      { path: at("pipe"), reason: "not a file", attempts: 1 },
    ]);
    expect({ found, measured: tally.total.files, dead: tally.dead }).toEqual({ found: 11, measured: 6, dead: 5 });
  });

  test.skipIf(isRoot)("a file and a folder that nobody may read are dead letters", async () => {
    await using folder = await folderOf(4);
    await chmod(join(folder.root, "0.txt"), 0);
    await chmod(join(folder.root, "b"), 0);
    const { tally } = await measured(folder, [1]);
    await chmod(join(folder.root, "b"), 0o700);
    expect(tally.deaths.get("permission denied")).toMatchObject({ files: 2 });
  });

  test("one that vanishes before a worker comes to it is a dead letter", async () => {
    await using folder = await folderOf(9);
    const attempt = attempting({ attempts: 2, pauseMs: 1, isWorthwhile: () => true }, Infinity);
    const { tally } = await measured(folder, [2], async (path, ...rest) => {
      if (path.endsWith("/4.txt")) await rm(path);
      return attempt(path, ...rest);
    });
    expect(tally.total.files).toBe(8);
    expect([...tally.deaths.values()]).toMatchObject([{ files: 1, reason: "no such file or directory", first: { attempts: 2 } }]);
  });

  test.runIf(process.platform === "linux")("one that has another size than it says is read again, as somebody may be writing it", async () => {
    await using folder = await folderOf(1);
    // It says 0.
    await symlink("/proc/self/status", join(folder.root, "status"));
    const { tally } = await measured(folder, [1]);
    expect([...tally.deaths.values()]).toMatchObject([{ files: 1, reason: "changed while it was read", first: { attempts: 3 } }]);
  });

  test("one whose worker is told to stop has no outcome: it goes back to the queue", async () => {
    await using folder = await folderOf(0);
    const controller = new AbortController();
    const attempt = attempting({ attempts: 2, pauseMs: 1e6, isWorthwhile: () => true }, Infinity);
    const outcome = attempt(join(folder.root, "nowhere"), "worker", controller.signal);
    setImmediate(() => controller.abort());
    await expect(outcome).rejects.toThrow();
  });

  test("one that somebody was writing is measured when it is whole", async () => {
    await using folder = await folderOf(1);
    const path = join(folder.root, "0.txt");
    let isWriting = true;
    const attempt = attempting({ attempts: 1000, pauseMs: 0, isWorthwhile: () => isWriting }, Infinity);
    const writing = (async () => {
      for (let at = 0; at < 200; at++) await appendFile(path, "more\n");
      isWriting = false;
    })();
    const outcome = await attempt(path, "worker", new AbortController().signal);
    await writing;
    // Whatever it found was the whole of the file at some time.
    expect(outcome).toMatchObject({ type: "measured" });
    if (outcome.type !== "measured") return;
    expect(outcome.sha256).toBe(createHash("sha256").update("more\n".repeat(outcome.bytes / 5)).digest("hex"));
  });
});

describe("a retry policy", () => {
  const always = { pauseMs: 0, isWorthwhile: () => true };
  const { signal } = new AbortController();

  test("tries until it succeeds", async () => {
    let tries = 0;
    const work = async (): Promise<number> => {
      tries++;
      if (tries < 3) throw new Error("not yet");
      return tries;
    };
    expect(await withRetries({ attempts: 3, ...always }, signal, work)).toBe(3);
  });

  test("gives up after so many attempts, because of the last failure", async () => {
    let tries = 0;
    const work = (): Promise<never> => Promise.reject(new Error(`failure ${++tries}`));
    const error: unknown = await withRetries({ attempts: 2, ...always }, signal, work).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GaveUp);
    expect(error).toMatchObject({ attempts: 2, cause: { message: "failure 2" } });
  });

  test("does not try again what is not worth it", async () => {
    const work = (): Promise<never> => Promise.reject(new Error("hopeless"));
    await expect(withRetries({ attempts: 9, pauseMs: 0, isWorthwhile: () => false }, signal, work)).rejects.toMatchObject({ attempts: 1 });
  });

  test("does not wait out its pause when it is aborted", async () => {
    const controller = new AbortController();
    const result = withRetries({ attempts: 2, pauseMs: 1e6, isWorthwhile: () => true }, controller.signal, () => Promise.reject(new Error("failure")));
    setImmediate(() => controller.abort());
    await expect(result).rejects.toMatchObject({ name: "AbortError" });
  });
});

describe("demand", () => {
  test.runIf(process.platform === "linux")("a walk that is left has no folder open", async () => {
    await using folder = await folderOf(40);
    const open = (): Promise<string[]> => readdir("/proc/self/fd");
    const before = (await open()).length;
    for (let taken = 1; taken < 40; taken += 6) {
      const paths = walk(folder.root);
      for (let count = 0; count < taken; count++) await paths.next();
      expect((await open()).length).toBeGreaterThan(before);
      await paths.return();
    }
    expect((await open()).length).toBe(before);
  });

  test("no more files are found than workers have at work", async () => {
    await using folder = await folderOf(40);
    const controller = new AbortController();
    let begun = 0;
    const allBusy = deferred();
    const job = measured(
      folder,
      [1, 2, 4],
      (_path, _worker, signal) => {
        if (++begun === 7) allBusy.resolve();
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("aborted"))));
      },
      controller.signal,
    );
    await allBusy.promise;
    await settle();
    expect(begun).toBe(7);
    controller.abort();
    await expect(job).rejects.toThrow("interrupted: 0 of the 7 files found so far were measured, nothing written");
    expect(await readdir(folder.out)).toEqual([]);
  });

  test("a slow worker holds nobody up: the others do what it does not", async () => {
    await using folder = await folderOf(40);
    const others = deferred();
    const first = deferred();
    let count = 0;
    const { tally } = await measured(folder, [1, 2, 4], async (path, worker, signal) => {
      if (worker === "worker 1") {
        first.resolve();
        await others.promise;
      } else {
        await first.promise;
        if (++count === 39) others.resolve();
      }
      return done(path, worker, signal);
    });
    expect(tally.byWorker.get("worker 1")?.files).toBe(1);
    expect(tally.total.files).toBe(40);
  });

  test("no more outcomes wait than workers have at work", async () => {
    await using folder = await folderOf(40);
    await using outcomes = producer<Outcome>();
    const probe = new ConsumerProbe(outcomes);
    await using files = queue(folder.root, outcomes);
    const allBusy = deferred();
    let begun = 0;
    await using crew = workers([{ name: "worker", concurrency: 3 }], files, outcomes, (...args) => {
      if (++begun === 3) allBusy.resolve();
      return done(...args);
    });
    await allBusy.promise;
    await settle();
    expect({ waiting: outcomes.bufferedCount, found: files.snapshot().output?.emitted }).toEqual({ waiting: 3, found: 3 });
    await probe.ask(100);
    expect((await crew.closed).type).toBe("normal");
    expect(probe.batches.flat()).toHaveLength(40);
  });
});

describe("a worker that crashes", () => {
  test("loses no file and does none twice, whenever it does", async () => {
    await using folder = await folderOf(60);
    const paths = await pathsIn(folder.root);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(60), { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }), async (crashes, crew) => {
        let begun = 0;
        const { found, tally } = await measured(folder, crew, async (path, worker, signal) => {
          const mine = begun++;
          // Some calls are in the middle of their work when another one crashes.
          if (mine % 3 > 0) await new Promise(setImmediate);
          if (crashes.includes(mine)) throw new Error("crash");
          signal.throwIfAborted();
          return done(path, worker, signal);
        });
        // A file may have been at work in too many crashes by bad luck: then it is a dead letter.
        const letters = (await linesOf(join(folder.out, "dead-letters.jsonl"))).map((line) => (JSON.parse(line) as { path: string }).path);
        const sums = (await linesOf(join(folder.out, "SHA256SUMS"))).map((line) => line.slice(3));
        expect([...sums, ...letters].toSorted()).toEqual(paths);
        expect({ found, sum: tally.total.files + tally.dead }).toEqual({ found: 60, sum: 60 });
      }),
      { numRuns: 25 },
    );
  });

  test("gives a file up that crashes it each time, and does all others", async () => {
    await using folder = await folderOf(20);
    const { tally, workers: children } = await measured(folder, [1], async (path, worker, signal) => {
      if (path.endsWith("/7.txt")) throw new Error("poison");
      return done(path, worker, signal);
    });
    expect(tally.total.files).toBe(19);
    expect([...tally.deaths.values()]).toMatchObject([{ files: 1, reason: "its worker crashed each time", first: { path: join(folder.root, "b/c/7.txt"), attempts: 4 } }]);
    expect(children).toMatchObject([{ restarts: 4 }]);
  });

  test("with every file ends the job with its error, and leaves nothing", async () => {
    await using folder = await folderOf(40);
    const defect = new Error("a defect");
    await expect(measured(folder, [1], () => Promise.reject(defect))).rejects.toBe(defect);
    expect(await readdir(folder.out)).toEqual([]);
  });
});

describe("a run", { timeout: 30_000 }, () => {
  test("stops cleanly on Ctrl-C, says what was done and exits with 130", async () => {
    await using folder = await temporaryFolder();
    const root = join(import.meta.dirname, "../../node_modules");
    const { code, stdout, stderr } = await run(folder.path, ["--root", root], (child) => {
      child.stderr?.once("data", () => child.kill("SIGINT"));
    });
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr).toMatch(/^1,000 files\n(.*\n)*interrupted: [\d,]+ of the [\d,]+ files found so far were measured, nothing written\n$/);
    expect(await readdir(join(folder.path, "out"))).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("ends with the reason when the outcomes cannot be written down, and leaves nothing", async () => {
    await using folder = await temporaryFolder();
    const args = [program("files"), "--quiet", "--root", join(import.meta.dirname, "../../node_modules")];
    // No file may have more than some kB.
    const { code, stdout, stderr } = await ended(spawn("sh", ["-c", 'ulimit -f 8 && exec "$0" "$@"', process.execPath, ...args], { cwd: folder.path }));
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: "cannot write out/SHA256SUMS: file too large\n" });
    expect(await readdir(join(folder.path, "out"))).toEqual([]);
  });

  test("of an empty folder finds nothing", async () => {
    await using folder = await folderOf(0);
    const { code, stdout } = await run(folder.path, ["--root", "root"]);
    expect(code).toBe(0);
    expect(stdout).toContain("0 files found = 0 measured + 0 dead letters");
  });

  test.for([
    [["--root", "nowhere"], "cannot read nowhere: no such file or directory"],
    [["--root", "file"], "cannot read file: it is not a folder"],
    [["--out", "file"], /^cannot write file\/SHA256SUMS: (not a directory|file already exists)$/],
    [["--workers", "1,none"], "expected --workers to be an integer of at least 1, got: none"],
    [["--crash", "1"], "expected --crash to be an integer of at least 2, got: 1"],
    [["--colour"], "Unknown option '--colour'; --help lists the options"],
  ] as const)("%o says why in one sentence, exits with 1 and leaves nothing behind", async ([args, sentence]) => {
    await using folder = await folderOf(0);
    await writeFile(join(folder.path, "file"), "");
    const before = await readdir(folder.path);
    const { code, stdout, stderr } = await run(folder.path, ["--quiet", "--root", "root", "--out", ".", ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    if (typeof sentence === "string") expect(stderr).toBe(`${sentence}\n`);
    else expect(stderr.trimEnd()).toMatch(sentence);
    expect(await readdir(folder.path)).toEqual(before);
  });

  test("--help lists the options", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout } = await run(folder.path, ["--help"]);
    expect(code).toBe(0);
    for (const option of ["--root FOLDER", "--out FOLDER", "--workers LIST", "--attempts N", "--max-bytes N", "--crash N", "--quiet"]) expect(stdout).toContain(option);
  });
});
