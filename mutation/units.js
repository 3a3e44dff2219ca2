import { readdirSync } from "node:fs";

/** What is mutated in one run of Stryker, and the tests that concern it. A unit is begun and ended as a whole. */

const core = ["test/core", "test/properties", "test/conformance/conformance.test.ts", "test/testing/dispatcher-contract.test.ts"];
/** Slow, about the heap, or for modules that vitest loads anew: they would say of a mutation what others say sooner, or nothing. A unit may name them. */
const never = ["test/core/supervisor/churn.test.ts", "test/core/depth.test.ts", "test/core/warnings.test.ts", "test/adapters/reactive-streams/slices.test.ts", "test/properties/references.test.ts"];

const inCore = (...names) => names.map((name) => `src/core/${name}.ts`);
const adapter = (name) => ({
  name: `src/adapters/${name}`,
  mutate: [`src/adapters/${name}/**/*.ts`],
  tests: [`test/adapters/${name}`, "test/adapters/options.test.ts"],
});

export const UNITS = [
  { name: "src/core/dispatchers", mutate: ["src/core/dispatchers/**/*.ts"], tests: core },
  { name: "src/core/holding", mutate: inCore("buffer", "queue", "demand-window", "ledger", "latest-buffer", "latest-by", "event-pool", "giving-back", "redelivery", "meter"), tests: core },
  { name: "src/core/pushing", mutate: inCore("door", "from-push", "overflow", "intake", "joined", "from-iterable"), tests: core },
  { name: "src/core/reading", mutate: inCore("reader", "exact-reader", "ahead-readers", "stream", "unreceived", "deadline", "once", "abort"), tests: core },
  { name: "src/core/wires", mutate: inCore("inlet", "inlet-link", "outlet", "outlet-link", "source-account", "subscription", "subscribe-options", "stage-port"), tests: core },
  { name: "src/core/stage", mutate: inCore("stage", "stages", "stage-options", "options", "handle", "start", "pipeline", "producer", "consumer", "producer-consumer"), tests: core },
  { name: "src/core/running", mutate: inCore("mailbox", "scheduler", "errors", "report", "inspect", "exit-reason", "protocol", "dispatcher", "index"), tests: core },
  { name: "src/core/supervision", mutate: ["src/core/supervision/**/*.ts"], tests: core },
  // What only adapters use is tested with them.
  { name: "src/core/acknowledging", mutate: inCore("acknowledging"), tests: ["test/core/joined.test.ts", "test/core/holders.test.ts", "test/adapters/node", "test/adapters/web"] },
  { name: "src/core/describe", mutate: ["src/core/describe/**/*.ts"], tests: ["test/core/describe.test.ts", "test/core/snapshot.test.ts", "test/core/supervisor/snapshot.test.ts"] },
  adapter("events"),
  adapter("ix"),
  adapter("node"),
  adapter("reactive-streams"),
  adapter("rxjs"),
  adapter("web"),
];

/** The test files of a unit. */
export function testsOf({ tests }) {
  const all = readdirSync("test", { recursive: true, encoding: "utf8" }).map((path) => `test/${path}`);
  const isOf = (path) => tests.some((test) => path === test || path.startsWith(`${test}/`));
  return all.filter((path) => path.endsWith(".test.ts") && isOf(path) && (tests.includes(path) || !never.includes(path))).toSorted();
}


/** Where the state of a unit is kept, without what its files end with. */
export function stateOf({ name }) {
  return `mutation/.state/${name.replaceAll("/", "-")}`;
}
