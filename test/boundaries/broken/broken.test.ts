/** Cells fail where an adapter is broken: each mutant is a copy of the compiled library with one thing wrong. */
import { execFile } from "node:child_process";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutants.ts";

/** One process for all of them, which is started when the first test wants it. */
let lines: Promise<readonly string[]> | undefined;

function verdicts(): Promise<readonly string[]> {
  lines ??= new Promise((resolve) => {
    const env = { ...process.env, MATRIX_DEADLINE_MS: "1000" };
    execFile(process.execPath, ["build/test/boundaries/broken/main.js"], { env }, (_, stdout, stderr) => resolve(`${stdout}${stderr}`.split("\n")));
  });
  return lines;
}

test.each(MUTANTS.map(({ name, wayIn, wayOut, fault }) => [name, wayIn, wayOut, fault] as const))("%s: found by %s > %s, fault %i", async (name) => {
  const all = await verdicts();
  expect(all.find((line) => line.endsWith(`: ${name}`)) ?? all.join("\n")).toBe(`found: ${name}`);
}, 240_000);

test("more than thirty cells are shown to fail", () => {
  expect(MUTANTS.length).toBeGreaterThan(30);
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});
