/** What every dispatcher must keep, as a list of cases for any test runner. */
import type { ContractCase } from "./contract-case.ts";
import { consumerCases } from "./dispatchers/alone-consumers.ts";
import { listCases } from "./dispatchers/alone-lists.ts";
import { queueCases } from "./dispatchers/alone-queues.ts";
import { playStages, stageCases } from "./dispatchers/in-stage.ts";
import { planOf, type DispatcherContractOptions } from "./dispatchers/plan.ts";
import { playSequences } from "./dispatchers/sequences.ts";

/**
 * The contract of a `Dispatcher`: the cases that a test runner runs, each by itself and in any order.
 *
 * ```ts
 * for (const { name, run } of dispatcherContract({ dispatcher: () => roundRobin(), event: (n) => n })) test(name, run);
 * ```
 *
 * First the dispatcher alone, called as a stage calls it; then in a stage, with consumers that come and go. The random cases
 * draw the same numbers in every run, and their violations name the seed. A dispatcher that has more to it than the contract
 * knows (an order among consumers, a weight) needs tests of its own for that.
 *
 * @throws BadOptionError
 */
export function dispatcherContract<Event>(options: DispatcherContractOptions<Event>): readonly ContractCase[] {
  const plan = planOf(options);
  return [
    ...[...listCases, ...consumerCases, ...queueCases].map(({ name, run }) => ({ name, run: async () => run(plan) })),
    { name: "keeps all of that whoever joins, asks and leaves, in random order", run: async () => playSequences(plan) },
    ...stageCases.map(({ name, run }) => ({ name, run: () => run(plan) })),
    { name: "in a stage: loses nothing and delivers nothing twice, whoever joins, asks and leaves, in random order", run: () => playStages(plan) },
  ];
}
