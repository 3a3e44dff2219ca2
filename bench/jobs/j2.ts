import { STAGES } from "../cases/j2/stages.ts";
import { sumOfAll } from "../cases/numbers.ts";
import type { Job } from "../harness/case.ts";
import { speedCase, speedTarget, type SpeedCase } from "../measures/speed.ts";

const job = (name: string, by: string, load: SpeedCase["load"]): SpeedCase => ({
  name,
  by,
  load,
  expected: (events) => sumOfAll(events) + STAGES * events,
});

/** A chain of ten stages: what each stage costs. */
export const j2: Job = {
  name: "j2",
  sections: [
    {
      name: "J2",
      title: "count -> ten times map(+1) -> sum",
      cases: [
        job("sluice 1000/500", "sluice", async () => (await import("../cases/j2/sluice.ts")).withDemand(1000, 500)),
        job("sluice 10/5", "sluice", async () => (await import("../cases/j2/sluice.ts")).withDemand(10, 5)),
        job("rxjs", "rxjs", async () => (await import("../cases/j2/rxjs.ts")).run),
        job("array loops", "loops", async () => (await import("../cases/j2/loops.ts")).run),
        job("effect", "effect", async () => (await import("../cases/j2/effect.ts")).run),
        job("most", "most", async () => (await import("../cases/j2/most.ts")).run),
        job("reactor-core-js", "reactor", async () => (await import("../cases/j2/reactor.ts")).run),
        job("sync generators", "sync-generators", async () => (await import("../cases/j2/sync-generators.ts")).run),
        job("async generators", "async-generators", async () => (await import("../cases/j2/async-generators.ts")).run),
        job("highland", "highland", async () => (await import("../cases/j2/highland.ts")).run),
        job("streaming-iterables", "streaming-iterables", async () => (await import("../cases/j2/streaming-iterables.ts")).run),
        job("ix", "ix", async () => (await import("../cases/j2/ix.ts")).run),
        job("node streams", "node", async () => (await import("../cases/j2/node.ts")).run),
        job("whatwg streams", "whatwg", async () => (await import("../cases/j2/whatwg.ts")).run),
      ].map(speedCase),
      targets: [speedTarget("sluice 1000/500", "rxjs", 0.35), speedTarget("sluice 1000/500", "array loops", 1.4)],
    },
  ],
};
