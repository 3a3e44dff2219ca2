import type { EventEmitter } from "node:events";

/** How many listeners a stream has, by event: what an adapter leaves behind shows. */
export function listeners(stream: EventEmitter): Record<string, number> {
  return Object.fromEntries(stream.eventNames().map((name) => [String(name), stream.listenerCount(name)]));
}
