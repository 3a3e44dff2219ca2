/** What the tests take of `node:events`, in a page. */

export { EventEmitter } from "events";

const heard = new WeakMap<EventTarget, Map<string, Set<unknown>>>();

/** The listeners of a target, as Node tells them: all that were added since this module was loaded and not removed. */
export function getEventListeners(target: EventTarget, type: string): readonly unknown[] {
  return [...(heard.get(target)?.get(type) ?? [])];
}

function listenersOf(target: EventTarget, type: string): Set<unknown> {
  const types = heard.get(target) ?? new Map<string, Set<unknown>>();
  heard.set(target, types);
  const listeners = types.get(type) ?? new Set();
  types.set(type, listeners);
  return listeners;
}

// oxlint-disable-next-line typescript/unbound-method -- they are called with each target
const { addEventListener, removeEventListener } = EventTarget.prototype;

EventTarget.prototype.addEventListener = function (type, listener, options): void {
  const { once = false, signal } = typeof options === "object" && options !== null ? options : {};
  addEventListener.call(this, type, listener, options);
  if (listener === null || signal?.aborted === true) return;
  const listeners = listenersOf(this, type);
  listeners.add(listener);
  const forget = (): void => void listeners.delete(listener);
  if (once) addEventListener.call(this, type, forget, { once: true });
  if (signal !== undefined) addEventListener.call(signal, "abort", forget, { once: true });
};

EventTarget.prototype.removeEventListener = function (type, listener, options): void {
  removeEventListener.call(this, type, listener, options);
  heard.get(this)?.get(type)?.delete(listener);
};
