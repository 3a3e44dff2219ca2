import type { LatestBy } from "./buffer.ts";
import { checkOption, isFunction } from "./options.ts";

/**
 * Keeps the latest event of each key: for events that replace each other, as the price of a share does. It is a `bufferKeep`,
 * and an overflow policy; there may be as many keys as `bufferSize` says, and a further one costs the one that waits longest.
 *
 * `key` is called when an event is buffered, and when it goes; one that throws ends the stage with its error.
 *
 * @throws BadOptionError when `key` is no function
 */
export function latestBy<Event>(key: (event: Event) => unknown): LatestBy<Event> {
  checkOption("the key of latestBy", key, isFunction);
  return { type: "latestBy", key };
}

export function isLatestBy(value: unknown): value is LatestBy<never> {
  return typeof value === "object" && value !== null && "type" in value && value.type === "latestBy" && "key" in value && typeof value.key === "function";
}
