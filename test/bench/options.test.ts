import { expect, test } from "vitest";

import type { Job } from "../../bench/harness/case.ts";
import { parseOptions } from "../../bench/options.ts";

const prepare = () => Promise.reject(new Error("not measured here"));
const job = (name: string, ...peers: string[]): Job => ({
  name,
  sections: [{ name, title: name, targets: [], cases: ["sluice", ...peers].map((by) => ({ name: by, by, prepare })) }],
});
const j1 = job("j1", "rxjs", "effect");
const j2 = job("j2", "loops");
const jobs = [j1, j2];

test("takes jobs, each once, and options in any order", () => {
  expect(parseOptions(["j2", "--quick", "--json", "figures.json", "j1", "j2", "--check", "--peers", "rxjs,loops"], jobs)).toEqual({
    command: "measure",
    jobs: [j2, j1],
    peers: ["rxjs", "loops"],
    json: "figures.json",
    markdown: undefined,
    quick: true,
    check: true,
  });
});

test("without a job takes all", () => {
  expect(parseOptions([], jobs)).toEqual({
    command: "measure",
    jobs,
    peers: undefined,
    json: undefined,
    markdown: undefined,
    quick: false,
    check: false,
  });
});

test("guards what was recorded, or records it", () => {
  expect(parseOptions(["guard"], jobs)).toEqual({ command: "guard", record: false });
  expect(parseOptions(["--record", "guard"], jobs)).toEqual({ command: "guard", record: true });
});

test.each([
  [["j9"], "expected a job to be one of j1, j2, guard, got: j9"],
  [["--fast"], "expected an option to be one of --peers, --json, --markdown, --quick, --check, got: --fast"],
  [["j1", "--record"], "expected an option to be one of --peers, --json, --markdown, --quick, --check, got: --record"],
  [["guard", "--quick"], "expected an option to be one of --record, got: --quick"],
  [["guard", "j1"], "expected guard to be the only job, got: guard, j1"],
  [["--peers"], "expected --peers to have a value, got: nothing"],
  [["--json", "--quick"], "expected --json to have a value, got: --quick"],
  [["--quick=3"], "expected --quick to stand alone, got: 3"],
  [["j1", "--peers", "rxjs,loops"], "expected a peer to be one of rxjs, effect, got: loops"],
])("of %j says what is wrong", (args, message) => {
  expect(() => parseOptions(args, jobs)).toThrow(message);
});
