/** Whether Sluice does what a recorded line, and the rules, say. */
import { isDeepStrictEqual } from "node:util";
import { recorded, rulesBehind } from "./attribution.ts";
import { comparable, withOneBadOption } from "./compare.ts";
import { expected } from "./model.ts";
import { replay } from "./replay.ts";
import { replayPipeline } from "./replay-pipeline.ts";
import { allRules, noRules, type Rules } from "./rules.ts";
import { isModelledTrace, isPipelineTrace, type Expectation, type PipelineExpectation, type PipelineTrace, type Trace } from "./trace.ts";

/** The first step that differs: what should have happened, and what did. */
export interface Difference {
  readonly what: string;
  readonly step: number;
  readonly expected: Expectation | PipelineExpectation | undefined;
  readonly actual: Expectation | PipelineExpectation | undefined;
}

export type Verdict = { readonly type: "passed" } | { readonly type: "failed"; readonly difference: Difference };

export async function judge(trace: Trace): Promise<Verdict> {
  if (!isModelledTrace(trace)) {
    if (!isPipelineTrace(trace)) throw new Error(`expected a trace of a stage or a pipeline, got: ${trace.sut.type}`);
    return judgePipeline(trace);
  }
  // A model that does not reproduce the recording must not say what the rules make of it.
  const model = firstDifference("GenStage by the model", recorded(trace), expected(trace, noRules));
  if (model !== undefined) return { type: "failed", difference: model };
  const goal = expected(trace, allRules);
  for (const isAsync of [false, true]) {
    const difference = firstDifference(isAsync ? "Sluice with async handlers" : "Sluice", goal, await replay(trace, isAsync));
    if (difference !== undefined) return { type: "failed", difference };
  }
  return { type: "passed" };
}

/** The rules by which a line passes; none: as recorded. */
export function rulesOf(trace: Trace): Rules {
  return isModelledTrace(trace) ? rulesBehind(trace) : noRules;
}

/** So often a chain may be cut by the clock: a crowded machine takes a slice away in the middle of a list. */
const TRIES = 4;

/**
 * `fromIterable` hands over what it has when an iterable takes longer than 5 ms, so the sizes of batches, and they alone,
 * depend on the clock: where nothing else differs the chain is run again.
 */
async function judgePipeline(trace: PipelineTrace): Promise<Verdict> {
  for (let tries = 1; ; tries += 1) {
    const verdict = await judgeRun(trace);
    if (verdict.type === "passed" || tries === TRIES || !differsInSizesOnly(verdict.difference)) return verdict;
  }
}

function differsInSizesOnly({ expected: goal, actual }: Difference): boolean {
  if (goal === undefined || actual === undefined) return false;
  return isDeepStrictEqual({ ...goal, batchSizes: [] }, { ...actual, batchSizes: [] });
}

/** A chain is compared as it was recorded; batch sizes where the recording has them. */
async function judgeRun(trace: PipelineTrace): Promise<Verdict> {
  const goal = trace.steps[0]?.expect;
  const { batchSizes, ...actual } = await replayPipeline(trace);
  const seen: PipelineExpectation = { ...actual, ...(goal?.batchSizes && batchSizes && { batchSizes }), end: normalEnd(actual.end) };
  if (goal && isDeepStrictEqual(seen, { ...goal, end: normalEnd(goal.end) })) return { type: "passed" };
  return { type: "failed", difference: { what: "Sluice", step: 0, expected: goal, actual: seen } };
}

/** A loop that ends is halted, whichever way the recorded reader ended. */
function normalEnd(end: PipelineExpectation["end"]): PipelineExpectation["end"] {
  return typeof end === "object" && "exit" in end && end.exit === "normal" ? "halted" : end;
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
