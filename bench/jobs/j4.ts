import type { Wait } from "../cases/j4/waiting.ts";
import { sumOfAll } from "../cases/numbers.ts";
import type { Job, Section } from "../harness/case.ts";
import { speedCase, speedTarget, type SpeedCase } from "../measures/speed.ts";

interface Limits {
  /** Of the pool that is written by hand. */
  readonly consumer: number;
  readonly producerConsumer: number;
  /** Of RxJS. */
  readonly mergeMap: number;
}

const job = (name: string, by: string, load: SpeedCase["load"]): SpeedCase => ({ name, by, load, expected: sumOfAll });

const section = (wait: Wait, title: string, limits: Limits): Section => ({
  name: `J4 ${wait}`,
  title: `an async handler for each event, 16 at a time; it waits for ${title}`,
  cases: [
    job("sluice consumer", "sluice", async () => (await import("../cases/j4/sluice.ts")).inConsumer(wait)),
    job("sluice producerConsumer", "sluice", async () => (await import("../cases/j4/sluice.ts")).inProducerConsumer(wait, true)),
    job("sluice producerConsumer, unordered", "sluice", async () => (await import("../cases/j4/sluice.ts")).inProducerConsumer(wait, false)),
    job("hand-written pool", "loops", async () => (await import("../cases/j4/pool.ts")).pool(wait)),
    job("hand-written pool, with results", "loops", async () => (await import("../cases/j4/pool.ts")).poolWithResults(wait)),
    job("rxjs mergeMap", "rxjs", async () => (await import("../cases/j4/rxjs.ts")).run(wait)),
    // It reads its whole source at once, and shifts what waits out of an array that long: this is its best case.
    { ...job("rxjs mergeMap, 1,000 events", "rxjs", async () => (await import("../cases/j4/rxjs.ts")).run(wait)), most: 1000 },
    job("p-map", "p-map", async () => (await import("../cases/j4/p-map.ts")).run(wait)),
    job("streaming-iterables transform", "streaming-iterables", async () => (await import("../cases/j4/streaming-iterables.ts")).run(wait)),
    job("node map", "node", async () => (await import("../cases/j4/node.ts")).run(wait)),
    job("effect mapEffect", "effect", async () => (await import("../cases/j4/effect.ts")).run(wait)),
    job("ix flatMap", "ix", async () => (await import("../cases/j4/ix.ts")).run(wait)),
  ].map(speedCase),
  targets: [
    speedTarget("sluice consumer", "hand-written pool", limits.consumer),
    speedTarget("sluice producerConsumer", "hand-written pool, with results", limits.producerConsumer),
    speedTarget("sluice consumer", "rxjs mergeMap", limits.mergeMap),
    speedTarget("sluice producerConsumer", "rxjs mergeMap", limits.mergeMap),
  ],
});

/** Work that waits, several events at a time. */
export const j4: Job = {
  name: "j4",
  sections: [
    section("promise", "a promise that is resolved already", { consumer: 1.5, producerConsumer: 1.7, mergeMap: 1 / 12 }),
    section("setImmediate", "`setImmediate`", { consumer: 2, producerConsumer: 2.7, mergeMap: 1 / 4 }),
  ],
};
