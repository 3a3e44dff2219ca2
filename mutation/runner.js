/** Stryker's test runner for Sluice: hands each mutation to a process that has the tests loaded, and replaces that when it hangs. */
import { fork } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PluginKind, commonTokens, declareFactoryPlugin, declareValuePlugin, tokens } from "@stryker-mutator/api/plugin";
import { DryRunStatus, MutantRunStatus } from "@stryker-mutator/api/test-runner";

const HOST = fileURLToPath(new URL("./host.js", import.meta.url));
/** Where the runners of one run tell each other how long each test takes. */
const TIMES = "mutation-times.json";
/** A process that uses so much of the processor without giving the event loop its turn hangs. */
const MOST_CPU_MS = 4000;
/** At the first run, where slow tests run, too. */
const MOST_AT_FIRST_MS = 60_000;
const LOOK_EVERY_MS = 200;
/** What survives in a process is thrown away with it after so many mutations that were killed. */
const MOST_KILLED = 250;

class Runner {
  // oxlint-disable typescript/prefer-readonly -- this is JavaScript
  #options;
  #log;
  // oxlint-enable typescript/prefer-readonly
  /** The process with the tests, and the mutation that was on while it loaded. */
  #host;
  #killed = 0;
  #times;

  constructor(log, options) {
    this.#log = log;
    this.#options = options.sluice;
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  async dryRun() {
    const result = await this.#ask({ type: "dry" }, undefined);
    if (result === undefined) return { status: DryRunStatus.Timeout };
    const { left, tests, mutantCoverage } = result;
    for (const line of left) this.#log.warn(`takes no part: ${line}`);
    writeFileSync(TIMES, JSON.stringify(Object.fromEntries(tests.map(({ id, timeSpentMs }) => [id, timeSpentMs]))));
    return { status: DryRunStatus.Complete, tests, mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }) {
    this.#times ??= JSON.parse(readFileSync(TIMES, "utf8"));
    const isStatic = mutantActivation === "static";
    // The quick ones first: most mutations fail one of them.
    const ids = (testFilter ?? Object.keys(this.#times)).toSorted((one, other) => (this.#times[one] ?? 0) - (this.#times[other] ?? 0));
    if (isStatic || this.#host?.loadedWith !== undefined || this.#killed >= MOST_KILLED) this.#drop();
    let result;
    let rest = ids;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const isFresh = this.#host === undefined;
      result = await this.#ask({ type: "mutant", mutant: activeMutant.id, ids: rest, hitLimit, isStatic, isFresh }, isStatic ? activeMutant.id : undefined);
      if (result?.type !== "dirty") break;
      this.#drop();
      // The tests before it have passed.
      rest = rest.slice(result.at);
    }
    if (result === undefined) return { status: MutantRunStatus.Timeout, reason: "does not give the event loop its turn" };
    if (result.type === "survived") return { status: MutantRunStatus.Survived, nrOfTests: result.ran };
    this.#killed += 1;
    if (result.isTimeout) return { status: MutantRunStatus.Timeout, reason: `${result.message} in ${result.by}` };
    return { status: MutantRunStatus.Killed, killedBy: [result.by], failureMessage: result.message, nrOfTests: result.ran };
  }

  dispose() {
    this.#drop();
  }

  #drop() {
    this.#host?.child.kill("SIGKILL");
    this.#host = undefined;
    this.#killed = 0;
  }

  /** What the process answers; undefined when it hung, and was killed. */
  #ask(message, loadedWith) {
    const { child } = (this.#host ??= start(this.#options, loadedWith));
    const most = message.type === "dry" ? MOST_AT_FIRST_MS : MOST_CPU_MS;
    return new Promise((resolve, reject) => {
      let seen = cpuOf(child.pid);
      let at = "none";
      const end = (settle, value) => {
        clearInterval(interval);
        child.removeAllListeners();
        settle(value);
      };
      const interval = setInterval(() => {
        const used = cpuOf(child.pid);
        if (used - seen <= most) return;
        if (message.type === "dry") this.#log.error(`does not give the event loop its turn: ${at}`);
        this.#drop();
        end(resolve, undefined);
      }, LOOK_EVERY_MS);
      child.on("message", (answer) => {
        seen = cpuOf(child.pid);
        at = answer.at ?? at;
        if (answer.type === "result") end(resolve, answer.result);
        if (answer.type === "error") end(reject, new Error(answer.error));
      });
      child.on("exit", (code) => {
        this.#host = undefined;
        // A mutation that is on while the tests load may keep them from loading.
        if (loadedWith === undefined) end(reject, new Error(`the process with the tests ended with ${code}, in: ${at}`));
        else end(resolve, { type: "killed", by: message.ids[0], isTimeout: false, message: "the tests do not load", ran: 0 });
      });
      child.send(message);
    });
  }
}

function start(options, activeMutant) {
  const MUTATION_HOST = JSON.stringify({ root: process.cwd(), ...options, activeMutant });
  const child = fork(HOST, { env: { ...process.env, ...options.env, MUTATION_HOST }, stdio: ["ignore", "ignore", process.env.MUTATION_DEBUG ? "inherit" : "ignore", "ipc"] });
  return { child, loadedWith: activeMutant };
}

/** What a process has used of the processors, in ms. */
function cpuOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

const createRunner = (log, options) => new Runner(log, options);
createRunner.inject = tokens(commonTokens.logger, commonTokens.options);

/** A name of a method cannot stand in a condition. */
const names = {
  shouldIgnore: (path) => (path.isStringLiteral() && path.key === "key" && path.parentPath?.isClassMethod() === true ? "the name of a method" : undefined),
};

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, "sluice", createRunner), declareValuePlugin(PluginKind.Ignore, "names", names)];
