import { describe, expect, test } from "vitest";

import type { LimitTarget, RatioTarget } from "../../bench/harness/case.ts";
import { isUndecided, judge, valueOf } from "../../bench/harness/judge.ts";
import { summarize } from "../../bench/harness/statistics.ts";

const ratio: RatioTarget = { type: "ratio", figure: "ns", ours: "sluice", peer: "rxjs", atMost: 0.5 };
const limit: LimitTarget = { type: "limit", figure: "ns", ours: "sluice", atMost: 20 };

const results = [
  { name: "sluice", by: "sluice", figures: { ns: summarize([12, 10, 30]) } },
  { name: "rxjs", by: "rxjs", figures: { ns: summarize([25, 16, 90]) } },
];

describe("the value of a target", () => {
  test("is our minimum over the median of the peer", () => {
    expect(valueOf(ratio, results)).toBe(10 / 25);
  });

  test("is our minimum over the minimum of the peer where the target says so", () => {
    expect(valueOf({ ...ratio, peerBy: "min" }, results)).toBe(10 / 16);
  });

  test("is our median, or our maximum, where a figure has a limit", () => {
    expect(valueOf(limit, results)).toBe(12);
    expect(valueOf({ ...limit, oursBy: "max" }, results)).toBe(30);
  });

  test("is nothing when the peer was left out", () => {
    expect(valueOf(ratio, results.slice(0, 1))).toBeUndefined();
  });
});

describe("a verdict", () => {
  test.each([
    { values: [0.4], met: true, undecided: false },
    { values: [0.5], met: true, undecided: false },
    { values: [0.6], met: false, undecided: true },
    { values: [0.6, 0.6], met: false, undecided: false },
    { values: [0.6, 0.4], met: false, undecided: true },
    { values: [0.6, 0.4, 0.4], met: true, undecided: false },
    { values: [0.6, 0.4, 0.6], met: false, undecided: false },
    { values: [Number.NaN, Number.NaN], met: false, undecided: false },
  ])("of $values against 0.5 is met: $met, undecided: $undecided", ({ values, met, undecided }) => {
    expect(judge(ratio, values).met).toBe(met);
    expect(isUndecided(ratio, values)).toBe(undecided);
  });
});

test("a summary of an even number of runs takes the lower one in the middle", () => {
  expect(summarize([4, 1, 3, 2])).toMatchObject({ min: 1, median: 2, max: 4 });
});
