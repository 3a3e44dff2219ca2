/** Operators of RxJS, behind the gate and alone: how far the source runs ahead of a loop that takes its time for each output. */
import { bufferCount, concatMap, filter, from, groupBy, mergeMap, pipe, type OperatorFunction } from "rxjs";
import { sync, throughOperators, tracked, type Operators } from "sluice/rxjs";

import type { Account, SlowRun } from "../../measures/truth.ts";
import { generatorOf, stageOf } from "./sources.ts";

const work = (n: number): Promise<number> => Promise.resolve(n);
const save = (list: readonly number[]): Promise<number> => Promise.resolve(list.length);

interface Chain {
  /** How many events are in an output. */
  readonly each: number;
  readonly plain: (account: Account) => OperatorFunction<number, unknown>;
  readonly operators: (account: Account) => Operators<number, unknown>;
}

export type ChainName = "mergeMap" | "filter" | "bufferCount" | "concatMap" | "groupBy" | "mix";

/** Counts what it drops. */
const one =
  (of: number) =>
  (account: Account) =>
  (n: number): boolean => {
    const isKept = n % of === 0;
    if (!isKept) account.drop();
    return isKept;
  };
const oneInTen = one(10);
const oneInTwo = one(2);
const groups = (concat: typeof concatMap): OperatorFunction<number, number> =>
  pipe(
    groupBy((n: number) => n % 3),
    mergeMap((group) => group.pipe(concat(work))),
  );
const mix = (account: Account, merge: typeof mergeMap, concat: typeof concatMap): OperatorFunction<number, number> =>
  pipe(filter(oneInTwo(account)), merge(work, 8), bufferCount(5), concat(save));

const CHAINS: Readonly<Record<ChainName, Chain>> = {
  mergeMap: { each: 1, plain: () => mergeMap(work, 8), operators: () => tracked({ mergeMap }, (g) => g.mergeMap(work, 8)) },
  filter: { each: 1, plain: (account) => filter(oneInTen(account)), operators: (account) => sync(filter(oneInTen(account))) },
  bufferCount: { each: 5, plain: () => bufferCount(5), operators: () => sync(bufferCount<number>(5)) },
  concatMap: { each: 1, plain: () => concatMap(work), operators: () => tracked({ concatMap }, (g) => g.concatMap(work)) },
  groupBy: { each: 1, plain: () => groups(concatMap), operators: () => tracked({ concatMap }, (g) => groups(g.concatMap)) },
  mix: { each: 5, plain: (account) => mix(account, mergeMap, concatMap), operators: (account) => tracked({ mergeMap, concatMap }, (g) => mix(account, g.mergeMap, g.concatMap)) },
};

export const gated =
  (name: ChainName, maxDemand: number): SlowRun =>
  async (account) => {
    const { each, operators } = CHAINS[name];
    const stage = throughOperators(operators(account), { feed: "eager", subscribeTo: [{ to: stageOf(account), maxDemand }] });
    for await (const _ of stage) if (!(await account.consumeSome(each))) break;
  };

export const alone =
  (name: ChainName): SlowRun =>
  (account) =>
    new Promise((resolve, reject) => {
      const { each, plain } = CHAINS[name];
      const subscription = from(generatorOf(account))
        .pipe(plain(account), concatMap(() => account.consumeSome(each)))
        .subscribe({
          next(wantsMore) {
            if (wantsMore) return;
            subscription.unsubscribe();
            resolve();
          },
          error: reject,
        });
    });
