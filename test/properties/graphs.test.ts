import { plans } from "./graph/plan.ts";
import { showPlan } from "./graph/show-plan.ts";
import { runGraph } from "./graph/world.ts";
import { testProperties } from "./family.ts";
import { runsOf } from "./runs.ts";

testProperties("random graphs of stages", { plans: plans(), run: runGraph, runs: runsOf(), show: showPlan });
