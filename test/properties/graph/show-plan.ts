import type { DispatcherPlan, Plan, StagePlan, Step } from "./plan.ts";

/** A plan in a few lines: what does not matter to a stage is left out. */
export function showPlan({ stages, steps, ending }: Plan): string {
  return [...stages.map(showStage), steps.map(showStep).join(", "), `then ${ending}`].join("\n");
}

function showStage(plan: StagePlan, index: number): string {
  const { role } = plan;
  const isSource = role === "producer" || role === "iterable" || index === 0;
  const outlet = isSource || role === "producerConsumer" ? [showDispatcher(plan.dispatcher), `buffer ${plan.bufferSize ?? "default"} ${plan.bufferKeep ?? ""}`, plan.whenUnused] : [];
  const source = isSource ? [`brings ${plan.brings} of ${plan.budget} then ${plan.whenEmpty}`, plan.demand] : [];
  const inlet = isSource ? [] : plan.inputs.map(({ from, maxDemand, minDemand, cancel, selector }) => `from ${from} ${maxDemand}/${minDemand} ${cancel} selector ${selector}`);
  const calls = plan.calls.map(({ waits, returns, emits, act }) => [waits && "waits", emits && "emits", returns, act && `does ${showStep(act)}`].filter(Boolean).join(" "));
  const rest = [
    plan.concurrency > 0 && `concurrency ${plan.concurrency} ${plan.ordered ? "ordered" : "unordered"}`,
    plan.failsAt !== undefined && `fails at ${plan.failsAt}`,
    plan.hasSlowHooks && "slow hooks",
    plan.hasSignal && "signal",
    plan.isRead && "read",
  ].filter(Boolean);
  return `${index} ${role}: ${[...outlet, ...source, ...inlet, `calls (${calls.join("; ")})`, ...rest].join(", ")}`;
}

function showDispatcher({ kind, partitions, queueSize, hash }: DispatcherPlan): string {
  return kind === "partition" ? `partition ${partitions} queueSize ${queueSize ?? "default"} hash ${hash}` : kind;
}

function showStep({ deed, which, other, count }: Step): string {
  return deed === "rest" || deed === "turn" ? deed : `${deed} ${which} ${other} ${count}`;
}
