import { sumOfAll, sumOfEvens } from "../cases/numbers.ts";
import type { Job, Section } from "../harness/case.ts";
import { loopDelayCase, loopDelayTargets } from "../measures/loop-delay.ts";
import { speedCase, speedTarget, type SpeedCase } from "../measures/speed.ts";

type Load = SpeedCase["load"];

const job = (name: string, by: string, load: Load): SpeedCase => ({ name, by, load, expected: sumOfEvens });
const loop = (name: string, by: string, load: Load): SpeedCase => ({ name, by, load, expected: sumOfAll });

const withDemand = (maxDemand: number, minDemand: number): SpeedCase =>
  job(`sluice ${maxDemand}/${minDemand}`, "sluice", async () =>
    (await import("../cases/j1/sluice.ts")).withDemand(maxDemand, minDemand),
  );
const rxjs = job("rxjs", "rxjs", async () => (await import("../cases/j1/rxjs.ts")).run);
const effect = job("effect", "effect", async () => (await import("../cases/j1/effect.ts")).run);
const asyncGenerators = job("async generators", "async-generators", async () =>
  (await import("../cases/j1/async-generators.ts")).run,
);

const speed: Section = {
  name: "J1",
  title: "count -> map(+1) -> filter(even) -> sum",
  cases: [
    withDemand(1000, 500),
    withDemand(100, 50),
    withDemand(10, 5),
    withDemand(1, 0),
    rxjs,
    effect,
    job("array loops", "loops", async () => (await import("../cases/j1/loops.ts")).run),
    job("fused loop", "fused", async () => (await import("../cases/j1/fused.ts")).run),
    job("most", "most", async () => (await import("../cases/j1/most.ts")).run),
    job("sync generators", "sync-generators", async () => (await import("../cases/j1/sync-generators.ts")).run),
    asyncGenerators,
    job("highland", "highland", async () => (await import("../cases/j1/highland.ts")).run),
    job("streaming-iterables", "streaming-iterables", async () => (await import("../cases/j1/streaming-iterables.ts")).run),
    job("ix", "ix", async () => (await import("../cases/j1/ix.ts")).run),
    job("node streams", "node", async () => (await import("../cases/j1/node.ts")).run),
    job("whatwg streams", "whatwg", async () => (await import("../cases/j1/whatwg.ts")).run),
  ].map(speedCase),
  targets: [
    speedTarget("sluice 1000/500", "rxjs", 0.45),
    speedTarget("sluice 1000/500", "effect", 1),
    speedTarget("sluice 1000/500", "array loops", 1.5),
    speedTarget("sluice 1000/500", "node streams", 1 / 15),
    speedTarget("sluice 1000/500", "async generators", 1 / 30),
    speedTarget("sluice 1000/500", "ix", 1 / 150),
    speedTarget("sluice 1000/500", "whatwg streams", 1 / 100),
    speedTarget("sluice 100/50", "rxjs", 0.6),
    speedTarget("sluice 10/5", "rxjs", 2),
    speedTarget("sluice 1/0", "rxjs", 7),
  ],
};

const exactBehind = (maxDemand: number, minDemand: number): SpeedCase =>
  loop(`exact behind ${maxDemand}/${minDemand}`, "sluice", async () =>
    (await import("../cases/for-await/sluice.ts")).exactBehind(maxDemand, minDemand),
  );
const exact = loop("exact", "sluice", async () => (await import("../cases/for-await/sluice.ts")).exact);
const readAhead = loop("read-ahead", "sluice", async () => (await import("../cases/for-await/sluice.ts")).readAhead);
const asyncGenerator = loop("async generator", "async-generators", async () =>
  (await import("../cases/for-await/async-generator.ts")).run,
);

const forAwait: Section = {
  name: "for await",
  title: "a loop over a counter; the floor is a plain next() that resolves from a list at hand",
  cases: [
    exact,
    exactBehind(1000, 500),
    exactBehind(10, 5),
    exactBehind(1, 0),
    readAhead,
    loop("batches", "sluice", async () => (await import("../cases/for-await/sluice.ts")).batches),
    loop("floor", "floor", async () => (await import("../cases/for-await/floor.ts")).run),
    loop("floor of lists", "floor", async () => (await import("../cases/for-await/floor.ts")).runLists),
    asyncGenerator,
  ].map(speedCase),
  targets: [
    { ...speedTarget("read-ahead", "floor", 1.3), peerBy: "min" },
    speedTarget("exact", "floor", 4),
    speedTarget("exact behind 1000/500", "floor", 2.5),
    speedTarget("exact behind 10/5", "floor", 6),
    speedTarget("exact behind 1/0", "floor", 8),
    speedTarget("batches", "floor of lists", 2),
  ],
};

const loopDelay: Section = {
  name: "J7",
  title: "how long a timer of 1 ms waits while the job saturates the CPU for 2 s",
  runs: 3,
  cases: [
    withDemand(1000, 500),
    { ...exact, name: "for await, exact" },
    { ...readAhead, name: "for await, read-ahead" },
    rxjs,
    effect,
    asyncGenerators,
    { ...asyncGenerator, name: "for await, async generator" },
  ].map(loopDelayCase),
  targets: [
    ...loopDelayTargets("sluice 1000/500", 8, 25),
    ...loopDelayTargets("for await, exact", 8, 25),
    ...loopDelayTargets("for await, read-ahead", 8, 25),
  ],
};

/** J1 of the job list, a `for await` loop over its source, and the event loop (J7) under both. */
export const j1: Job = { name: "j1", sections: [speed, forAwait, loopDelay] };
