/** The ways to read a stage as an async iterable. */
import type { ReadOptions } from "sluice";
import type { OutSettings, WayOut } from "../ways.ts";
import { Loop, Nexts, batch, one } from "./reading.ts";

const READER = {
  carries: "anything",
  canWait: true,
  // By `return(reason)`. A loop that is left, or whose body throws, calls it without one.
  tellsReason: true,
  tellsFailure: false,
  atOnce: 1,
  abortShows: "reason",
  leaveShowsCleanup: true,
} as const;

/** How many `next()` the last row has in flight. */
const NEXTS = 3;

export const forAwait: WayOut = {
  name: "for await",
  ...READER,
  abortsAt: "in",
  iterate: (producer) => producer[Symbol.asyncIterator](),
  open: (producer, sink) => new Loop(producer[Symbol.asyncIterator](), { windows: 1, sink, eventsOf: one }),
};

export const events: WayOut = {
  name: "events()",
  ...READER,
  abortsAt: "out",
  iterate: (producer, settings) => producer.events(options(settings)),
  open: (producer, sink, settings) => new Loop(producer.events(options(settings)), { windows: settings.maxDemand, sink, eventsOf: one }),
};

export const batches: WayOut = {
  name: "batches()",
  ...READER,
  handsLists: true,
  abortsAt: "out",
  iterate: (producer, settings) => producer.batches(options(settings)),
  open: (producer, sink, settings) => new Loop(producer.batches(options(settings)), { windows: settings.maxDemand, sink, eventsOf: batch }),
};

export const nexts: WayOut = {
  name: `next() x${NEXTS}`,
  ...READER,
  atOnce: NEXTS,
  abortsAt: "in",
  tellsFailure: true,
  iterate: (producer) => producer[Symbol.asyncIterator](),
  open: (producer, sink) => new Nexts(producer[Symbol.asyncIterator](), NEXTS, { sink, eventsOf: one }),
};

function options({ maxDemand, minDemand, closeWithinMs, signal }: OutSettings): ReadOptions {
  return { maxDemand, minDemand, closeWithinMs, signal };
}
