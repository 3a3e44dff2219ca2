import { sumOfAll } from "../cases/numbers.ts";
import { READERS } from "../cases/readers.ts";
import type { Job, Section } from "../harness/case.ts";
import { speedCase, speedTarget, type SpeedCase } from "../measures/speed.ts";

type Load = SpeedCase["load"];

const job = (name: string, by: string, load: Load): SpeedCase => ({ name, by, load, expected: sumOfAll });

const among = (consumers: number, maxDemand: number, minDemand: number): Load => async () =>
  (await import("../cases/share/sluice.ts")).amongConsumers(consumers, maxDemand, minDemand);
const to = (consumers: number, maxDemand: number, minDemand: number): Load => async () =>
  (await import("../cases/broadcast/sluice.ts")).toConsumers(consumers, maxDemand, minDemand);

const share: Section = {
  name: "J3 share",
  title: "one producer, four consumers, each event to one of them",
  cases: [
    job("sluice 1000/500", "sluice", among(READERS, 1000, 500)),
    job("sluice 10/5", "sluice", among(READERS, 10, 5)),
    job("one async generator", "async-generators", async () => (await import("../cases/share/async-generator.ts")).run),
    job("array loops", "loops", async () => (await import("../cases/share/loops.ts")).run),
    job("effect", "effect", async () => (await import("../cases/share/effect.ts")).run),
    job("node, four Writables", "node", async () => (await import("../cases/share/node.ts")).run),
    job("whatwg, four loops over one reader", "whatwg", async () => (await import("../cases/share/whatwg.ts")).run),
  ].map(speedCase),
  targets: [
    speedTarget("sluice 1000/500", "one async generator", 0.08),
    speedTarget("sluice 10/5", "one async generator", 0.2),
  ],
};

const broadcast: Section = {
  name: "J3 broadcast",
  title: "one producer, four consumers, each event to all of them",
  cases: [
    job("sluice 1000/500", "sluice", to(READERS, 1000, 500)),
    job("sluice 10/5", "sluice", to(READERS, 10, 5)),
    job("rxjs Subject", "rxjs", async () => (await import("../cases/broadcast/rxjs.ts")).run),
    job("array loops", "loops", async () => (await import("../cases/broadcast/loops.ts")).run),
    job("effect", "effect", async () => (await import("../cases/broadcast/effect.ts")).run),
    job("node, four pipes", "node", async () => (await import("../cases/broadcast/node.ts")).run),
    job("whatwg tee", "whatwg", async () => (await import("../cases/broadcast/whatwg.ts")).run),
  ].map(speedCase),
  targets: [speedTarget("sluice 1000/500", "rxjs Subject", 0.2), speedTarget("sluice 10/5", "rxjs Subject", 0.5)],
};

const CONSUMERS = [1, 10, 100, 1000];

/** To start and end 1,000 consumers takes as long as to give them a million events. */
const least = 5_000_000;

const named = (consumers: number): string => `${consumers} ${consumers === 1 ? "consumer" : "consumers"}`;

const growthOfShare: Section = {
  name: "J3 share, growth",
  title: "an event of one producer, by how many consumers share them at 10/5",
  cases: CONSUMERS.map((consumers) => speedCase({ ...job(named(consumers), "sluice", among(consumers, 10, 5)), least })),
  targets: CONSUMERS.slice(1).map((consumers) => speedTarget(named(consumers), named(1), 2)),
};

/** The events of the source when all consumers together get so many. */
const each = (deliveries: number, consumers: number): number => Math.ceil(deliveries / consumers);

const growthOfBroadcast: Section = {
  name: "J3 broadcast, growth",
  title: "an event for one consumer, by how many consumers get all of them at 10/5",
  cases: CONSUMERS.map((consumers) =>
    speedCase({
      name: named(consumers),
      by: "sluice",
      load: async () => {
        const run = await to(consumers, 10, 5)();
        return (deliveries) => run(each(deliveries, consumers));
      },
      expected: (deliveries) => sumOfAll(each(deliveries, consumers)),
      least,
    }),
  ),
  targets: CONSUMERS.slice(1).map((consumers) => speedTarget(named(consumers), named(1), 1.5)),
};

/** One producer and several consumers: sharing, broadcast, and what more consumers cost. */
export const j3: Job = { name: "j3", sections: [share, broadcast, growthOfShare, growthOfBroadcast] };
