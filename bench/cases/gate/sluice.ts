/** The operators behind the gate: a producer that counts, into a consumer that sums up. */
import { bufferCount, concatMap, filter, map, mergeMap, pipe } from "rxjs";
import { each, sync, throughOperators, tracked, type Operators } from "sluice/rxjs";

import type { Run } from "../../measures/calibrate.ts";
import { counter } from "../sluice-counter.ts";
import { totals } from "../sluice-totals.ts";
import { total } from "../sums.ts";

const increment = (n: number): number => n + 1;
const later = (n: number): Promise<number> => Promise.resolve(n);
const inNextTurn = (n: number): Promise<number> => new Promise((resolve) => setImmediate(resolve, n));
const sumOf = (list: readonly number[]): Promise<number> => Promise.resolve(list.reduce((sum, n) => sum + n, 0));

const through =
  (operators: Operators<number, number>): Run =>
  async (events) =>
    total(await totals(throughOperators(operators, { subscribeTo: [counter(events)] }), 1, 1000, 500));

export const mapAndFilter: Run = through(sync(map(increment), filter((n) => n % 2 === 0)));
export const fourMaps: Run = through(sync(map(increment), map(increment), map(increment), map(increment)));
export const gathering: Run = through(sync(bufferCount<number>(10), map((list) => list.reduce((sum, n) => sum + n, 0))));
export const merging: Run = through(tracked({ mergeMap }, (g) => g.mergeMap(later, 8)));
export const mergingTurns: Run = through(tracked({ mergeMap }, (g) => g.mergeMap(inNextTurn, 8)));
export const concatenating: Run = through(tracked({ concatMap }, (g) => g.concatMap(later)));
export const mixed: Run = through(tracked({ mergeMap, concatMap }, (g) => pipe(g.mergeMap(later, 8), bufferCount(10), g.concatMap(sumOf))));
export const copies: Run = through(each(concatMap(later), { concurrency: 8, ordered: false }));
