/** What a boundary must not leave behind on a native side. */
import type { EventEmitter } from "node:events";

/** How many listeners an emitter has now; later, which it has in addition. */
export function listenersOf(emitter: EventEmitter): { more(): readonly string[] } {
  const before = new Map(emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]));
  return {
    more: () =>
      emitter
        .eventNames()
        .filter((name) => emitter.listenerCount(name) > (before.get(name) ?? 0))
        .map((name) => `${emitter.listenerCount(name) - (before.get(name) ?? 0)} listeners of '${String(name)}'`),
  };
}
