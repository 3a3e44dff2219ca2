import type { Event, Log, Reason, SupervisorExpectation } from "../trace.ts";
import type { Link } from "./partners.ts";

/** What can happen in a step: the fields that are one list, and those that are a list for each partner. */
interface Happenings {
  readonly handleSubscribe: string;
  readonly demands: number;
  readonly handled: readonly [from: string, batch: readonly Event[]];
  readonly handleCancel: readonly [name: string, kind: "cancel" | "down", reason: Reason];
  readonly infos: string;
  readonly discarded: number;
  readonly started: Event;
  readonly ignored: Event;
  readonly failed: Event;
  readonly logs: Log;
}

interface Messages {
  readonly received: readonly Event[];
  readonly asks: number;
  readonly subscribes: { readonly current: string; readonly reason: Reason } | null;
  readonly cancels: Reason;
  readonly cancelsUp: Reason;
}

interface Entry {
  readonly field: keyof Happenings | keyof Messages;
  readonly to?: string;
  readonly value: unknown;
}

/** Takes down, in order, what the stage does during a step, and turns it into the form of the recordings. */
export class Tape {
  readonly #unseen: readonly string[];
  #entries: Entry[] = [];
  #reply: { readonly value: unknown } | undefined;

  /** What the recordings of a stage leave out. */
  constructor(unseen: readonly (keyof Happenings)[] = []) {
    this.#unseen = unseen;
  }

  note<Field extends keyof Happenings>(field: Field, value: Happenings[Field]): void {
    if (!this.#unseen.includes(field)) this.#entries.push({ field, value });
  }

  /** A message from the stage to a partner. */
  send<Field extends keyof Messages>(field: Field, to: Link, value: Messages[Field]): void {
    this.#entries.push({ field, to: to.name, value });
  }

  /** The answer of a call that is not a plain ok. */
  reply(value: unknown): void {
    this.#reply = { value };
  }

  /** Ends the step. `outcome` holds what is a state and not an event: buffered, stopped, startError. */
  cut(outcome: SupervisorExpectation): SupervisorExpectation {
    const lists: Record<string, unknown[]> = {};
    const perPartner: Record<string, Record<string, unknown[]>> = {};
    const order: string[] = [];
    for (const { field, to, value } of this.#entries) {
      if (to === undefined) {
        (lists[field] ??= []).push(value);
        order.push(field);
      } else {
        ((perPartner[field] ??= {})[to] ??= []).push(value);
        order.push(`${field}:${to}`);
      }
    }
    const reply = this.#reply;
    this.#entries = [];
    this.#reply = undefined;
    return {
      ...lists,
      ...perPartner,
      ...(reply && { reply: reply.value }),
      ...outcome,
      ...(new Set(order).size > 1 && { order }),
    };
  }
}
