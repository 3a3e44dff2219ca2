import type { Rules } from "../rules.ts";
import type { Event } from "../trace.ts";
import { inform, store, takeFromBuffer, type Flow, type FlowSettings } from "./flow.ts";

type Held =
  | { readonly type: "demand"; demand: number }
  // Only without rule R14.
  | { readonly type: "emitted" | "buffered"; readonly events: readonly Event[] };

/**
 * Sluice's flow (R1, R3, R4, R10): one account of what has been passed upstream.
 *
 * After each subscribe, ask, cancel and emit the buffer is spent on what the dispatcher can take, then the demand that
 * is still open, and neither owed nor held, is passed upstream. What is owed falls by every fresh event, whether it is
 * delivered, buffered or discarded; so events that come late pay what a leaver left behind.
 *
 * While demand accumulates (R14), what is emitted goes into the buffer and the buffer is left alone; what would pass
 * upstream is held instead. Then the buffer goes first, and the held demands are replayed one by one, each less what
 * was served meanwhile, the oldest first.
 */
export class AccountedFlow implements Flow {
  readonly #settings: FlowSettings;
  readonly #rules: Rules;
  #mode: "forward" | "accumulate";
  // Passed upstream and not yet answered by events.
  #owed = 0;
  readonly #held: Held[] = [];
  // What a producerConsumer may still emit before it stops to handle its input; rule R1 asks the dispatcher instead.
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
    return this.#rules.has("R1") ? this.#settings.dispatcher.open > 0 : this.#licence > 0;
  }

  get buffered(): number {
    return this.#settings.buffer.count + this.#settings.dispatcher.queued;
  }

  asked(): void {
    this.#settle();
  }

  emit(events: readonly Event[]): void {
    if (events.length === 0) return;
    if (this.#mode === "accumulate" && !this.#rules.has("R14")) {
      this.#held.push({ type: "emitted", events });
      return;
    }
    // What is buffered goes first.
    const waits = this.#mode === "accumulate" || this.#settings.buffer.count > 0;
    const rest = waits ? events : this.#dispatch(events);
    this.#licence = Math.max(0, this.#licence - (events.length - rest.length));
    const discarded = store(rest, this.#settings);
    const paid = Math.min(this.#owed, events.length);
    this.#owed -= paid;
    if (this.#rules.has("R14")) this.#serveHeld(events.length - discarded - paid);
    this.#settle();
  }

  info(message: string): void {
    inform(message, this.#settings);
  }

  setMode(mode: "forward" | "accumulate"): void {
    this.#mode = mode;
    if (mode === "accumulate") return;
    if (this.#rules.has("R14")) this.#spendBuffer();
    for (let entry = this.#held.shift(); entry; entry = this.#held.shift()) {
      if (entry.type === "demand") {
        this.#callForEvents(this.#rules.has("R14") ? entry.demand : this.#unservedAsRecorded(entry.demand));
      } else if (entry.type === "emitted") this.emit(entry.events);
      else store(this.#dispatch(entry.events), this.#settings);
    }
    this.#settle();
  }

  #settle(): void {
    this.#spendBuffer();
    const { dispatcher, buffer } = this.#settings;
    const { demand, events } = this.#sumOfHeld();
    const missing = dispatcher.open - buffer.count - events - this.#owed - demand;
    if (missing <= 0) return;
    if (this.#mode === "accumulate") this.#held.push({ type: "demand", demand: missing });
    else this.#callForEvents(missing);
  }

  #callForEvents(demand: number): void {
    if (demand === 0) return;
    this.#owed += demand;
    this.#licence += demand;
    this.emit(this.#settings.handleDemand?.(demand) ?? []);
  }

  /** Spends the buffer on what the dispatcher can take now. */
  #spendBuffer(): void {
    const { buffer, dispatcher } = this.#settings;
    if (this.#mode === "accumulate") {
      if (!this.#rules.has("R14")) this.#moveToHeld();
      return;
    }
    for (let taken = buffer.take(dispatcher.room); taken; taken = buffer.take(dispatcher.room)) {
      const rest = this.#dispatch(taken.events);
      if (rest.length > 0) {
        buffer.putBack({ events: rest, infos: taken.infos });
        return;
      }
      for (const message of taken.infos) dispatcher.info(message);
    }
  }

  #dispatch(events: readonly Event[]): readonly Event[] {
    const { rest, dropped } = this.#settings.dispatcher.dispatch(events);
    // Without the rule, what a hash drops stays owed for ever.
    if (!this.#rules.has("R5")) this.#owed += dropped;
    return rest;
  }

  /** More events have come than were owed, and were not discarded: they serve the oldest of the held demands. */
  #serveHeld(count: number): void {
    let left = count;
    for (const entry of this.#held) {
      if (left <= 0) return;
      if (entry.type !== "demand") continue;
      const served = Math.min(left, entry.demand);
      entry.demand -= served;
      left -= served;
    }
  }

  #sumOfHeld(): { readonly demand: number; readonly events: number } {
    let demand = 0;
    let events = 0;
    for (const entry of this.#held) {
      if (entry.type === "demand") demand += entry.demand;
      if (entry.type === "buffered") events += entry.events.length;
    }
    return { demand, events };
  }

  // ── Without rule R14 ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Asks take events out of the buffer although nothing is delivered yet. */
  #moveToHeld(): void {
    const room = this.#settings.dispatcher.room - this.#sumOfHeld().events;
    takeFromBuffer(Math.max(0, room), this.#settings, ({ events }) => {
      if (events.length > 0) this.#held.push({ type: "buffered", events });
    });
  }

  /** A buffer that nobody can take from swallows a held demand whole. */
  #unservedAsRecorded(demand: number): number {
    const { buffer, dispatcher } = this.#settings;
    const served = buffer.count > dispatcher.room ? demand : buffer.count;
    this.#spendBuffer();
    return Math.max(0, demand - served);
  }
}
