import { describe, expect, test } from "vitest";
import { broadcastDispatcher, demandDispatcher, partitionDispatcher } from "sluice";
import { dispatcherContract, type DispatcherContractOptions } from "sluice/testing";
import { roundRobin } from "./support/round-robin.ts";
import { sampling } from "./support/sampling.ts";

const number = (n: number): number => n;
const isEven = (n: number): boolean => n % 2 === 0;

/** An event that a hash may replace: what is the same about it is its id. */
interface Order {
  readonly id: number;
  readonly text: string;
}

function random(): () => number {
  let last = 1;
  return () => {
    last = (last * 48_271) % 2_147_483_647;
    return last / 2_147_483_647;
  };
}

const NAMES = ["red", "green", "blue"] as const;
const selectors = [undefined, isEven, (n: number) => n % 3 === 0, () => false];

function keeps<Event>(title: string, options: DispatcherContractOptions<Event>): void {
  describe(`${title} keeps the contract: it`, () => {
    for (const { name, run } of dispatcherContract(options)) test(name, run);
  });
}

keeps("the demand dispatcher", { dispatcher: () => demandDispatcher(), event: number, eachEventGoesTo: "one" });

keeps("the demand dispatcher with a maxDemand", { dispatcher: () => demandDispatcher({ maxDemand: 3 }), event: number, eachEventGoesTo: "one", consumers: 5 });

keeps("the demand dispatcher, shuffled", { dispatcher: () => demandDispatcher({ shuffle: random() }), event: number, eachEventGoesTo: "one" });

keeps("the demand dispatcher of one consumer", { dispatcher: () => demandDispatcher(), event: number, eachEventGoesTo: "one", consumers: 1 });

keeps("the broadcast dispatcher", { dispatcher: () => broadcastDispatcher(), event: number, eachEventGoesTo: "all", refuses: [{ selector: "even" }] });

keeps("the broadcast dispatcher with selectors", {
  dispatcher: () => broadcastDispatcher(),
  event: number,
  consumers: selectors.length,
  consumerOptions: (place) => ({ selector: selectors[place] }),
  refuses: [{ selector: 1 }, { selector: null }],
  eachEventGoesTo: "all",
  wants: (event, { selector }) => selector === undefined || (selector as (n: number) => boolean)(event),
});

keeps("the partition dispatcher by number", {
  dispatcher: () => partitionDispatcher({ partitions: 3, hash: (n: number) => n % 3 }),
  event: number,
  consumerOptions: (place) => ({ partition: place }),
  refuses: [{}, { partition: 3 }, { partition: "0" }],
  eachEventGoesTo: "one",
  wants: (event, { partition }) => event % 3 === partition,
});

keeps("the partition dispatcher by name, with a skewed hash", {
  dispatcher: () => partitionDispatcher({ partitions: NAMES, hash: (n: number) => NAMES[Math.min(2, (n * 7) % 5)] }),
  event: number,
  consumerOptions: (place) => ({ partition: NAMES[place] }),
  refuses: [{ partition: 0 }],
  eachEventGoesTo: "one",
});

keeps("the partition dispatcher with small queues", {
  dispatcher: () => partitionDispatcher({ partitions: 3, hash: (n: number) => (n * n) % 3, queueSize: 2 }),
  event: number,
  consumers: 3,
  consumerOptions: (place) => ({ partition: place }),
  eachEventGoesTo: "one",
  // No square leaves 2.
  wants: (event, { partition }) => (event * event) % 3 === partition,
});

keeps("the partition dispatcher whose hash drops and replaces", {
  dispatcher: () =>
    partitionDispatcher({
      partitions: 2,
      hash: ({ id }: Order) => (id % 5 === 0 ? undefined : { partition: id % 2, event: { id, text: "replaced" } }),
    }),
  event: (id): Order => ({ id, text: "as it was" }),
  identify: ({ id }) => id,
  consumers: 2,
  consumerOptions: (place) => ({ partition: place }),
  eachEventGoesTo: "one",
});

keeps("a dispatcher of a user's", { dispatcher: () => roundRobin(), event: number, eachEventGoesTo: "one" });

keeps("a dispatcher of a user's that drops events", { dispatcher: () => sampling(isEven, roundRobin()), event: number, eachEventGoesTo: "one" });

keeps("a dispatcher of which nothing more is known", { dispatcher: () => roundRobin(), event: String });

test("a dispatcher's contract has cases with different names", () => {
  const names = dispatcherContract({ dispatcher: () => demandDispatcher<number>(), event: number }).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
