/** What emits events, by the shape that we need. */

/** The name of an event. */
export type EventName = string | symbol;

/** What hears an event. */
export type Listener = (...args: unknown[]) => void;

/** An `EventEmitter` of Node, and the many that have its methods. */
export interface EmitterLike {
  on(name: string, listener: Listener): unknown;
  removeListener(name: string, listener: Listener): unknown;
}

/** An `EventTarget`: of the DOM, an `AbortSignal`, a `MessagePort`, a `WebSocket`. */
export interface EventTargetLike {
  addEventListener(name: string, listener: (event: unknown) => void): unknown;
  removeEventListener(name: string, listener: (event: unknown) => void): unknown;
}
