/**
 * The harm of each deviation on GenStage's behaviour, by the model that reproduces its recordings line by line; and its absence
 * in Sluice, through the public API.
 */
import { describe, expect, test } from "vitest";
import { comparable, withOneBadOption } from "./compare.ts";
import { harms } from "./harms.ts";
import { expected } from "./model.ts";
import { replay } from "./replay.ts";
import { allRules, noRules, ruleNames, type Rule } from "./rules.ts";
import type { Expectation, ModelledTrace } from "./trace.ts";

for (const { rule, title, sut, steps, genStage, sluice } of harms) {
  describe(`${rule}: ${title}`, () => {
    const trace = { id: rule, kind: sut.type, sut, steps: steps.map((step) => ({ ...step, expect: {} })) } as ModelledTrace;
    const last = (played: readonly Expectation[]): object | "it has stopped" =>
      played.length === steps.length ? comparable(played.at(-1) ?? {}) : "it has stopped";

    test("not so GenStage", () => {
      expect(last(expected(trace, noRules))).toEqual(genStage);
      expect(genStage).not.toEqual(sluice);
    });

    test("by this rule", () => {
      expect(last(expected(trace, allRules))).toEqual(sluice);
      expect(last(expected(trace, without(rule)))).not.toEqual(sluice);
    });

    test.each(["sync", "async"])("in Sluice, with %s handlers", async (kind) => {
      expect(withOneBadOption(last(await replay(trace, kind === "async")))).toEqual(withOneBadOption(sluice));
    });
  });
}

test("each rule has a scenario", () => {
  const shown = new Set(harms.map(({ rule }) => rule));
  expect(ruleNames.filter((rule) => !shown.has(rule))).toEqual([]);
});

function without(rule: Rule): ReadonlySet<Rule> {
  return new Set(ruleNames.filter((each) => each !== rule));
}
