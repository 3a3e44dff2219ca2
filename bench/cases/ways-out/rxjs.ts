import { from } from "rxjs";
import { toObservable } from "sluice/rxjs";

import type { WayOut } from "./way-out.ts";

/** An observer, without RxJS. */
export const observer: WayOut = (numbers) =>
  new Promise((resolve, reject) => {
    let sum = 0;
    toObservable(numbers).subscribe({
      next(n) {
        sum += n;
      },
      error: reject,
      complete: () => resolve(sum),
    });
  });

/** As an Observable of RxJS. */
export const observable: WayOut = (numbers) =>
  new Promise((resolve, reject) => {
    let sum = 0;
    from(toObservable(numbers)).subscribe({
      next(n) {
        sum += n;
      },
      error: reject,
      complete: () => resolve(sum),
    });
  });
