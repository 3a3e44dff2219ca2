/** The listeners of one stage at one emitter: all of them go together. */
import type { EmitterLike, EventName, EventTargetLike, Listener } from "./shapes.ts";

export function isEmitter(source: unknown): source is EmitterLike {
  return hasMethods(source, "on", "removeListener");
}

export function isEventTarget(source: unknown): source is EventTargetLike {
  return hasMethods(source, "addEventListener", "removeEventListener");
}

/** Listens in the order of the list; returns what ends all of it. An `on` that throws leaves none behind. */
export function listen(source: EmitterLike | EventTargetLike, listeners: readonly (readonly [EventName, Listener])[]): () => void {
  const added: (readonly [string, Listener])[] = [];
  const end = (): void => {
    for (const [name, listener] of added.splice(0)) {
      if (isEmitter(source)) source.removeListener(name, listener);
      else source.removeEventListener(name, listener);
    }
  };
  try {
    for (const [key, listener] of listeners) {
      // The types of emitters say strings; symbols are keys like any other.
      const name = key as string;
      if (isEmitter(source)) source.on(name, listener);
      else source.addEventListener(name, listener);
      added.push([name, listener]);
    }
  } catch (error) {
    end();
    throw error;
  }
  return end;
}

function hasMethods(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === "object" && value !== null && names.every((name) => typeof Reflect.get(value, name) === "function");
}
