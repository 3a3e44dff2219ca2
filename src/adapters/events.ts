/**
 * Emitters and event targets: their events as a producer.
 *
 * @module sluice/events
 */
export { dropNewest, dropOldest, error, latest, latestBy, pauseResume, sample, unbounded, type LatestBy, type Overflow, type PauseResume, type PauseResumeOptions } from "../core/index.ts";
export { fromEvents, type EventSource, type FromEventsOptions } from "./events/from-events.ts";
export type { EmitterLike, EventName, EventTargetLike, Listener } from "./events/shapes.ts";
