import { expect, test } from "vitest";

import type { RatioTarget } from "../../bench/harness/case.ts";
import { summarize } from "../../bench/harness/statistics.ts";
import { replaceTables, type Run } from "../../bench/markdown.ts";

const target: RatioTarget = { type: "ratio", figure: "ns", ours: "sluice", peer: "rxjs", atMost: 0.5 };

const runOn = (node: string, ns: number): Run => ({
  date: "2026-11-26T20:00:00.000Z",
  machine: { node, v8: "11", platform: "linux x64", cpu: "a CPU", cores: 2, memoryMB: 4 },
  versions: { rxjs: "7.8.2" },
  quick: false,
  jobs: [
    {
      name: "j1",
      sections: [
        {
          name: "J1",
          title: "count",
          runs: 3,
          measurements: [
            [
              { name: "sluice", by: "sluice", figures: { ns: summarize([ns, ns, 2 * ns]) } },
              { name: "rxjs", by: "rxjs", figures: { ns: summarize([3 * ns]) } },
            ],
          ],
          verdicts: [{ target, values: [0.33], met: true }],
        },
      ],
    },
  ],
});

test("the tables of a run stand behind the page, with date, machine and versions", () => {
  const page = replaceTables("# Benchmarks\n", runOn("20.1.0", 10));
  expect(page).toMatch(/^# Benchmarks\n\n<!-- node 20/);
  expect(page).toContain("2026-11-26, a CPU, 2 cores, linux x64, V8 11; rxjs 7.8.2. 1 of 1 targets are met.");
  expect(page).toContain("| sluice | 10 (10..20) | 1 |");
  expect(page).toContain("| rxjs | 30 (30..30) | 3 |");
  expect(page).toContain("| sluice / rxjs | 0.33 | 0.5 | yes |");
});

test("a later run takes the place of the tables of the same major version of Node, and of nothing else", () => {
  const before = `${replaceTables(replaceTables("# Benchmarks\n", runOn("20.1.0", 10)), runOn("24.1.0", 20))}\nThe end.\n`;
  const page = replaceTables(before, runOn("20.2.0", 30));
  expect(page.match(/^## .*/gm)).toEqual(["## Node 20.2.0", "## Node 24.1.0"]);
  expect(page).toContain("| sluice | 30 (30..60) | 1 |");
  expect(page).toContain("| sluice | 20 (20..40) | 1 |");
  expect(page).not.toContain("| sluice | 10 (10..20) | 1 |");
  expect(page).toContain("The end.");
});
