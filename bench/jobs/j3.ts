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

/** One producer and several consumers: sharing and broadcast. What more consumers cost is in `growth`. */
export const j3: Job = { name: "j3", sections: [share, broadcast] };
