/** Stryker's settings for the unit that `MUTATION_UNIT` names; `run.js` sets that. */
import { UNITS, stateOf, testsOf } from "./units.js";

const unit = UNITS.find(({ name }) => name === process.env.MUTATION_UNIT);
if (unit === undefined) throw new Error(`expected MUTATION_UNIT to be a unit, got: ${process.env.MUTATION_UNIT}`);
const file = stateOf(unit);

export default {
  plugins: [new URL("./runner.js", import.meta.url).href],
  testRunner: "sluice",
  ignorers: ["names"],
  sluice: {
    setup: ["test/setup/seed.js", "test/setup/monitor.js"],
    files: testsOf(unit),
    // The first test of these files makes the runs that the others judge.
    properties: ["broadcast", "demand", "partition", "graphs"].map((name) => `test/properties/${name}.test.ts`),
    // What takes longer takes no part, and when a mutation has survived its tests for so long it has survived.
    slowMs: 2500,
    budgetMs: Number(process.env.MUTATION_BUDGET_MS ?? 8000),
    env: { PROPERTY_RUNS: "30", FC_RUNS: "30" },
  },
  mutate: unit.mutate,
  buildCommand: "node mutation/build.js",
  ignorePatterns: ["/mutation/.state", "/mutation/.tmp", "dist", "build", "bench", "docs/api", "examples"],
  tempDirName: "mutation/.tmp",
  // It needs a TypeScript that can be asked, and moves paths that need not move.
  tsconfigFile: "none",
  disableTypeChecks: false,
  coverageAnalysis: "perTest",
  // A static mutation is on while the modules load: each costs a process.
  ignoreStatic: process.env.MUTATION_STATIC !== "yes",
  incremental: true,
  incrementalFile: `${file}.json`,
  reporters: ["json", "dots"],
  jsonReporter: { fileName: `${file}.report.json` },
  concurrency: Number(process.env.MUTATION_PROCESSES ?? 2),
  // The runner looks at what the processor did, not at the clock; this is for what it overlooks.
  timeoutMS: 300_000,
  dryRunTimeoutMinutes: 30,
  warnings: { unknownOptions: false },
  thresholds: { high: 95, low: 85, break: null },
};
