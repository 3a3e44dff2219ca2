import { plans } from "./graph/plan.ts";
import { showPlan } from "./graph/show-plan.ts";
import { runGraph } from "./graph/world.ts";
import { testProperties } from "./family.ts";
import { MODEL_CODES, compareWithModel } from "./model/compare.ts";
import { producerPlans } from "./model/plan.ts";
import { runsOf } from "./runs.ts";

testProperties("the partition dispatcher, in graphs of at most four stages", {
  plans: plans({ kind: "partition", mostStages: 4 }),
  run: runGraph,
  runs: runsOf(),
  show: showPlan,
});

testProperties("the partition dispatcher: a producer does what its model does", {
  plans: producerPlans("partition"),
  run: compareWithModel,
  runs: runsOf(),
  codes: MODEL_CODES,
});
