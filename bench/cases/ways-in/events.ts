import { EventEmitter } from "node:events";

import { fromEvents, pauseResume } from "sluice/events";

import { LIST } from "../numbers.ts";
import type { WayIn } from "./way-in.ts";

/** An emitter that pauses when it is told to, and lets the event loop turn after 1,000 events. */
export const emitter: WayIn = (events) => {
  const source = new EventEmitter();
  let next = 0;
  let isPaused = false;
  let turn: NodeJS.Immediate | undefined;
  const emit = (): void => {
    turn = undefined;
    for (let left = LIST; left > 0 && next < events; left--) {
      source.emit("number", next++);
      if (isPaused) break;
    }
    if (next === events) source.emit("end");
    else if (!isPaused) turn = setImmediate(emit);
  };
  const overflow = pauseResume({
    high: 2 * LIST,
    low: LIST,
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      turn ??= setImmediate(emit);
    },
  });
  turn = setImmediate(emit);
  return fromEvents<number>(source, "number", { overflow, end: "end" });
};
