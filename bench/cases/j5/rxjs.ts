import { setImmediate } from "node:timers/promises";

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
