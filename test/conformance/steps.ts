/** Steps of a scenario, as short as they read. */
import type { ConsumerOptions, Event, ProducerOptions, StageStep, SupervisorStep } from "./trace.ts";

export const subscribe = (consumer: string, options: ProducerOptions = {}): StageStep => ({ do: "subscribe", consumer, options });
export const again = (consumer: string, process: string): StageStep => ({ do: "subscribe", consumer, process });
export const ask = (consumer: string, demand: number): StageStep => ({ do: "ask", consumer, demand });
export const cancel = (consumer: string): StageStep => ({ do: "cancel", consumer, reason: "done" });
export const emit = (...events: number[]): StageStep => ({ do: "emit", events });
export const info = (message: string): StageStep => ({ do: "info", message });
export const burst = (...steps: StageStep[]): StageStep => ({ do: "burst", steps });
export const forward: StageStep = { do: "demandMode", mode: "forward" };
export const start: StageStep = { do: "start" };
export const subscribeTo = (producer: string, options: ConsumerOptions = { maxDemand: 4 }): StageStep => ({ do: "subscribeTo", producer, options });
export const events = (producer: string, ...batch: Event[]): StageStep => ({ do: "events", producer, events: batch });
export const end = (producer: string, reason: string): StageStep => ({ do: "producerCancel", producer, reason });
export const crash = (event: Event): SupervisorStep => ({ do: "finish", event, how: "crash" });
export const finish = (event: Event): SupervisorStep => ({ do: "finish", event, how: "normal" });
