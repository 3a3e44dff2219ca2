/** The operators, with RxJS alone: a source that counts as fast as it can, into a sum. */
import { Observable, bufferCount, concatMap, filter, map, mergeMap, pipe, type OperatorFunction } from "rxjs";

import type { Run } from "../../measures/calibrate.ts";

const increment = (n: number): number => n + 1;
const later = (n: number): Promise<number> => Promise.resolve(n);
const inNextTurn = (n: number): Promise<number> => new Promise((resolve) => setImmediate(resolve, n));
const sumOf = (list: readonly number[]): Promise<number> => Promise.resolve(list.reduce((sum, n) => sum + n, 0));

const through =
  (operator: OperatorFunction<number, number>): Run =>
  (events) =>
    new Promise((resolve, reject) => {
      let sum = 0;
      new Observable<number>((subscriber) => {
        for (let n = 0; n < events; n++) subscriber.next(n);
        subscriber.complete();
      })
        .pipe(operator)
        .subscribe({
          next(n) {
            sum += n;
          },
          error: reject,
          complete: () => resolve(sum),
        });
    });

export const mapAndFilter: Run = through(pipe(map(increment), filter((n) => n % 2 === 0)));
export const fourMaps: Run = through(pipe(map(increment), map(increment), map(increment), map(increment)));
export const gathering: Run = through(pipe(bufferCount(10), map((list) => list.reduce((sum, n) => sum + n, 0))));
export const merging: Run = through(mergeMap(later, 8));
export const mergingTurns: Run = through(mergeMap(inNextTurn, 8));
export const concatenating: Run = through(concatMap(later));
export const mixed: Run = through(pipe(mergeMap(later, 8), bufferCount(10), concatMap(sumOf)));
