import { propagateTask } from "@most/core";
import { asap } from "@most/scheduler";
import type { Stream } from "@most/types";

/** Pushes all events in one go: the library has no range of its own. */
export function countMost(events: number): Stream<number> {
  return {
    run: (sink, scheduler) =>
      asap(
        propagateTask(
          (time, count, to) => {
            for (let n = 0; n < count; n++) to.event(time, n);
            to.end(time);
          },
          events,
          sink,
        ),
        scheduler,
      ),
  };
}
