/** What every way in must keep, as a list of cases for any test runner. */
import type { ContractCase } from "./contract-case.ts";
import { RANDOM_NAME, tried } from "./ways/trial.ts";
import { closingCases } from "./ways/way-in-closing.ts";
import { demandCases } from "./ways/way-in-demand.ts";
import { endCases } from "./ways/way-in-ends.ts";
import { leavingCases } from "./ways/way-in-leaving.ts";
import { playRandom } from "./ways/way-in-random.ts";
import { signalCases } from "./ways/way-in-signals.ts";
import { valueCases } from "./ways/way-in-values.ts";
import { wayInPlan, type WayInAbility, type WayInContractOptions } from "./ways/way-in.ts";

/**
 * The contract of a way in, a function that makes a producer of something native: the cases that a test runner runs, each by
 * itself and in any order.
 *
 * ```ts
 * const options = { event: (n) => n, can: ["end", "error", "wait"], prefetch: 0, open: (source, settings) => fromRows(rowsOf(source), settings) };
 * for (const { name, run } of wayInContract(options)) test(name, run);
 * ```
 *
 * The contract plays the part of what stands behind the native side: `open` makes one that does what `source` says, step by
 * step, and tells it how it is released. Which cases there are follows from what the native side can do. Each runs in a time
 * of its own: the global timers are replaced while it runs. The random runs draw the same numbers in every run, and their
 * violations name the seed.
 *
 * @throws BadOptionError
 */
export function wayInContract<Event, Can extends WayInAbility = WayInAbility>(options: WayInContractOptions<Event, Can>): readonly ContractCase[] {
  const plan = wayInPlan(options);
  const cases = [...demandCases, ...endCases, ...valueCases, ...leavingCases, ...closingCases, ...signalCases].filter(({ needs = [], where }) => needs.every((each) => plan.can.has(each)) && (where === undefined || where(plan)));
  return [...cases.map(({ name, run }) => tried(name, plan, (trial) => run(trial, plan))), { name: RANDOM_NAME, run: () => playRandom(plan) }];
}
