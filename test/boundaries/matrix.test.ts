/** A cover of the matrix; `npm run matrix` is the whole. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { has, runCell } from "./cell.ts";
import { coverOf } from "./cover.ts";
import { parseOptions } from "./options.ts";
import { countTests } from "./other-faults.ts";
import { formatFailure } from "./print.ts";
import { FAULTS, WAYS_IN, WAYS_OUT } from "./table.ts";
import { Tally } from "./tally.ts";
import { countTimers } from "./timers.ts";
import { Watch } from "./watch.ts";

/** How many events the runs of very many have here. */
const LONG = 4_000;
const cover = coverOf(WAYS_IN, WAYS_OUT, FAULTS);

let watch: Watch;
let uncount: () => void;
beforeAll(() => {
  watch = new Watch();
  uncount = countTimers();
});
afterAll(() => {
  uncount();
  watch[Symbol.dispose]();
});

describe("the cover", () => {
  test.each(FAULTS.map(({ code, sentence }) => [code, sentence] as const))("fault %i: %s", async (code) => {
    const failures: string[] = [];
    for (const cell of cover) {
      if (cell.fault.code !== code) continue;
      const verdict = await runCell(cell, { watch, long: LONG });
      if (verdict.type !== "passed") failures.push(verdict.type === "failed" ? formatFailure(cell, verdict.mismatches) : verdict.type);
    }
    expect(failures.join("\n")).toBe("");
  });

  test("runs each way in and each way out with each fault that applies to it, and each pair", () => {
    const names = new Set(cover.flatMap(({ wayIn, wayOut, fault }) => [`in ${wayIn.name}: ${fault.code}`, `out ${wayOut.name}: ${fault.code}`, `${wayIn.name} > ${wayOut.name}`]));
    const missing: string[] = [];
    for (const wayIn of WAYS_IN) {
      for (const wayOut of WAYS_OUT) {
        const fitting = FAULTS.filter((fault) => has(wayIn, wayOut, fault) && fault.unfit?.(wayIn, wayOut) === undefined);
        const expected = fitting.flatMap(({ code }) => [`in ${wayIn.name}: ${code}`, `out ${wayOut.name}: ${code}`]);
        missing.push(...[...expected, `${wayIn.name} > ${wayOut.name}`].filter((name) => !names.has(name)));
      }
    }
    expect(missing).toEqual([]);
  });
});

describe("the table", () => {
  test("has all faults marked M", () => {
    const marked = [...Array.from({ length: 28 }, (_, place) => place + 1), 32, 33, 35, 36, 42, 48, 55, 57, 58, 60];
    expect(FAULTS.map(({ code }) => code).toSorted((a, b) => a - b)).toEqual(marked);
  });

  test("names each way once", () => {
    expect(new Set(WAYS_IN.map(({ name }) => name)).size).toBe(WAYS_IN.length);
    expect(new Set(WAYS_OUT.map(({ name }) => name)).size).toBe(WAYS_OUT.length);
  });

  test("says why a cell does not apply, for at most 15 % of them", () => {
    const tally = new Tally();
    for (const wayIn of WAYS_IN) {
      for (const wayOut of WAYS_OUT) {
        for (const fault of FAULTS) {
          const reason = fault.unfit?.(wayIn, wayOut);
          if (!has(wayIn, wayOut, fault)) tally.add({ type: "none" });
          else tally.add(reason === undefined ? { type: "passed", runs: 1 } : { type: "unfit", reason });
        }
      }
    }
    for (const reason of tally.unfit.keys()) expect(reason).toMatch(/\w+ \w+ \w+/);
    expect(tally.unfitShare).toBeLessThanOrEqual(0.15);
  });
});

describe("the other faults", () => {
  test.each(countTests().map(({ code, missing }) => [code, missing] as const))("%i has the tests that are named for it", (_, missing) => {
    expect(missing).toEqual([]);
  });

  test("are all that are not marked, but for those of workers", () => {
    const marked = new Set(FAULTS.map(({ code }) => code));
    const expected = Array.from({ length: 78 }, (_, place) => place + 1).filter((code) => !marked.has(code) && (code < 70 || code > 73));
    expect(countTests().map(({ code }) => code)).toEqual(expected);
  });
});

describe("the arguments of the program", () => {
  const table = { waysIn: WAYS_IN, waysOut: WAYS_OUT, faults: FAULTS };

  test("choose a part", () => {
    const { waysIn, waysOut, faults, isWhole } = parseOptions(["--in", "array", "--out", "for await", "--fault", "3", "--fault", "4"], table);
    expect([waysIn.map(({ name }) => name), waysOut.map(({ name }) => name), faults.map(({ code }) => code), isWhole]).toEqual([["array"], ["for await"], [3, 4], false]);
  });

  test("are refused where they name nothing", () => {
    expect(() => parseOptions(["--in", "thin air"], table)).toThrow(/expected --in to be one of array \|.*, got: thin air/);
    expect(() => parseOptions(["--out"], table)).toThrow(TypeError);
    expect(() => parseOptions(["--quick"], table)).toThrow(/--quick/);
  });
});
