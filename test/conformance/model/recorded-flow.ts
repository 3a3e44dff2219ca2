import type { Rules } from "../rules.ts";
import type { Event } from "../trace.ts";
import { inform, store, takeFromBuffer, type Flow, type FlowSettings } from "./flow.ts";

type Held = { readonly demand: number } | { readonly events: readonly Event[] };

/**
 * GenStage's flow, with the defects that its traces record: an ask looks into the buffer only for what it adds upstream,
 * so that events can stay there although somebody has asked for them, and later ones overtake them.
 */
export class RecordedFlow implements Flow {
  readonly #settings: FlowSettings;
  readonly #rules: Rules;
  #mode: "forward" | "accumulate";
  // While demand accumulates.
  #held: Held[] = [];
  // What a producerConsumer may still emit before it stops to handle its input: the demand that has come.
  #licence = 0;

  constructor(settings: FlowSettings, rules: Rules) {
    this.#settings = settings;
    this.#rules = rules;
    this.#mode = settings.mode;
  }

  get mode(): "forward" | "accumulate" {
    return this.#mode;
  }

  get mayHandle(): boolean {
    return this.#licence > 0;
  }

  get buffered(): number {
    return this.#settings.buffer.count + this.#settings.dispatcher.queued;
  }

  asked(demand: number): void {
    if (this.#settings.handleDemand) {
      this.#pass(demand);
    } else {
      this.#licence += demand;
      this.#spend(this.#licence);
    }
  }

  emit(events: readonly Event[]): void {
    if (events.length === 0) return;
    if (this.#mode === "forward") this.#dispatch(events);
    else if (this.#rules.has("R14")) store(events, this.#settings);
    else this.#held.push({ events });
  }

  info(message: string): void {
    inform(message, this.#settings);
  }

  setMode(mode: "forward" | "accumulate"): void {
    this.#mode = mode;
    if (mode === "accumulate") return;
    const held = this.#held;
    this.#held = [];
    if (this.#rules.has("R14")) {
      // What was open before demand began to accumulate is the first to be served.
      const holding = held.reduce((sum, entry) => sum + ("demand" in entry ? entry.demand : 0), 0);
      this.#spend(Math.max(0, this.#settings.dispatcher.open - holding));
    }
    for (const entry of held) {
      if ("demand" in entry) this.#pass(entry.demand);
      else this.#dispatch(entry.events);
    }
  }

  #pass(demand: number): void {
    const waits = this.#mode === "accumulate" && this.#rules.has("R14");
    const left = waits ? demand : this.#spend(demand);
    if (left === 0) return;
    if (this.#mode === "accumulate") this.#held.push({ demand: left });
    else this.emit(this.#settings.handleDemand?.(left) ?? []);
  }

  /** Spends demand on the buffer. What is taken and cannot be delivered goes back behind the rest of it. */
  #spend(demand: number): number {
    return takeFromBuffer(demand, this.#settings, ({ events }) => {
      if (this.#mode === "accumulate") this.emit(events);
      else this.#dispatch(events);
    });
  }

  #dispatch(events: readonly Event[]): void {
    if (events.length === 0) return;
    const { rest, dropped } = this.#settings.dispatcher.dispatch(events);
    this.#licence = Math.max(0, this.#licence - (events.length - rest.length));
    if (rest.length > 0) store(rest, this.#settings);
    if (dropped > 0 && this.#rules.has("R5")) {
      if (this.#settings.handleDemand) this.#pass(dropped);
      else this.#licence += dropped;
    }
  }
}
