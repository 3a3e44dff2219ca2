/**
 * A process that has all tests loaded and runs those that it is told to, with the mutation switched on that it is told of.
 *
 * A run of vitest for each mutation would cost a second; here it costs what its tests cost, some milliseconds. The price is
 * that what one mutation breaks can outlive it. So a test that fails runs again without the mutation, and once more with it:
 * only a mutation that fails, where its absence does not, counts as killed; a process in which the test fails without the
 * mutation is thrown away.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { collectTests, getFn, getHooks } from "@vitest/runner";

const { root, setup, files, slowMs, budgetMs, properties, activeMutant } = JSON.parse(process.env.MUTATION_HOST);

/** A test waits for nothing any more when the process has been idle so long, counted in ticks in which it did nothing. */
const IDLE_TICKS = 25;
const TICK_MS = 50;
/** What a process that waits for nothing may use in a tick, in microseconds. */
const IDLE_CPU_US = 3000;
/** A test that uses so much more of the processor than at first goes round in circles. */
const MOST_CPU_US = 8_000_000;
/** What a failed test leaves behind gets so many turns to come to its end. */
const TURNS_AFTER_FAILURE = 5;

// Taken before any test replaces them.
const { setInterval, clearInterval } = globalThis;

/** What Stryker's instrumented code looks at. */
const stryker = (globalThis["__stryker__"] ??= {});
stryker.activeMutant = activeMutant;

// What vitest's `expect` and `vi` look for in a worker of theirs.
const worker = (globalThis["__vitest_worker__"] = {
  config: { root, expect: {}, sequence: {}, snapshotOptions: {}, chaiConfig: {}, fakeTimers: { loopLimit: 10_000, shouldClearNativeTimers: true } },
  environment: { name: "node" },
  ctx: {},
  durations: {},
  filepath: root,
});

const uncaught = [];
process.on("uncaughtException", (error) => uncaught.push(error));
process.on("unhandledRejection", (error) => uncaught.push(error));
process.on("disconnect", () => process.exit());

/** What the files of `setup` want done before and behind each test. */
const common = await collect("setup", setup);

/** The tests of the files that have been needed so far. */
const loaded = new Map();

/** What files register when they are imported, as vitest collects it. */
async function collect(name, paths) {
  const runner = {
    config: { root, name: "", setupFiles: [], sequence: { hooks: "stack" }, retry: 0, testTimeout: 0, hookTimeout: 0, includeTaskLocation: false, allowOnly: true, passWithNoTests: true, tags: [], experimental: {} },
    trace: (_name, attributes, fn) => (typeof attributes === "function" ? attributes : fn)(),
    pool: "forks",
    async importFile() {
      for (const path of paths) await import(pathToFileURL(`${root}/${path}`).href);
    },
  };
  const [file] = await collectTests([`${root}/${name}`], runner);
  if (file.result?.errors !== undefined) throw new Error(file.result.errors.map(({ stack, message }) => stack ?? message).join("\n"));
  return file;
}

/** The tests of a file by their ids: the file and the full name. */
async function testsIn(source) {
  const known = loaded.get(source);
  if (known !== undefined) return known;
  const found = new Map();
  const walk = (task, names) => {
    for (const child of task.tasks) {
      const own = [...names, child.name];
      if (child.type === "suite") walk(child, own);
      else if (child.mode === "run" || child.mode === "queued") {
        const name = own.join(" > ");
        let id = `${source} > ${name}`;
        for (let copy = 2; found.has(id); copy += 1) id = `${source} > ${name} (${copy})`;
        found.set(id, { id, name, fileName: `${root}/${source}`, source, task: child, suites: suitesOf(child) });
      }
    }
  };
  walk(await collect(source, [source.replace(/ts$/, "js")]), []);
  loaded.set(source, found);
  return found;
}

/** A test's file is loaded when it is first needed: many a process does not live to see them all. */
async function testOf(id) {
  return (await testsIn(id.slice(0, id.indexOf(" > ")))).get(id);
}

/** From the outermost to the innermost. */
function suitesOf(test) {
  const suites = [];
  for (let suite = test.suite ?? test.file; suite !== undefined; suite = suite.suite ?? (suite === suite.file ? undefined : suite.file)) suites.unshift(suite);
  return [common, ...suites];
}

const prepared = new Set();

/** What its suites do once, before the first of their tests that runs. */
async function prepare({ suites }) {
  for (const suite of suites) {
    if (prepared.has(suite)) continue;
    prepared.add(suite);
    for (const hook of getHooks(suite).beforeAll) await hook(suite);
  }
}

/** Runs a test; returns why it failed, if it did. */
async function run(test) {
  uncaught.length = 0;
  const watch = watchFor(test);
  const { task, suites } = test;
  task.result = { state: "run", startTime: Date.now(), retryCount: 0 };
  worker.current = task;
  const failures = [];
  const step = async (work) => {
    try {
      await Promise.race([watch.stuck, work()]);
    } catch (error) {
      failures.push(error);
    }
  };
  const cleanups = [];
  await step(async () => {
    for (const suite of suites) {
      for (const hook of getHooks(suite).beforeEach) {
        const cleanup = await hook(task.context, suite);
        if (typeof cleanup === "function") cleanups.push(cleanup);
      }
    }
    await getFn(task)();
  });
  for (const suite of suites.toReversed()) for (const hook of getHooks(suite).afterEach.toReversed()) await step(() => hook(task.context, suite));
  for (const cleanup of cleanups) await step(cleanup);
  for (const hook of (task.onFinished ?? []).toReversed()) await step(() => hook(task.context));
  task.onFinished = undefined;
  task.onFailed = undefined;
  await nextTurn();
  watch.end();
  if (process.hasUncaughtExceptionCaptureCallback()) process.setUncaughtExceptionCaptureCallback(null);
  failures.push(...uncaught.splice(0));
  return failures.length === 0 ? undefined : failures[0];
}

class Stuck extends Error {}

/** Rejects when a test waits for what does not come, or goes round in circles. */
function watchFor() {
  let fail;
  const stuck = new Promise((_resolve, reject) => (fail = reject));
  stuck.catch(() => undefined);
  let idle = 0;
  const start = cpu();
  let last = start;
  const interval = setInterval(() => {
    const used = cpu();
    idle = used - last < IDLE_CPU_US ? idle + 1 : 0;
    last = used;
    if (idle >= IDLE_TICKS) fail(new Stuck("waits for what does not come"));
    if (used - start > MOST_CPU_US) fail(new Stuck("does not come to an end"));
  }, TICK_MS);
  return { stuck, end: () => clearInterval(interval) };
}

function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Each test once, without a mutation: what it covers, how long it takes. Those that fail or are slow take no part. */
async function dryRun() {
  const results = [];
  const left = [];
  const tests = [];
  for (const file of files) tests.push(...(await testsIn(file)).values());
  for (const test of tests) {
    await prepare(test);
    process.send({ type: "beat", at: test.id });
    stryker.currentTestId = test.id;
    const start = cpu();
    const failure = await run(test);
    stryker.currentTestId = undefined;
    const timeSpentMs = (cpu() - start) / 1000;
    if (failure === undefined && timeSpentMs <= slowMs) results.push({ ...shown(test), timeSpentMs, status: 0 });
    else left.push(`${test.id} (${Math.round(timeSpentMs)} ms)${failure === undefined ? "" : `: ${messageOf(failure)}`}`);
  }
  const coverage = stryker.mutantCoverage ?? { static: {}, perTest: {} };
  const known = new Set(results.map(({ id }) => id));
  for (const id of Object.keys(coverage.perTest)) if (!known.has(id)) delete coverage.perTest[id];
  shareRuns(results, coverage.perTest);
  stryker.mutantCoverage = undefined;
  return { tests: results, mutantCoverage: coverage, left };
}

/** Where the first test of a file makes the runs that all of them judge, all of them cover what it covers. */
function shareRuns(results, perTest) {
  for (const file of properties) {
    const ids = results.filter(({ id }) => id.startsWith(`${file} > `)).map(({ id }) => id);
    const all = {};
    for (const id of ids) for (const [mutant, hits] of Object.entries(perTest[id] ?? {})) all[mutant] = Math.max(all[mutant] ?? 0, hits);
    for (const id of ids) perTest[id] = all;
  }
}

function shown({ id, name, fileName, source }) {
  return { id, name: `${source} > ${name}`, fileName };
}

function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/** Runs the tests in this order until one fails. */
async function mutantRun({ mutant, ids, hitLimit, isStatic, isFresh }) {
  const start = cpu();
  let ran = 0;
  const attempt = async (test) => {
    stryker.hitCount = 0;
    stryker.hitLimit = hitLimit;
    stryker.activeMutant = mutant;
    const failure = await run(test);
    if (!isStatic) stryker.activeMutant = undefined;
    const isLimit = hitLimit !== undefined && stryker.hitCount > hitLimit;
    stryker.hitCount = undefined;
    return isLimit ? new Stuck("hits the mutation without end") : failure;
  };
  for (const id of ids) {
    if (!isStatic) stryker.activeMutant = undefined;
    const test = await testOf(id);
    if (test === undefined) continue;
    await prepare(test);
    ran += 1;
    const failure = await attempt(test);
    process.send({ type: "beat" });
    if (failure !== undefined) {
      const killed = { type: "killed", by: test.id, isTimeout: failure instanceof Stuck, message: messageOf(failure), ran };
      if (isStatic) return killed;
      for (let turn = 0; turn < TURNS_AFTER_FAILURE; turn += 1) await nextTurn();
      if ((await run(test)) !== undefined) return isFresh ? killed : { type: "dirty", at: ids.indexOf(id) };
      if (failure instanceof Stuck || (await attempt(test)) !== undefined) return killed;
    }
    if ((cpu() - start) / 1000 > budgetMs) break;
  }
  return { type: "survived", ran };
}

process.on("message", async (message) => {
  try {
    process.send({ type: "result", result: message.type === "dry" ? await dryRun() : await mutantRun(message) });
  } catch (error) {
    process.send({ type: "error", error: error instanceof Error ? error.stack : String(error) });
  }
});
setInterval(() => process.send({ type: "beat" }), 250);
process.send({ type: "ready" });
