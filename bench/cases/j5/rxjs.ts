import { setImmediate } from "node:timers/promises";

import { from } from "rxjs";
import { eachValueFrom } from "rxjs-for-await";

import { countAsync } from "../count-async.ts";
import { pushedLists } from "../pushed-lists.ts";

/** One way: an observer sums up. */
export function pushed(events: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let sum = 0;
    pushedLists(events).subscribe({
      next(n) {
        sum += n;
      },
      error: reject,
      complete: () => resolve(sum),
    });
  });
}

/** And back: an observer fills an array, a loop swaps it for an empty one in each turn of the event loop. */
export async function swapped(events: number): Promise<number> {
  let list: number[] = [];
  const subscription = pushedLists(events).subscribe((n) => {
    list.push(n);
  });
  let sum = 0;
  while (!subscription.closed || list.length > 0) {
    const taken = list;
    list = [];
    for (const n of taken) sum += n;
    await setImmediate();
  }
  return sum;
}

/** One way: what most would write. */
export function fromAsync(events: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let sum = 0;
    from(countAsync(events)).subscribe({
      next(n) {
        sum += n;
      },
      error: reject,
      complete: () => resolve(sum),
    });
  });
}

/** And back into a loop, by a library for that. */
export async function forAwait(events: number): Promise<number> {
  let sum = 0;
  for await (const n of eachValueFrom(pushedLists(events))) sum += n;
  return sum;
}
