/** Operators of RxJS, behind the gate and alone: how far the source runs ahead of a loop that takes its time for each output. */
import { bufferCount, concatMap, filter, from, groupBy, mergeMap, pipe, type OperatorFunction } from "rxjs";
import { sync, throughOperators, tracked, type Operators } from "sluice/rxjs";

import type { SlowRun } from "../../measures/truth.ts";
import { generatorOf, stageOf } from "./sources.ts";

const work = (n: number): Promise<number> => Promise.resolve(n);
const save = (list: readonly number[]): Promise<number> => Promise.resolve(list.length);

interface Chain {
  /** How many events an output takes. */
  readonly each: number;
  readonly plain: OperatorFunction<number, unknown>;
  readonly operators: Operators<number, unknown>;
}

export type ChainName = "mergeMap" | "filter" | "bufferCount" | "concatMap" | "groupBy" | "mix";

const groups = (concat: typeof concatMap): OperatorFunction<number, number> =>
  pipe(
    groupBy((n: number) => n % 3),
    mergeMap((group) => group.pipe(concat(work))),
  );
const mix = (merge: typeof mergeMap, concat: typeof concatMap): OperatorFunction<number, number> =>
  pipe(
    filter((n: number) => n % 2 === 0),
    merge(work, 8),
    bufferCount(5),
    concat(save),
  );

const CHAINS: Readonly<Record<ChainName, Chain>> = {
  mergeMap: { each: 1, plain: mergeMap(work, 8), operators: tracked({ mergeMap }, (g) => g.mergeMap(work, 8)) },
  filter: { each: 10, plain: filter((n) => n % 10 === 9), operators: sync(filter((n: number) => n % 10 === 9)) },
  bufferCount: { each: 5, plain: bufferCount(5), operators: sync(bufferCount<number>(5)) },
  concatMap: { each: 1, plain: concatMap(work), operators: tracked({ concatMap }, (g) => g.concatMap(work)) },
  groupBy: { each: 1, plain: groups(concatMap), operators: tracked({ concatMap }, (g) => groups(g.concatMap)) },
  mix: { each: 10, plain: mix(mergeMap, concatMap), operators: tracked({ mergeMap, concatMap }, (g) => mix(g.mergeMap, g.concatMap)) },
};

export const gated =
  (name: ChainName, maxDemand: number): SlowRun =>
  async (account) => {
    const { each, operators } = CHAINS[name];
    const stage = throughOperators(operators, { feed: "eager", subscribeTo: [{ to: stageOf(account), maxDemand }] });
    for await (const _ of stage) if (!(await account.consumeSome(each))) break;
  };

export const alone =
  (name: ChainName): SlowRun =>
  (account) =>
    new Promise((resolve, reject) => {
      const { each, plain } = CHAINS[name];
      const subscription = from(generatorOf(account))
        .pipe(plain, concatMap(() => account.consumeSome(each)))
        .subscribe({
          next(wantsMore) {
            if (wantsMore) return;
            subscription.unsubscribe();
            resolve();
          },
          error: reject,
        });
    });
