/** A child's place in the tree: what its lives have done, counted through all of them, and when a call of it fails. */
import type { Self } from "sluice";
import type { Gates } from "./gates.ts";
import { Life } from "./life.ts";
import type { Faults, InletPlan, MiddlePlan, Pace, SourcePlan } from "./plan.ts";

/** After so many lives a child is well-behaved, and does not end by itself. */
const MOST_LIVES = 12;
/** After so many failures of calls no more of them fail. */
const MOST_FAILURES = 12;

export class Slot {
  readonly name: string;
  readonly plan: SourcePlan | InletPlan | MiddlePlan;
  readonly lives: Life[] = [];
  readonly #gates: Gates;
  #starts = 0;
  #calls = 0;
  #failures = 0;

  constructor(name: string, plan: Slot["plan"], gates: Gates) {
    this.name = name;
    this.plan = plan;
    this.#gates = gates;
  }

  get isTired(): boolean {
    return this.#starts > MOST_LIVES;
  }

  get latest(): Life | undefined {
    return this.lives.at(-1);
  }

  /** @throws as the plan says */
  start(): Life {
    const number = this.#starts;
    this.#starts += 1;
    if (this.#faults.starts.includes(number)) throw new Error(`${this.name} cannot start`);
    return new Life(`${this.name}#${number}`);
  }

  get #faults(): Faults {
    return this.plan.faults;
  }

  /** A callback: settles as the plan says, and fails where the plan or `isPoisoned` says so. */
  call<Result>(self: Self, isPoisoned: boolean, done: () => Result, failed: () => void): Result | Promise<Result> {
    const number = this.#calls;
    this.#calls += 1;
    if (this.#faults.stuck.includes(number)) return new Promise(() => undefined);
    const isFailure = (isPoisoned || this.#faults.calls.includes(number)) && this.#failures < MOST_FAILURES;
    if (isFailure) this.#failures += 1;
    const { failure } = this.#faults;
    const end = (): Result => {
      if (!isFailure) return done();
      const error = new Error(`${this.name} fails in call ${number}`);
      if (failure === "fails") self.fail(error);
      else if (failure === "stops") self.stop("by itself");
      else {
        failed();
        throw error;
      }
      return done();
    };
    return this.pass(isFailure && failure === "rejects" && this.plan.pace === "sync" ? "soon" : this.plan.pace, end);
  }

  pass<Result>(pace: Pace, end: () => Result): Result | Promise<Result> {
    if (pace === "sync") return end();
    return pace === "soon" ? Promise.resolve().then(end) : this.#gates.wait(end);
  }

  stopped(): Promise<void> | undefined {
    const { stop } = this.#faults;
    if (stop === "throws") throw new Error(`${this.name} cannot stop`);
    if (stop === "never") return new Promise(() => undefined);
    return stop === "async" ? Promise.resolve().then(() => undefined) : undefined;
  }
}
