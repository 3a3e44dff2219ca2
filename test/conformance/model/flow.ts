import type { Event } from "../trace.ts";
import type { Buffer, Taken } from "./buffer.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { Tape } from "./tape.ts";

/** How events and demand pass through a stage that produces: dispatcher, buffer, demand mode. */
export interface Flow {
  readonly mode: "forward" | "accumulate";
  setMode(mode: "forward" | "accumulate"): void;
  /** The dispatcher was asked, joined or left, and passes on so much demand. */
  asked(demand: number): void;
  emit(events: readonly Event[]): void;
  info(message: string): void;
  /** A producerConsumer handles its input only while this is true. */
  readonly mayHandle: boolean;
  readonly buffered: number;
}

export interface FlowSettings {
  readonly buffer: Buffer;
  readonly dispatcher: Dispatcher;
  readonly mode: "forward" | "accumulate";
  readonly formatDiscarded: "absent" | "log" | "silent";
  /** The callback of a producer. A producerConsumer has none: it takes demand as a licence to handle its input. */
  readonly handleDemand: ((demand: number) => readonly Event[]) | undefined;
  readonly tape: Tape;
}

/** Stores what could not be delivered. What exceeds the bound is discarded and reported; answers with how much. */
export function store(events: readonly Event[], settings: FlowSettings): number {
  const { buffer, dispatcher, formatDiscarded, tape } = settings;
  const { discarded, infos } = buffer.add(events);
  if (discarded > 0) {
    if (formatDiscarded !== "absent") tape.note("discarded", discarded);
    if (formatDiscarded !== "silent") tape.note("logs", { level: "warning", kind: "discarded", count: discarded });
  }
  // The events that these infos waited for are gone.
  for (const message of infos) dispatcher.info(message);
  return discarded;
}

/** An info waits behind what is buffered; what the dispatcher has queued is the dispatcher's to wait for. */
export function inform(message: string, { buffer, dispatcher }: FlowSettings): void {
  if (!buffer.addInfo(message)) dispatcher.info(message);
}

/** Takes from the buffer again and again, since each take ends at an info. Answers with what is left of the limit. */
export function takeFromBuffer(limit: number, settings: FlowSettings, give: (taken: Taken) => void): number {
  let left = limit;
  for (let taken = settings.buffer.take(left); taken; taken = settings.buffer.take(left)) {
    left -= taken.events.length;
    give(taken);
    for (const message of taken.infos) settings.dispatcher.info(message);
  }
  return left;
}
