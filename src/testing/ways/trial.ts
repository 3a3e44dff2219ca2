/** One case of a contract of adapters, while it runs. */
import type { ContractCase } from "../contract-case.ts";
import { settle } from "../settle.ts";
import { History, type ContractViolation } from "../violation.ts";
import { CaseTime } from "./case-time.ts";

/** The case of the random runs. */
export const RANDOM_NAME = "keeps all of that whatever comes, is asked for, and ends, in random order";

/** How long an end may wait for its native side, in ms of the time of the case. */
export const CLOSE_WITHIN_MS = 50;

/** So often everything must have come to rest, with nothing new, before the real clock goes on. */
const QUIET_TIMES = 20;
const MOST_TIMES = 20_000;
/** So many timers may fire when a case is over. */
const MOST_TIMERS = 100;
/** In so many parts the deadlines pass. */
const PARTS = 4;

// Captured when the module loads: how long a test is patient is no subject of a test.
const clock: () => number = performance.now.bind(performance);
const delay: (run: () => void, ms: number) => unknown = setTimeout.bind(globalThis);

/** What a contract says of itself, to run its cases. */
export interface TrialOptions {
  /** How long nothing may happen while something must, in ms of the real clock. */
  readonly patienceMs: number;
}

/** Asserts, waits, and keeps the history of what was done. */
export class Trial {
  readonly history: History;
  readonly time: CaseTime;
  readonly #patienceMs: number;
  readonly #closings: (() => Promise<unknown>)[] = [];
  #broken: ContractViolation | undefined;

  constructor(time: CaseTime, { patienceMs }: TrialOptions, seed?: number) {
    this.time = time;
    this.#patienceMs = patienceMs;
    this.history = new History(seed);
  }

  note(line: string): void {
    this.history.note(line);
  }

  violation(who: string, expected: string, got: unknown): ContractViolation {
    return this.history.violation(who, expected, got);
  }

  /** Throws unless it holds. */
  expect(holds: boolean, who: string, expected: string, got: unknown): void {
    if (!holds) throw this.violation(who, expected, got);
  }

  /** A violation that was noticed where nobody can catch it: thrown at the next look. */
  heard(violation: ContractViolation): void {
    this.#broken ??= violation;
  }

  /** Everything comes to rest. */
  async quiet(): Promise<void> {
    await settle();
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** Waits until it holds; who did not do it in the end is told what was got instead. */
  async until(holds: () => boolean, who: string, expected: string, got: () => unknown = () => "nothing, it hangs"): Promise<void> {
    if (await this.#holdsSoon(holds)) return;
    throw this.violation(who, expected, got());
  }

  /** The value of a promise that must settle. */
  async settled<Value>(promise: PromiseLike<Value>, who: string, expected: string): Promise<Value> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    await this.until(() => isSettled, who, expected);
    return promise;
  }

  /** Something to do when the case is over, however it ends. */
  atEnd(close: () => Promise<unknown>): void {
    this.#closings.push(close);
  }

  /** Ends what the case has begun: nobody waits for it, and what its native side says is not judged any more. */
  async close(): Promise<void> {
    for (const close of this.#closings.splice(0).reverse()) void close().catch(() => undefined);
    await settle();
    for (let fired = 0; fired < MOST_TIMERS && this.time.passNext(); fired += 1) await settle();
  }

  async #holdsSoon(holds: () => boolean): Promise<boolean> {
    let { noted } = this.history;
    let lastTime = clock();
    for (let times = 0, all = 0; times < QUIET_TIMES || clock() - lastTime < this.#patienceMs; times += 1, all += 1) {
      if (holds()) return true;
      // It never comes to rest.
      if (all > MOST_TIMES) break;
      if (times >= QUIET_TIMES) {
        // Somebody waits for the world outside, or for a deadline: both clocks go on, at about one pace.
        await new Promise<void>((resolve) => delay(resolve, 1));
        this.time.pass(1);
      }
      await this.quiet();
      if (noted !== this.history.noted) {
        ({ noted } = this.history);
        lastTime = clock();
        times = 0;
      }
    }
    // Whoever is impatient still grants the deadlines that were given; what comes by a later one counts as hanging.
    for (let part = 0; part < PARTS; part += 1) {
      this.time.pass((2 * CLOSE_WITHIN_MS) / PARTS);
      await this.quiet();
      if (holds()) return true;
    }
    return holds();
  }
}

/** A case that runs in a trial of its own. */
export function tried(name: string, options: TrialOptions, run: (trial: Trial) => Promise<void>, seed?: number): ContractCase {
  return { name, run: () => inTrial(options, run, seed) };
}

/** Runs in a time of its own, and ends what was begun there. */
export function inTrial(options: TrialOptions, run: (trial: Trial) => Promise<void>, seed?: number): Promise<void> {
  return CaseTime.run(async (time) => {
    const trial = new Trial(time, options, seed);
    try {
      await run(trial);
      await trial.quiet();
    } finally {
      await trial.close();
    }
  });
}
