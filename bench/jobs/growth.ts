import { sumOfAll, sumOfEvens } from "../cases/numbers.ts";
import type { Job, RatioTarget, Section } from "../harness/case.ts";
import { speedCase, speedTarget, type SpeedCase } from "../measures/speed.ts";

/** The greater case costs at most twice the small one, for each hop of an event. */
const MOST_GROWTH = 2;

const counted = (count: number, one: string): string => `${count.toLocaleString("en-US")} ${one}${count === 1 ? "" : "s"}`;

/** Each name against the first. */
const targets = ([small = "", ...greater]: readonly string[], atMost: number): RatioTarget[] =>
  greater.map((name) => speedTarget(name, small, atMost));

const STAGES = [1, 10, 100, 1000, 10_000];

/** With fewer events a run of 1,000 stages or more tells what it costs to start and end them: about 20 µs for each. */
const leastFor = (maxDemand: number): number => (maxDemand === 1000 ? 200_000 : 5000);

const stages = (maxDemand: number, minDemand: number): Section => {
  const chain = (count: number): SpeedCase => ({
    name: counted(count, "stage"),
    by: "sluice",
    load: async () => (await import("../cases/growth/chain.ts")).chain(count, maxDemand, minDemand),
    expected: sumOfAll,
    hops: count + 1,
    least: count >= 1000 ? leastFor(maxDemand) : 1000,
  });
  return {
    name: `growth, stages ${maxDemand}/${minDemand}`,
    title: `an event for each hop, by how many producerConsumers pass on what they get between a producer and a consumer`,
    cases: STAGES.map(chain).map(speedCase),
    // One stage alone is not the small case: its two hops carry what the source costs.
    targets: targets(STAGES.slice(1).map((count) => counted(count, "stage")), MOST_GROWTH),
  };
};

const CONSUMERS = [1, 10, 100, 1000];

/** To start and end 1,000 consumers takes as long as to give them a million events. */
const LEAST_DELIVERIES = 4_000_000;
/** A partition costs more, so fewer take as long. */
const LEAST_SPREAD = 1_000_000;

/** What one event costs: whether one consumer gets it, or each of them, so many hops it makes. */
const consumers = (kind: string, title: string, caseOf: (count: number) => Pick<SpeedCase, "load" | "hops" | "least">, atMost = MOST_GROWTH): Section => ({
  name: `growth, ${kind}`,
  title: `${title} at 10/5`,
  cases: CONSUMERS.map((count) => {
    const each = caseOf(count);
    const least = Math.ceil(LEAST_DELIVERIES / (each.hops ?? 1));
    return speedCase({ least, ...each, name: counted(count, "consumer"), by: "sluice", expected: sumOfAll });
  }),
  targets: targets(CONSUMERS.map((count) => counted(count, "consumer")), atMost),
});

const share = consumers("share", "an event of one producer, by how many consumers share them", (count) => ({
  load: async () => (await import("../cases/share/sluice.ts")).amongConsumers(count, 10, 5),
}));

const broadcast = consumers("broadcast", "an event for one consumer, by how many consumers get all of them", (count) => ({
  load: async () => (await import("../cases/broadcast/sluice.ts")).toConsumers(count, 10, 5),
  hops: count,
}), 1.5);

const partitions: Section = {
  ...consumers("partitions", "an event of one producer, by how many partitions it is spread over", (count) => ({
    load: async () => (await import("../cases/share/partition.ts")).amongPartitions(count, 10, 5),
    least: LEAST_SPREAD,
  })),
  // One partition gets its events in lists of five, each of many gets one event at a time.
  targets: targets(CONSUMERS.slice(1).map((count) => counted(count, "consumer")), MOST_GROWTH),
};

const LISTS = [1, 10, 100, 1000, 10_000];

const lists: Section = {
  name: "growth, lists",
  title: "J1 by the size of the lists that are asked for",
  cases: LISTS.map((size) =>
    speedCase({
      name: `lists of ${size.toLocaleString("en-US")}`,
      by: "sluice",
      load: async () => (await import("../cases/j1/sluice.ts")).withDemand(2 * size, size),
      expected: sumOfEvens,
    }),
  ),
  targets: ["1", "10", "100", "1,000"].map((size) => speedTarget("lists of 10,000", `lists of ${size}`, MOST_GROWTH)),
};

/** How the cost of an event grows with the stages that it passes, the consumers of a dispatcher, the size of the lists. */
export const growth: Job = { name: "growth", sections: [stages(1000, 500), stages(10, 5), share, broadcast, partitions, lists] };
