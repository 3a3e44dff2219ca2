/** Whether Sluice does what a recorded line, and the rules, say. */
import { isDeepStrictEqual } from "node:util";
import { recorded, rulesBehind } from "./attribution.ts";
import { comparable, sameSteps, withOneBadOption } from "./compare.ts";
import { expected } from "./model.ts";
import { NotCovered, replay } from "./replay.ts";
import { allRules, noRules, type Rules } from "./rules.ts";
import { isStageTrace, type Expectation, type Trace } from "./trace.ts";

/** The first step that differs: what should have happened, and what did. */
export interface Difference {
  readonly what: string;
  readonly step: number;
  readonly expected: Expectation | undefined;
  readonly actual: Expectation | undefined;
}

export type Verdict =
  /** By these rules; none: as recorded. */
  | { readonly type: "passed"; readonly rules: Rules }
  | { readonly type: "deferred"; readonly why: string }
  | { readonly type: "failed"; readonly difference: Difference };

export async function judge(trace: Trace): Promise<Verdict> {
  if (!isStageTrace(trace)) return { type: "deferred", why: trace.sut.type };
  // A model that does not reproduce the recording must not say what the rules make of it.
  const model = firstDifference("GenStage by the model", recorded(trace), expected(trace, noRules));
  if (model !== undefined) return { type: "failed", difference: model };
  const goal = expected(trace, allRules);
  try {
    for (const isAsync of [false, true]) {
      const difference = firstDifference(isAsync ? "Sluice with async handlers" : "Sluice", goal, await replay(trace, isAsync));
      if (difference !== undefined) return { type: "failed", difference };
    }
  } catch (error) {
    if (error instanceof NotCovered) return { type: "deferred", why: error.message };
    throw error;
  }
  return { type: "passed", rules: sameSteps(goal, recorded(trace)) ? noRules : rulesBehind(trace) };
}

function firstDifference(what: string, goal: readonly Expectation[], actual: readonly Expectation[]): Difference | undefined {
  for (let step = 0; step < Math.max(goal.length, actual.length); step += 1) {
    const [one, other] = [goal[step], actual[step]];
    if (one === undefined || other === undefined || !isDeepStrictEqual(withOneBadOption(comparable(one)), withOneBadOption(comparable(other)))) {
      return { what, step, expected: one, actual: other };
    }
  }
  return undefined;
}
