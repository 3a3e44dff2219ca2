import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const program = fileURLToPath(new URL("../../build/test/counterparts/gigabyte.js", import.meta.url));

test("a file of 1 GiB goes through gzip and back, byte for byte, and the process stays below 150 MB", { timeout: 300_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  const result = JSON.parse(stdout) as { readonly bytes: number; readonly isSame: boolean; readonly peakMB: number };
  expect(result).toMatchObject({ bytes: 2 ** 30, isSame: true });
  expect(result.peakMB).toBeLessThan(150);
});
