/** Consumers: sync, async in a pipeline, and with several events at once. */
import { isThenable, type Self } from "sluice";
import { LEAVE, type Sink } from "../sink.ts";
import type { WayOut } from "../ways.ts";
import { Consuming } from "./consuming.ts";
import { Piped } from "./piped.ts";

const CONSUMER = {
  carries: "anything",
  atOnce: 1,
  tellsReason: true,
  tellsFailure: true,
  endCanFail: true,
  leaveShowsCleanup: false,
  abortsAt: "out",
} as const;

export const syncConsumer: WayOut = {
  name: "consumer, sync",
  ...CONSUMER,
  canWait: false,
  handsLists: true,
  abortShows: "nothing",
  open: (producer, sink, settings) =>
    new Consuming(producer, sink, settings, {
      handleEvents(list, _, self) {
        for (const event of list) if (isOver(sink, sink.take(event), self)) return;
      },
    }),
};

/** In a pipeline, which rejects. */
export const asyncConsumer: WayOut = {
  name: "consumer, async",
  ...CONSUMER,
  canWait: true,
  handsLists: true,
  losesAtFailure: true,
  tellsReason: "as cause",
  abortShows: "reason",
  open: (producer, sink, settings) =>
    new Piped(producer, sink, settings, {
      async handleEvents(list, _, self) {
        for (const event of list) if (isOver(sink, await sink.take(event), self)) return;
      },
    }),
};

const AT_ONCE = 3;

export const concurrentConsumer: WayOut = {
  name: `consumer x${AT_ONCE}`,
  ...CONSUMER,
  atOnce: AT_ONCE,
  canWait: true,
  abortShows: "nothing",
  open: (producer, sink, settings) =>
    new Consuming(producer, sink, settings, {
      concurrency: AT_ONCE,
      handleEvent(event, self) {
        if (sink.hasLeft) return undefined;
        const verdict = sink.take(event);
        if (isThenable(verdict)) return verdict.then((settled) => void isOver(sink, settled, self));
        isOver(sink, verdict, self);
        return undefined;
      },
    }),
};

/** Whether the user takes no more: he says so now, has left in his own handler, or his stage was stopped. */
function isOver(sink: Sink, verdict: unknown, self: Self): boolean {
  if (verdict === LEAVE) self.stop();
  return sink.hasLeft || self.signal.aborted;
}
