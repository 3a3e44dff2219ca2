import { interval, Observable } from "rxjs";
import { fromEvents, pauseResume } from "sluice/events";
import { fromObservable, paced, settled, toObservable, type ToObservableOptions } from "sluice/rxjs";

import type { Account, SlowRun } from "../../measures/truth.ts";
import { readSlowly } from "./sinks.ts";
import { Numbers, stageOf } from "./sources.ts";

/** `next` returns a promise. */
export const toObservableSettled: SlowRun = (account) => observe(account, { pace: settled }, (event) => account.consume(event));

/** So many more are asked for at each tick of a clock. */
export const toObservablePaced =
  (count: number): SlowRun =>
  (account) =>
    observe(account, { pace: paced(interval(1), count) }, (event) => account.consumeNow(event));

/** `next` returns when its millisecond is over. */
export const toObservableEager =
  (maxDemand: number): SlowRun =>
  (account) =>
    observe(account, { maxDemand }, (event) => {
      const end = performance.now() + 1;
      while (performance.now() < end) continue;
      return account.consumeNow(event);
    });

function observe(account: Account, options: ToObservableOptions, consume: (event: number) => boolean | Promise<boolean>): Promise<void> {
  return new Promise((resolve, reject) => {
    const subscription = toObservable(stageOf(account), options).subscribe({
      next(event) {
        const wantsMore = consume(event);
        if (typeof wantsMore !== "boolean") return wantsMore.then(end, reject);
        return end(wantsMore);
      },
      error: reject,
    });
    const end = (wantsMore: boolean): void => {
      if (wantsMore) return;
      subscription.unsubscribe();
      resolve();
    };
  });
}

interface Marks {
  readonly high: number;
  readonly low: number;
}

export const fromEventsPausing =
  (marks: Marks): SlowRun =>
  async (account) => {
    const source = new Numbers(account);
    await readSlowly(fromEvents<number>(source, "number", { overflow: pauses(source, marks) }), account);
    source.stop();
  };

export const fromObservablePausing =
  (marks: Marks): SlowRun =>
  async (account) => {
    const source = new Numbers(account);
    const observable = new Observable<number>((subscriber) => {
      source.on("number", (event: number) => subscriber.next(event));
      return () => source.stop();
    });
    await readSlowly(fromObservable(observable, { overflow: pauses(source, marks) }), account);
  };

const pauses = (source: Numbers, marks: Marks) => pauseResume({ ...marks, pause: () => source.pause(), resume: () => source.resume() });
