import { Observable } from "rxjs";

import { LIST, numbers } from "./numbers.ts";

/** Pushes whole lists synchronously, as fast as an Observable can be, and lets the event loop turn between them. */
export function pushedLists(events: number): Observable<number> {
  return new Observable((subscriber) => {
    let next = 0;
    let turn: NodeJS.Immediate | undefined;
    const push = (): void => {
      const list = numbers(next, Math.min(next + LIST, events));
      next += list.length;
      for (const n of list) subscriber.next(n);
      if (next < events) turn = setImmediate(push);
      else subscriber.complete();
    };
    push();
    return () => clearImmediate(turn);
  });
}
