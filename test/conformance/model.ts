import { noRules, type Rules } from "./rules.ts";
import { isSupervisorTrace, type Expectation, type ModelledTrace, type StageSut, type SupervisorSut } from "./trace.ts";
import { ConsumerSupervisor } from "./model/consumer-supervisor.ts";
import { badStageOption, badSupervisorOption, inletOptions } from "./model/options.ts";
import { Stage } from "./model/stage.ts";

/**
 * The executable specification: what a stage does at each step of a trace.
 *
 * Without rules this is GenStage 1.3.2, line by line as recorded; with all of them it is Sluice. It shares nothing with
 * the library. The list ends early where the stage stops, or does not start; it goes on where a rule keeps it alive.
 */
export function expected(trace: ModelledTrace, rules: Rules = noRules): readonly Expectation[] {
  const startError = startErrorOf(trace.sut, rules);
  if (startError !== undefined) return [{ startError: { error: startError } }];
  if (isSupervisorTrace(trace)) {
    const stage = new ConsumerSupervisor(trace.sut, rules);
    return untilStopped(trace.steps, (step) => stage.play(step));
  }
  const stage = new Stage(trace.sut, rules);
  return untilStopped(trace.steps, (step) => stage.play(step));
}

function untilStopped<Step>(steps: readonly Step[], play: (step: Step) => Expectation): readonly Expectation[] {
  const expectations: Expectation[] = [];
  for (const step of steps) {
    const expectation = play(step);
    expectations.push(expectation);
    if (expectation.stopped !== undefined) break;
  }
  return expectations;
}

function startErrorOf(sut: StageSut | SupervisorSut, rules: Rules): string | undefined {
  if (sut.type === "consumerSupervisor") return badSupervisorOption(sut, rules.has("R23"));
  const bad = badStageOption(sut);
  if (bad === "FunctionClauseError" && rules.has("R8")) return "bad_opts";
  if (bad !== undefined) return bad;
  const badSubscription = sut.subscribeTo?.some(({ options }) => inletOptions(options) === undefined);
  return badSubscription && rules.has("R13") ? "bad_opts" : undefined;
}
