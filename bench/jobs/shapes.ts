import { sumOfEvens } from "../cases/numbers.ts";
import type { Job, Section } from "../harness/case.ts";
import { speedCase, speedTarget, type SpeedCase } from "../measures/speed.ts";

const job = (name: string, by: string, load: SpeedCase["load"]): SpeedCase => ({ name, by, load, expected: sumOfEvens });

const objects: Section = {
  name: "objects",
  title: "J1 with events that are objects: made by the source, and made anew by the map",
  cases: [
    job("sluice 1000/500", "sluice", async () => (await import("../cases/objects/sluice.ts")).withDemand(1000, 500)),
    job("sluice 10/5", "sluice", async () => (await import("../cases/objects/sluice.ts")).withDemand(10, 5)),
    job("array loops", "loops", async () => (await import("../cases/objects/loops.ts")).run),
    job("rxjs", "rxjs", async () => (await import("../cases/objects/rxjs.ts")).run),
    job("effect", "effect", async () => (await import("../cases/objects/effect.ts")).run),
    job("async generators", "async-generators", async () => (await import("../cases/objects/async-generators.ts")).run),
  ].map(speedCase),
  // The limit that numbers have; of the others it is the objects that cost, not who moves them.
  targets: [speedTarget("sluice 1000/500", "array loops", 1.5)],
};

const polluted: Section = {
  name: "polluted",
  title: "J1 in a process that has handled events of sixteen shapes with hundreds of functions before",
  cases: [
    job("sluice 1000/500", "sluice", async () => (await import("../cases/polluted/sluice.ts")).afterwards(1000, 500)),
    job("sluice 10/5", "sluice", async () => (await import("../cases/polluted/sluice.ts")).afterwards(10, 5)),
    job("sluice 1/0", "sluice", async () => (await import("../cases/polluted/sluice.ts")).afterwards(1, 0)),
    job("array loops", "loops", async () => (await import("../cases/polluted/loops.ts")).afterwards()),
    job("rxjs", "rxjs", async () => (await import("../cases/polluted/rxjs.ts")).afterwards()),
    job("effect", "effect", async () => (await import("../cases/polluted/effect.ts")).afterwards()),
  ].map(speedCase),
  targets: [
    speedTarget("sluice 1000/500", "rxjs", 0.45),
    speedTarget("sluice 10/5", "rxjs", 2),
    speedTarget("sluice 1/0", "rxjs", 7),
  ],
};

/** J1 with events as programs have them, and in a process that is not fresh. */
export const shapes: Job = { name: "shapes", sections: [objects, polluted] };
