/** Observables: a sync one of RxJS that can be paused, and a hand-written one that cannot. */
import { Observable } from "rxjs";
import { dropOldest, fromObservable, pauseResume, type ObservableLike } from "sluice/rxjs";
import type { WayIn } from "../ways.ts";
import { BURST, Driver } from "./driver.ts";
import { plain, stageOptions } from "./stage-options.ts";

const OBSERVABLE = {
  carries: "anything",
  pace: "pushes",
  canWait: true,
  cleanup: "thrown",
  // `unsubscribe()` takes no reason.
  hearsReason: false,
} as const;

const HIGH = 4;

/** All that it may send comes before `subscribe`, or `resume`, has returned. */
export const syncObservable: WayIn = {
  name: "Observable, sync",
  ...OBSERVABLE,
  cleansUpAfter: { end: true, failure: true },
  // RxJS runs it in the call of `complete` or `error`, and throws what it throws to him who calls.
  cleanupIsItsOwn: "RxJS throws it at the source that has ended",
  cleanupShows: (error) => (shown) => (shown as { readonly errors?: readonly unknown[] }).errors?.[0] === error,
  open(source, settings) {
    let driver: Driver | undefined;
    const observable = new Observable<unknown>((subscriber) => {
      driver = new Driver(source, { event: (event) => subscriber.next(event), end: () => subscriber.complete(), fail: (error) => subscriber.error(error) }, true);
      driver.start();
      return () => {
        driver?.stop();
        void source.release();
      };
    });
    const overflow = pauseResume({ pause: () => driver?.pause(), resume: () => driver?.resume(), high: HIGH, low: 1 });
    return { ...plain(fromObservable(observable, { ...stageOptions(settings), overflow })), ahead: HIGH };
  },
};

const KEPT = 64;

/** By its shape, as others than RxJS have it; it says what it likes, also behind its end. */
export const asyncObservable: WayIn = {
  name: "Observable, async",
  ...OBSERVABLE,
  cleansUpAfter: { end: true, failure: true },
  hearsLate: true,
  open(source, settings) {
    const observable: ObservableLike<unknown> = {
      subscribe(observer) {
        const driver = new Driver(source, { event: (event) => observer.next(event), end: () => observer.complete(), fail: (error) => observer.error(error) }, false);
        driver.start();
        return {
          unsubscribe() {
            driver.stop();
            void source.release();
          },
        };
      },
    };
    const stage = fromObservable(observable, { ...stageOptions(settings), overflow: dropOldest(KEPT) });
    // What comes in one turn is looked at together: in the next, when that has no more time.
    return { ...plain(stage), ahead: KEPT + 2 * BURST };
  },
};
