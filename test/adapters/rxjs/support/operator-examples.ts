/** An example of every operator of RxJS, by where it goes: what `docs/07-through-rxjs.md` says in its table. */
import type { MonoTypeOperatorFunction, OperatorFunction } from "rxjs";
import * as operators7 from "rxjs/operators";
import type { Rx } from "./versions.ts";

type AnyOperator = OperatorFunction<number, unknown>;

/** The flattening operators, as `tracked` gives them to its function. */
export type Flattening = Pick<Rx, "mergeMap" | "flatMap" | "mergeMapTo" | "mergeAll" | "mergeScan" | "expand" | "concatMap" | "concatMapTo" | "concatAll" | "switchMap" | "switchMapTo" | "switchAll" | "switchScan" | "exhaustMap" | "exhaustAll" | "exhaust">;

/** Operators that only `rxjs/operators` of version 7 has. */
type Old = Pick<typeof operators7, "combineLatest" | "concat" | "merge" | "race" | "zip" | "onErrorResumeNext">;
export const old: Old = operators7;

const even = (n: number): boolean => n % 2 === 0;
const later = (n: number): Promise<number> => Promise.resolve(n);

export const SYNC: Readonly<Record<string, (rx: Rx) => AnyOperator>> = {
  bufferCount: ({ bufferCount }) => bufferCount(5),
  catchError: ({ catchError, map, of, pipe }) => pipe(map((n: number) => (n === 5 ? fail() : n)), catchError(() => of("caught"))),
  concat: ({ of }) => old.concat(of(100)),
  concatWith: ({ concatWith, of }) => concatWith(of(100)),
  connect: ({ connect, map }) => connect((shared) => shared.pipe(map((n: number) => n + 1))),
  count: ({ count }) => count(even),
  defaultIfEmpty: ({ defaultIfEmpty, filter, pipe }) => pipe(filter((n: number) => n > 100), defaultIfEmpty(-1)),
  dematerialize: ({ dematerialize, materialize, pipe }) => pipe(materialize<number>(), dematerialize()),
  distinct: ({ distinct }) => distinct((n: number) => n % 3),
  distinctUntilChanged: ({ distinctUntilChanged, map, pipe }) => pipe(map((n: number) => n >> 2), distinctUntilChanged()),
  distinctUntilKeyChanged: ({ distinctUntilKeyChanged, map, pipe }) => pipe(map((n: number) => ({ key: n >> 2 })), distinctUntilKeyChanged("key")),
  elementAt: ({ elementAt }) => elementAt(3),
  endWith: ({ endWith }) => endWith(100),
  every: ({ every }) => every((n: number) => n < 5),
  filter: ({ filter }) => filter(even),
  finalize: ({ finalize }) => finalize(() => undefined),
  find: ({ find }) => find((n: number) => n === 7),
  findIndex: ({ findIndex }) => findIndex((n: number) => n === 7),
  first: ({ first }) => first(even),
  groupBy: ({ groupBy, mergeMap, pipe, toArray }) => pipe(groupBy((n: number) => n % 3), mergeMap((group) => group.pipe(toArray()))),
  ignoreElements: ({ ignoreElements }) => ignoreElements(),
  isEmpty: ({ isEmpty }) => isEmpty(),
  last: ({ last }) => last(even),
  map: ({ map }) => map((n: number) => n * 2),
  mapTo: ({ mapTo }) => mapTo("x"),
  materialize: ({ materialize, map, pipe }) => pipe(materialize<number>(), map(({ kind }) => kind)),
  max: ({ max }) => max(),
  min: ({ min }) => min(),
  multicast: ({ multicast, map, Subject }) => multicast(() => new Subject<number>(), (shared) => shared.pipe(map((n: number) => n + 1))),
  onErrorResumeNext: ({ of }) => old.onErrorResumeNext(of(100)),
  onErrorResumeNextWith: ({ onErrorResumeNextWith, of }) => onErrorResumeNextWith(of(100)),
  pairwise: ({ pairwise }) => pairwise(),
  pluck: ({ pluck, map, pipe }) => pipe(map((n: number) => ({ n })), pluck("n")),
  publish: ({ publish, map }) => publish((shared) => shared.pipe(map((n: number) => n + 1))),
  publishBehavior: ({ publishBehavior, refCount, pipe }) => pipe(publishBehavior(100), refCount()),
  publishLast: ({ publishLast, refCount, pipe }) => pipe(publishLast(), refCount()),
  publishReplay: ({ publishReplay, refCount, pipe }) => pipe(publishReplay(2) as MonoTypeOperatorFunction<number>, refCount()),
  reduce: ({ reduce }) => reduce((sum: number, n: number) => sum + n, 0),
  refCount: ({ publish, refCount, pipe }) => pipe(publish() as MonoTypeOperatorFunction<number>, refCount()),
  repeat: ({ repeat, take, pipe }) => pipe(take<number>(3), repeat(2)),
  repeatWhen: ({ repeatWhen, take, takeWhile, pipe }) => pipe(take<number>(3), repeatWhen((ends) => ends.pipe(takeWhile((_, index) => index < 1)))),
  retry: ({ retry, map, pipe }) => pipe(map((n: number) => (n === 5 ? fail() : n)), retry(1)),
  retryWhen: ({ retryWhen, map, pipe, take }) => pipe(map((n: number) => (n === 5 ? fail() : n)), retryWhen((errors) => errors.pipe(take(1)))),
  scan: ({ scan }) => scan((sum: number, n: number) => sum + n, 0),
  sequenceEqual: ({ sequenceEqual, from }) => sequenceEqual(from([0, 1, 2])),
  share: ({ share }) => share(),
  shareReplay: ({ shareReplay }) => shareReplay({ bufferSize: 1, refCount: true }),
  single: ({ single }) => single((n: number) => n === 7),
  skip: ({ skip }) => skip(3),
  skipLast: ({ skipLast }) => skipLast(3),
  skipUntil: ({ skipUntil, of }) => skipUntil(of(1)),
  skipWhile: ({ skipWhile }) => skipWhile((n: number) => n < 4),
  startWith: ({ startWith }) => startWith(100),
  subscribeOn: ({ subscribeOn, asyncScheduler }) => subscribeOn(asyncScheduler),
  take: ({ take }) => take(3),
  takeLast: ({ takeLast }) => takeLast(3),
  takeUntil: ({ takeUntil, NEVER }) => takeUntil(NEVER),
  takeWhile: ({ takeWhile }) => takeWhile((n: number) => n < 4),
  tap: ({ tap }) => tap(() => undefined),
  throwIfEmpty: ({ throwIfEmpty }) => throwIfEmpty(),
  timeInterval: ({ timeInterval, map, pipe }) => pipe(timeInterval<number>(), map(({ value }) => value)),
  timestamp: ({ timestamp, map, pipe }) => pipe(timestamp<number>(), map(({ value }) => value)),
  toArray: ({ toArray }) => toArray(),
  windowCount: ({ windowCount, concatMap, toArray, pipe }) => pipe(windowCount<number>(5), concatMap((part) => part.pipe(toArray()))),
  withLatestFrom: ({ withLatestFrom, of }) => withLatestFrom(of("x")),
};

export const TRACKED: Readonly<Record<string, (rx: Rx, g: Flattening) => AnyOperator>> = {
  mergeMap: (_, { mergeMap }) => mergeMap(later, 4),
  flatMap: (_, { flatMap }) => flatMap(later, 4),
  mergeMapTo: ({ of }, { mergeMapTo }) => mergeMapTo(of("a", "b"), 4),
  mergeAll: ({ map, pipe }, { mergeAll }) => pipe(map(later), mergeAll(4)),
  mergeScan: (_, { mergeScan }) => mergeScan((sum: number, n: number) => later(sum + n), 0, 1),
  expand: ({ EMPTY, of }, { expand }) => expand((n: number) => (n > 20 ? EMPTY : of(n * 2 + 7)), 1),
  concatMap: (_, { concatMap }) => concatMap(later),
  concatMapTo: ({ of }, { concatMapTo }) => concatMapTo(of("a", "b")),
  concatAll: ({ map, pipe }, { concatAll }) => pipe(map(later), concatAll()),
  // Behind a gate nothing comes while they are busy, so these are plain RxJS's of inner observables that are synchronous.
  switchMap: ({ of }, { switchMap }) => switchMap((n: number) => of(n, n)),
  switchMapTo: ({ of }, { switchMapTo }) => switchMapTo(of("a", "b")),
  switchAll: ({ map, of, pipe }, { switchAll }) => pipe(map((n: number) => of(n, n)), switchAll()),
  switchScan: ({ of }, { switchScan }) => switchScan((sum: number, n: number) => of(sum + n), 0),
  exhaustMap: ({ of }, { exhaustMap }) => exhaustMap((n: number) => of(n, n)),
  exhaustAll: ({ map, of, pipe }, { exhaustAll }) => pipe(map((n: number) => of(n, n)), exhaustAll()),
  exhaust: ({ map, of, pipe }, { exhaust }) => pipe(map((n: number) => of(n, n)), exhaust()),
};

/** Each emits at a time of its own, a few ms after the first events. */
export const PUSH: Readonly<Record<string, (rx: Rx) => AnyOperator>> = {
  audit: ({ audit, timer }) => audit(() => timer(1)),
  auditTime: ({ auditTime }) => auditTime(1),
  buffer: ({ buffer, timer }) => buffer(timer(1)),
  bufferTime: ({ bufferTime }) => bufferTime(1),
  bufferToggle: ({ bufferToggle, of, timer }) => bufferToggle(of(1), () => timer(1)),
  bufferWhen: ({ bufferWhen, timer }) => bufferWhen(() => timer(1)),
  combineAll: ({ combineAll, map, take, timer, pipe }) => pipe(take<number>(2), map(() => timer(1)), combineAll()),
  combineLatest: ({ timer }) => old.combineLatest(timer(1)),
  combineLatestAll: ({ combineLatestAll, map, take, timer, pipe }) => pipe(take<number>(2), map(() => timer(1)), combineLatestAll()),
  combineLatestWith: ({ combineLatestWith, timer }) => combineLatestWith(timer(1)),
  debounce: ({ debounce, timer }) => debounce(() => timer(1)),
  debounceTime: ({ debounceTime }) => debounceTime(1),
  delay: ({ delay }) => delay(1),
  delayWhen: ({ delayWhen, timer }) => delayWhen(() => timer(1)),
  merge: ({ timer }) => old.merge(timer(1)),
  mergeWith: ({ mergeWith, timer }) => mergeWith(timer(1)),
  observeOn: ({ observeOn, asyncScheduler }) => observeOn(asyncScheduler),
  race: ({ filter, timer, pipe }) => pipe(filter((n: number) => n > 100), old.race(timer(1))),
  raceWith: ({ filter, raceWith, timer, pipe }) => pipe(filter((n: number) => n > 100), raceWith(timer(1))),
  sample: ({ sample, timer }) => sample(timer(1)),
  sampleTime: ({ sampleTime }) => sampleTime(1),
  throttle: ({ throttle, timer }) => throttle(() => timer(1), { leading: false, trailing: true }),
  throttleTime: ({ throttleTime }) => throttleTime(1, undefined, { leading: false, trailing: true }),
  timeout: ({ timeout, of }) => timeout({ each: 1, with: () => of("late") }),
  timeoutWith: ({ timeoutWith, of }) => timeoutWith(1, of("late")),
  window: ({ window, timer }) => window(timer(1)),
  windowTime: ({ windowTime }) => windowTime(1),
  windowToggle: ({ windowToggle, timer }) => windowToggle(timer(1), () => timer(1)),
  windowWhen: ({ windowWhen, timer }) => windowWhen(() => timer(1)),
  zip: ({ timer }) => old.zip(timer(1)),
  zipAll: ({ zipAll, map, take, timer, pipe }) => pipe(take<number>(2), map(() => timer(1)), zipAll()),
  zipWith: ({ zipWith, timer }) => zipWith(timer(1)),
};

/** Not a chain: it makes two of one. */
export const NONE: readonly string[] = ["partition"];

function fail(): never {
  throw new Error("boom");
}
