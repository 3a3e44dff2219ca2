import type { Job, Section } from "../harness/case.ts";
import { sumOfAll } from "../cases/numbers.ts";
import { loopDelayCase, loopDelayTargets } from "../measures/loop-delay.ts";
import { steadyDelayCase, steadyDelayTargets } from "../measures/steady-delay.ts";
import type { SpeedCase } from "../measures/speed.ts";
import { into, job, out } from "./over-boundaries.ts";

const RUNS = 3;
const TITLE = "how long a timer of 1 ms waits while a stage is drained for 2 s";

interface Limits {
  readonly p99: number;
  readonly greatest?: number;
}

/** All of ours have the same limits. */
const section = (name: string, { p99, greatest }: Limits, cases: readonly SpeedCase[]): Section => ({
  name: `J7 ${name}`,
  title: TITLE,
  runs: RUNS,
  cases: cases.map(loopDelayCase),
  targets: cases.filter(({ by }) => by === "sluice").flatMap((each) => loopDelayTargets(each.name, p99, greatest)),
});

const SHORT = { p99: 8, greatest: 25 };

const loops = () => import("../cases/ways-out/loops.ts");
const nodeOut = () => import("../cases/ways-out/node.ts");
const webOut = () => import("../cases/ways-out/whatwg.ts");

const ONE_AT_A_TIME = "sluice 1/0";

const steady: Section = {
  name: "J7 maxDemand 1",
  title: "how long a timer of 1 ms waits in the first and in the last quarter of ten million events, each asked for on its own",
  runs: RUNS,
  cases: [
    steadyDelayCase({
      name: ONE_AT_A_TIME,
      load: async () => (await import("../cases/one-at-a-time.ts")).oneAtATime,
      expected: sumOfAll,
      events: 10_000_000,
    }),
  ],
  targets: steadyDelayTargets(ONE_AT_A_TIME, SHORT.p99, 1),
};

/** J7 across each boundary. That of J1 is in j1, beside the peers of J1. */
export const j7: Job = {
  name: "j7",
  sections: [
    section("for await", SHORT, [
      out("for await", async () => (await loops()).exact),
      out("events()", async () => (await loops()).readAhead),
      out("batches()", async () => (await loops()).batches),
    ]),
    section("Node", SHORT, [
      out("on data", async () => (await nodeOut()).onData({ maxDemand: 1000 })),
      out("for await over a Readable", async () => (await nodeOut()).forAwait()),
      out("intoWritable", async () => (await nodeOut()).writable("at once")),
      into("fromReadable", async () => (await import("../cases/ways-in/node.ts")).readable),
      job("Readable.from", "node", async () => (await import("../cases/j5/node.ts")).readableFrom),
    ]),
    section("RxJS", SHORT, [
      out("toObservable", async () => (await import("../cases/ways-out/rxjs.ts")).observable),
      into("fromObservable", async () => (await import("../cases/ways-in/rxjs.ts")).observable),
    ]),
    section("WHATWG", { p99: 20 }, [
      out("reader", async () => (await webOut()).readLoop()),
      out("intoWritableStream", async () => (await webOut()).writable),
      into("fromReadableStream", async () => (await import("../cases/ways-in/whatwg.ts")).readable),
      job("ReadableStream.from", "whatwg", async () => (await import("../cases/j5/whatwg.ts")).readLoop),
    ]),
    steady,
  ],
};
