import { noRules, type Rules } from "./rules.ts";
import type { Expectation, StageSut, StageTrace } from "./trace.ts";
import { badStageOption, inletOptions } from "./model/options.ts";
import { Stage } from "./model/stage.ts";

/**
 * The executable specification: what a stage does at each step of a trace.
 *
 * Without rules this is GenStage 1.3.2, line by line as recorded; with all of them it is Sluice. It shares nothing with
 * the library. The list ends early where the stage stops, or does not start; it goes on where a rule keeps it alive.
 */
export function expected(trace: StageTrace, rules: Rules = noRules): readonly Expectation[] {
  const startError = startErrorOf(trace.sut, rules);
  if (startError !== undefined) return [{ startError: { error: startError } }];
  const stage = new Stage(trace.sut, rules);
  const expectations: Expectation[] = [];
  for (const step of trace.steps) {
    const expectation = stage.play(step);
    expectations.push(expectation);
    if (expectation.stopped !== undefined) break;
  }
  return expectations;
}

function startErrorOf(sut: StageSut, rules: Rules): string | undefined {
  const bad = badStageOption(sut);
  if (bad === "FunctionClauseError" && rules.has("R8")) return "bad_opts";
  if (bad !== undefined) return bad;
  const badSubscription = sut.subscribeTo?.some(({ options }) => inletOptions(options) === undefined);
  return badSubscription && rules.has("R13") ? "bad_opts" : undefined;
}
