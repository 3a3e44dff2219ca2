import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { describe, expect, test } from "vitest";

import { runExample, temporaryFolder } from "./running.ts";

const dataset = join(createRequire(import.meta.url).resolve("vega-datasets"), "../../data/flights-3m.parquet");

const run = runExample.bind(undefined, "flights");

async function readLines(path: string): Promise<string[]> {
  return gunzipSync(await readFile(path)).toString().trimEnd().split("\n");
}

function sumOfFlights(lines: readonly string[]): number {
  return lines.slice(1).reduce((sum, line) => sum + Number(line.split(",").at(-3)), 0);
}

describe("a run to the end", { timeout: 30_000 }, () => {
  test("reads 3,000,000 flights and writes a line for each of 229 airports", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await run(folder.path, []);
    expect({ code, stderr: stderr.split("\n").length }).toEqual({ code: 0, stderr: 11 });

    const lines = await readLines(join(folder.path, "out/delays.csv.gz"));
    expect(lines).toHaveLength(230);
    expect(lines[0]).toBe("origin,airport,flights,delayed,meanDelay");
    expect(lines[1]).toBe("ORD,Chicago O'Hare International,166341,41079,9.27");
    expect(lines).toContain('BTR,"Baton Rouge Metropolitan, Ryan",2824,509,6.84');
    expect(lines.at(-1)).toBe("ACY,Atlantic City International,1,1,98.00");
    expect(sumOfFlights(lines)).toBe(3_000_000);
    expect(await readdir(join(folder.path, "out"))).toEqual(["delays.csv.gz"]);

    expect(stdout).toMatch(/ORD +│ +Chicago O'Hare International +│ +166,341 +│ +41,079 +│ +9\.27/);
    expect(stdout).toContain("229 airports, written to out/delays.csv.gz");
    expect(stdout).toMatch(/3,000,000 flights read in [\d.]+ s: [\d,]+ events a second/);
    expect(Number(/peak memory (\d+) MB/.exec(stdout)?.[1])).toBeLessThan(350);
  });

  test("shows how each stage spent its time", async () => {
    await using folder = await temporaryFolder();
    const { stdout } = await run(folder.path, ["--limit", "10000"]);
    for (const stage of ["flights", "totals 1", "totals 2", "totals 3", "totals 4", "airports", "join", "gzip", "file"]) {
      expect(stdout).toMatch(new RegExp(`│ ${stage} +(│ +[\\d,]* +){3}(│ +\\d+ % +){3}│`));
    }
    expect(stdout).toMatch(/│ flights +│ +│ +10,000 │/);
  });

  test.for([
    ["one flight", ["--limit", "1"], 1],
    ["less than a demand", ["--limit", "999"], 999],
    ["one row group and a part of the next", ["--limit", "300000"], 300_000],
    ["one event in flight", ["--limit", "2000", "--max-demand", "1"], 2000],
    ["a demand of several row groups", ["--limit", "600000", "--max-demand", "900000"], 600_000],
  ] as const)("counts every flight once: %s", async ([, args, flights]) => {
    await using folder = await temporaryFolder();
    const { code } = await run(folder.path, ["--out", "delays.csv.gz", ...args]);
    expect(code).toBe(0);
    expect(sumOfFlights(await readLines(join(folder.path, "delays.csv.gz")))).toBe(flights);
  });

  test("replaces an older file, in a folder that it makes where there is none", async () => {
    await using folder = await temporaryFolder();
    for (const limit of ["10", "20"]) {
      expect(await run(folder.path, ["--out", "a/b/c.gz", "--limit", limit])).toMatchObject({ code: 0 });
      expect(sumOfFlights(await readLines(join(folder.path, "a/b/c.gz")))).toBe(Number(limit));
    }
  });
});

describe("progress", { timeout: 30_000 }, () => {
  test("is a line for every tenth where nobody watches", async () => {
    await using folder = await temporaryFolder();
    const { stderr } = await run(folder.path, ["--limit", "400000"]);
    const tenths = Array.from({ length: 10 }, (_, index) => `${index + 1}0 % of 400,000 flights\n`);
    expect(stderr).toBe(tenths.join(""));
  });

  test("is silent with --quiet", async () => {
    await using folder = await temporaryFolder();
    expect(await run(folder.path, ["--limit", "400000", "--quiet"])).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("a run that cannot end well", { timeout: 30_000 }, () => {
  const copies: Record<string, (bytes: Buffer) => Buffer> = {
    "empty.parquet": () => Buffer.alloc(0),
    "short.parquet": () => Buffer.from("PAR1"),
    "text.parquet": () => Buffer.from("These are no flights.\n".repeat(100)),
    "truncated.parquet": (bytes) => bytes.subarray(0, bytes.length / 2),
    // In the middle of the sixth row group, so that flights have been counted before.
    "damaged.parquet": (bytes) => Buffer.from(bytes).fill(0, 7_000_000, 7_200_000),
    // The footer names each column, in the schema and in each row group.
    "renamed.parquet": (bytes) => Buffer.from(bytes.toString("latin1").replaceAll("delay", "later"), "latin1"),
  };

  test.for([
    [["--input", "missing.parquet"], "cannot read missing.parquet: no such file or directory"],
    [["--input", "."], "cannot read .: it is not a file"],
    [["--input", "empty.parquet"], /^cannot read empty.parquet: it is damaged or not a Parquet file \(.+\)$/],
    [["--input", "short.parquet"], /^cannot read short.parquet: it is damaged or not a Parquet file \(.+\)$/],
    [["--input", "text.parquet"], /^cannot read text.parquet: it is damaged or not a Parquet file \(.+\)$/],
    [["--input", "truncated.parquet"], /^cannot read truncated.parquet: it is damaged or not a Parquet file \(.+\)$/],
    [["--input", "damaged.parquet"], /^cannot read damaged.parquet: it is damaged in row group \d+ \(.+\)$/],
    [["--input", "renamed.parquet"], "cannot read renamed.parquet: expected a column delay, got: date, later, distance, origin, destination"],
    [["--out", "folder"], "cannot write folder: it is not a file"],
    [["--out", "text.txt/delays.csv.gz"], /^cannot write text.txt\/delays.csv.gz: (not a directory|file already exists)$/],
    [["--out", "/dev/null"], "cannot write /dev/null: it is not a file"],
    [["--limit", "many"], "expected --limit to be an integer of at least 1, got: many"],
    [["--limit", "0"], "expected --limit to be an integer of at least 1, got: 0"],
    [["--max-demand", "2.5"], "expected --max-demand to be an integer of at least 1, got: 2.5"],
    [["--colour"], "Unknown option '--colour'; --help lists the options"],
    [["file.parquet"], "Unexpected argument 'file.parquet'; --help lists the options"],
    [["--out"], "Option '--out <value>' argument missing; --help lists the options"],
  ] as const)("%o says why in one sentence, exits with 1 and leaves nothing behind", async ([args, sentence]) => {
    await using folder = await temporaryFolder();
    await mkdir(join(folder.path, "folder"));
    await writeFile(join(folder.path, "text.txt"), "");
    const copy = copies[args[1] ?? ""];
    if (copy !== undefined) await writeFile(join(folder.path, args[1] ?? ""), copy(await readFile(dataset)));
    const before = await readdir(folder.path);

    const { code, stdout, stderr } = await run(folder.path, ["--quiet", "--out", "delays.csv.gz", ...args]);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: "",
      stderr: typeof sentence === "string" ? `${sentence}\n` : expect.stringMatching(new RegExp(sentence.source.replace("$", "\\n$"))),
    });
    expect(await readdir(folder.path)).toEqual(before);
  });

  test("says why the output cannot be opened", async () => {
    await using folder = await temporaryFolder();
    const out = "x".repeat(255);
    const { code, stderr } = await run(folder.path, ["--quiet", "--out", out]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: `cannot write ${out}: name too long\n` });
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("keeps the older file when the input is damaged", async () => {
    await using folder = await temporaryFolder();
    const out = join(folder.path, "delays.csv.gz");
    await writeFile(out, "older");
    await writeFile(join(folder.path, "damaged.parquet"), copies["damaged.parquet"]?.(await readFile(dataset)) ?? "");
    expect(await run(folder.path, ["--input", "damaged.parquet", "--out", "delays.csv.gz"])).toMatchObject({ code: 1 });
    expect(await readFile(out, "utf8")).toBe("older");
  });

  test("stops cleanly on Ctrl-C, says what was done and exits with 130", async () => {
    await using folder = await temporaryFolder();
    const { code, stdout, stderr } = await run(folder.path, ["--out", "delays.csv.gz"], (child) => {
      child.stderr?.once("data", () => child.kill("SIGINT"));
    });
    expect({ code, stdout }).toEqual({ code: 130, stdout: "" });
    expect(stderr).toMatch(/interrupted: [1-9][\d,]* of 3,000,000 flights read in [\d.]+ s, nothing written\n$/);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test("does not mind a reader of its output that leaves early", async () => {
    await using folder = await temporaryFolder();
    const ended = await run(folder.path, ["--quiet", "--limit", "1000"], (child) => child.stdout?.destroy());
    expect(ended).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await readdir(folder.path)).toEqual(["out"]);
  });
});

test("--help lists the options", async () => {
  await using folder = await temporaryFolder();
  const { code, stdout } = await run(folder.path, ["--help"]);
  expect(code).toBe(0);
  for (const option of ["--input FILE", "--out FILE", "--limit N", "--max-demand N", "--quiet"]) expect(stdout).toContain(option);
});
