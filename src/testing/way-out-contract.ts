/** What every way out must keep, as a list of cases for any test runner. */
import type { ContractCase } from "./contract-case.ts";
import { RANDOM_NAME, tried } from "./ways/trial.ts";
import { demandCases } from "./ways/way-out-demand.ts";
import { endCases } from "./ways/way-out-ends.ts";
import { leavingCases } from "./ways/way-out-leaving.ts";
import { playRandom } from "./ways/way-out-random.ts";
import { signalCases } from "./ways/way-out-signals.ts";
import { wayOutPlan, type WayOutContractOptions } from "./ways/way-out.ts";

/**
 * The contract of a way out, a function that makes something native of a producer, or writes into it: the cases that a test
 * runner runs, each by itself and in any order.
 *
 * ```ts
 * const options = { by: "reading", event: (n) => n, prefetch: 0, open: (producer) => toRows(producer), read: (rows) => rows.next(), leave: (rows) => rows.close() };
 * for (const { name, run } of wayOutContract(options)) test(name, run);
 * ```
 *
 * The contract plays the producer, and the user of the native side: it reads from it, or hears what is written or told. Which
 * cases there are follows from what the native side can do. Each runs in a time of its own: the global timers are replaced
 * while it runs. The random runs draw the same numbers in every run, and their violations name the seed.
 *
 * @throws BadOptionError
 */
export function wayOutContract<Event, Native>(options: WayOutContractOptions<Event, Native>): readonly ContractCase[] {
  const plan = wayOutPlan(options);
  const cases = [...demandCases, ...endCases, ...leavingCases, ...signalCases].filter(({ where }) => where === undefined || where(plan));
  return [...cases.map(({ name, run }) => tried(name, plan, (trial) => run(trial, plan))), { name: RANDOM_NAME, run: () => playRandom(plan) }];
}
