/** `fromEvents` keeps the contract of a way in. */
import { EventEmitter } from "node:events";
import { describe, test } from "vitest";
import { fromEvents, unbounded, type EmitterLike, type EventTargetLike } from "sluice/events";
import { wayInContract, type WayInSource } from "sluice/testing";
import { play } from "../support/play.ts";

/** An emitter that does what a contract says while somebody listens. */
function emitter(source: WayInSource<unknown>): EmitterLike {
  const emitting = new EventEmitter();
  const say = {
    isOver: () => emitting.listenerCount("event") === 0,
    event: (event: unknown) => void emitting.emit("event", event),
    end: () => void emitting.emit("end"),
    error: (error: unknown) => void emitting.emit("error", error),
  };
  emitting.on("newListener", (name) => {
    // Not in this call: who listens to several events has not come to the others yet.
    if (name === "event") queueMicrotask(() => play(source, say));
  });
  emitting.on("removeListener", (name) => {
    if (name === "event") void source.release();
  });
  return emitting;
}

/** An event target: it can wait, but knows neither an end nor an error. */
function target(source: WayInSource<number, "wait">): EventTargetLike {
  const real = new EventTarget();
  let heard = 0;
  const say = {
    isOver: () => heard === 0,
    event: (detail: number) => void real.dispatchEvent(new CustomEvent("event", { detail })),
    end: () => undefined,
    error: () => undefined,
  };
  return {
    addEventListener(name, listener) {
      heard += 1;
      real.addEventListener(name, listener);
      queueMicrotask(() => play(source, say));
    },
    removeEventListener(name, listener) {
      heard -= 1;
      real.removeEventListener(name, listener);
      void source.release();
    },
  };
}

describe("fromEvents of an emitter keeps the contract: it", () => {
  const cases = wayInContract<unknown, "end" | "error" | "wait">({
    event: (n) => n,
    can: ["end", "error", "wait"],
    prefetch: Infinity,
    odd: () => true,
    open: (source, settings) => fromEvents(emitter(source), "event", { ...settings, end: "end", overflow: unbounded }),
  });
  for (const { name, run } of cases) test(name, run);
});

describe("fromEvents of an event target keeps the contract: it", () => {
  const cases = wayInContract<number, "wait">({
    event: (n) => n,
    can: ["wait"],
    prefetch: Infinity,
    open: (source, settings) => fromEvents<number>(target(source), "event", { ...settings, select: ({ detail }: CustomEvent<number>) => detail, overflow: unbounded }),
  });
  for (const { name, run } of cases) test(name, run);
});
