import { from } from "rxjs";
import type { Producer } from "sluice";
import { fromObservable, toObservable, unbounded } from "sluice/rxjs";

/** Through an Observable of RxJS, as code that already uses it would have it. */
export const overAndBack = (numbers: Producer<number>): Producer<number> => fromObservable(from(toObservable(numbers)), { overflow: unbounded });
