import { fromIterable, producerConsumer, type Producer } from "sluice";

import type { SlowRun } from "../../measures/truth.ts";
import { handleSlowly, readListsSlowly, readSlowly } from "./sinks.ts";
import { asyncGeneratorOf, generatorOf, stageOf } from "./sources.ts";

/** What a subscription has in flight at most, and when it asks again. */
interface Window {
  readonly maxDemand: number;
  readonly minDemand: number;
}

const passing = (to: Producer<number>, window: Window): Producer<number> =>
  producerConsumer({ subscribeTo: [{ to, ...window }], handleEvents: (events: readonly number[]) => events });

export const forAwait: SlowRun = (account) => readSlowly(stageOf(account), account);

export const forAwaitOfGenerator: SlowRun = (account) => readSlowly(fromIterable(generatorOf(account)), account);

export const forAwaitOfAsyncGenerator: SlowRun = (account) => readSlowly(fromIterable(asyncGeneratorOf(account)), account);

export const forAwaitBehind =
  (window: Window): SlowRun =>
  (account) =>
    readSlowly(passing(stageOf(account), window), account);

export const events =
  (window: Window): SlowRun =>
  (account) =>
    readSlowly(stageOf(account).events(window), account);

export const batches =
  (window: Window): SlowRun =>
  (account) =>
    readListsSlowly(stageOf(account).batches(window), account);

export const consumed =
  (window: Window): SlowRun =>
  (account) =>
    handleSlowly({ to: stageOf(account), ...window }, account);

/** producer -> producerConsumer -> consumer, both subscriptions with the same window. */
export const chain =
  (window: Window): SlowRun =>
  (account) =>
    handleSlowly({ to: passing(stageOf(account), window), ...window }, account);
