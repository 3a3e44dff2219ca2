import { sameSteps } from "./compare.ts";
import { expected } from "./model.ts";
import { allRules, noRules, type Rules } from "./rules.ts";
import type { Expectation, ModelledTrace } from "./trace.ts";

/** What the recording says, step by step. */
export function recorded(trace: ModelledTrace): readonly Expectation[] {
  return trace.steps.map(({ expect }) => expect);
}

/** True if these rules let the trace differ from its recording. */
export function deviates(trace: ModelledTrace, rules: Rules): boolean {
  return !sameSteps(expected(trace, rules), recorded(trace));
}

/**
 * The rules that explain a trace: alone they lead to the same as all of them, and none of them can be taken away.
 * One rule if one is enough, none if the trace passes as recorded.
 */
export function rulesBehind(trace: ModelledTrace, rules: Rules = allRules): Rules {
  const goal = expected(trace, rules);
  const explains = (some: Rules): boolean => sameSteps(expected(trace, some), goal);
  if (explains(noRules)) return noRules;
  for (const rule of rules) {
    const alone: Rules = new Set([rule]);
    if (explains(alone)) return alone;
  }
  let behind = rules;
  for (const rule of rules) {
    const fewer = new Set(behind);
    fewer.delete(rule);
    if (explains(fewer)) behind = fewer;
  }
  return behind;
}
