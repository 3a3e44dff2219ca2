/** Runs random plans once, holds each run against all properties, and keeps the smallest plan that breaks one. */
import * as fc from "fast-check";
import { Uncaught } from "../core/support/uncaught.ts";
import { Violations, type Code, type Violation } from "./codes.ts";
import { parametersOf, seed } from "./runs.ts";

/** A failure ends the shrinking of its plan after so long, in ms. */
const SHRINK_WITHIN_MS = 20_000;
/** After so many failures the rest of the runs is left out. */
const MOST_FAILURES = 4;

interface Failure<Plan> {
  readonly violation: Violation;
  readonly plan: Plan | undefined;
  /** Where fast-check finds the run. */
  readonly seed: number;
  readonly path: string | null;
  /** How many plans it was shrunk through. */
  readonly shrinks: number;
}

export type Run<Plan> = (plan: Plan, violations: Violations) => Promise<void>;

export class Campaign<Plan> {
  readonly #plans: fc.Arbitrary<Plan>;
  readonly #run: Run<Plan>;
  readonly #runs: number;
  readonly #show: (plan: Plan) => string;
  #failures: Promise<ReadonlyMap<Code, Failure<Plan>>> | undefined;

  constructor(plans: fc.Arbitrary<Plan>, run: Run<Plan>, runs: number, show: (plan: Plan) => string = fc.stringify) {
    this.#plans = plans;
    this.#run = run;
    this.#runs = runs;
    this.#show = show;
  }

  /** Throws when one of the runs broke the property. The first call makes the runs. */
  async expectNone(code: Code): Promise<void> {
    this.#failures ??= this.#search();
    const failure = (await this.#failures).get(code);
    if (failure !== undefined) throw new Error(this.#describe(failure));
  }

  #describe({ violation, plan, seed: from, path: at, shrinks }: Failure<Plan>): string {
    return [
      `${violation.code}: ${violation.text}`,
      `PROPERTY_SEED=${from} PROPERTY_PATH=${at ?? ""} (after ${shrinks} shrinks)`,
      plan === undefined ? "no plan" : this.#show(plan),
    ].join("\n");
  }

  async #search(): Promise<ReadonlyMap<Code, Failure<Plan>>> {
    const failures = new Map<Code, Failure<Plan>>();
    let left = this.#runs;
    for (let attempt = 0; attempt < MOST_FAILURES && left > 0; attempt += 1) {
      const { details, first } = await this.#attempt(failures, seed + attempt, left);
      if (first === undefined) break;
      left -= details.numRuns;
      for (const violation of first.violations) {
        const isShrunk = violation.code === first.code;
        failures.set(violation.code, {
          violation: isShrunk ? (first.last ?? violation) : violation,
          plan: isShrunk ? details.counterexample?.[0] : first.plan,
          seed: details.seed,
          path: details.counterexamplePath,
          shrinks: details.numShrinks,
        });
      }
    }
    return failures;
  }

  async #attempt(known: ReadonlyMap<Code, Failure<Plan>>, from: number, runs: number): Promise<{ details: fc.RunDetails<[Plan]>; first: FirstFailure<Plan> | undefined }> {
    let first: FirstFailure<Plan> | undefined;
    let deadline = Infinity;
    using uncaught = new Uncaught();
    const details = await fc.check(
      fc.asyncProperty(this.#plans, async (plan) => {
        if (performance.now() > deadline) return;
        const violations = new Violations();
        uncaught.errors.length = 0;
        try {
          await this.#run(plan, violations);
        } catch (error) {
          violations.add("law8", `a call throws: ${error instanceof Error ? error.stack : String(error)}`);
        }
        for (const error of uncaught.errors) violations.add("law8", `thrown: ${String(error)}`);
        const news = violations.all.filter(({ code }) => !known.has(code));
        if (first === undefined && news[0] !== undefined) {
          first = { code: news[0].code, violations: news, plan, last: undefined };
          deadline = performance.now() + SHRINK_WITHIN_MS;
        }
        const target = news.find(({ code }) => code === first?.code);
        if (target === undefined || first === undefined) return;
        first.last = target;
        throw new Error(target.text);
      }),
      parametersOf(runs, from),
    );
    return { details, first };
  }
}

/** The run that failed first; `last` is its property's breach in the smallest plan so far. */
interface FirstFailure<Plan> {
  readonly code: Code;
  readonly violations: readonly Violation[];
  readonly plan: Plan;
  last: Violation | undefined;
}
