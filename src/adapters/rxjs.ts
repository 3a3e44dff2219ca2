/**
 * Observables: of RxJS, and whatever has their shape. Nothing of RxJS is loaded.
 *
 * @module sluice/rxjs
 */
export { dropNewest, dropOldest, error, latest, latestBy, pauseResume, sample, unbounded, type LatestBy, type Overflow, type PauseResume, type PauseResumeOptions } from "../core/index.ts";
export { fromObservable, type FromObservableOptions } from "./rxjs/from-observable.ts";
export { toObservable, type ToObservableOptions } from "./rxjs/to-observable.ts";
export { eager, paced, settled, type Pace } from "./rxjs/pace.ts";
export type { NotifierLike, ObservableLike, ObservableSource, ObserveOptions, ObservedProducer, ObserverLike, ObserverSubscription } from "./rxjs/shapes.ts";
export { each, sync, tracked, type EachOptions, type Flatteners, type Operators } from "./rxjs/operators.ts";
export type { ObservableOf, Operator } from "./rxjs/gate/passage.ts";
export { throughOperators, type ThroughOperatorsOptions } from "./rxjs/through-operators.ts";
