import { fromIterable, type Producer, type PushProducer } from "sluice";

import type { DeadLetter, Outcome } from "./outcome.ts";
import { walk } from "./walk.ts";

/** How often a file goes back into the queue because its worker crashed; then it is a dead letter itself. */
export const MAX_REDELIVERIES = 3;

/** The files below a folder. Each goes to the worker that has asked for the most. */
export function queue(root: string, outcomes: PushProducer<Outcome>): Producer<string> {
  return fromIterable(() => walk(root), {
    name: "queue",
    handleReport(report) {
      if (report.kind === "redelivery-failed") outcomes.emit(report.events.map(poisonous));
    },
  });
}

function poisonous(path: unknown): DeadLetter {
  return { type: "dead", path: String(path), attempts: MAX_REDELIVERIES + 1, reason: "its worker crashed each time" };
}
